"""Judges stories: what came against what must come, and which nodes and ports a set of stories reaches."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from recado.engine.compile import Program
from recado.engine.effects import Call
from recado.engine.events import CallResult, Json
from recado.engine.node import NodeTypes
from recado.engine.stories import Telling
from recado.engine.story_steps import StoryMistake, ending

MOST_STEPS = 300

Perform = Callable[[Call], Awaitable[CallResult | None]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A place of a story where something else came; `step` is None for how it ends."""

    step: int | None
    said: str
    expected: Json
    came: Json


@dataclass(slots=True)
class Verdict:
    """How a story went. `mistake` says why it could not be told at all."""

    differences: list[Difference] = field(default_factory=list)
    mistake: StoryMistake | None = None
    steps: int = 0
    visited: set[tuple[str, str]] = field(default_factory=set)
    left_by: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def passed(self) -> bool:
        """Says whether everything came as it must."""
        return self.mistake is None and not self.differences


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which nodes of a flow, and which of their ports, a set of stories reaches."""

    nodes: int
    ports: int
    nodes_missed: tuple[str, ...]
    ports_missed: tuple[tuple[str, str], ...]


async def nobody(_: Call) -> CallResult | None:
    """Performs no call: only pinned results come back."""
    return None


async def judge(
    story: Mapping[str, Json], node_types: NodeTypes, *, perform: Perform = nobody
) -> Verdict:
    """Plays a story and holds it against what it says; `perform` makes the calls that are not pinned.

    A step without `bot` is not held against anything, nor are the parts of `at_the_end` that are not there.
    """
    verdict = Verdict()
    try:
        telling = Telling(story, node_types)
        for step in _steps(story):
            came = telling.step(step)
            while (call := telling.play.call) and (result := await perform(call)):
                telling.answer(result)
            _compare(verdict, len(telling.steps) - 1, step, came)
        _compare_end(verdict, story, ending(telling.play, telling.now))
        _walked(verdict, telling)
    except StoryMistake as mistake:
        verdict.mistake = mistake
    return verdict


def coverage(program: Program, version: str, verdicts: Iterable[Verdict]) -> Coverage:
    """Counts what the stories reached of one flow version, as it is named in them (`main 1`)."""
    told = list(verdicts)
    visited = {node for each in told for at, node in each.visited if at == version}
    left = {(node, port) for each in told for at, node, port in each.left_by if at == version}
    ports = [
        (id, port.id)
        for id, node in program.nodes.items()
        if node.jumps() == (None, None)  # the way back from a flow is no step of the jump's own
        for port in node.ports()
        if node.can_take(port.id)
    ]
    return Coverage(
        nodes=len(program.nodes),
        ports=len(ports),
        nodes_missed=tuple(id for id in program.nodes if id not in visited),
        ports_missed=tuple(pair for pair in ports if pair not in left),
    )


def _steps(story: Mapping[str, Json]) -> list[dict[str, Json]]:
    steps = story.get("steps")
    if not isinstance(steps, list) or not steps:
        raise StoryMistake("steps", "must be a list with at least one step")
    if len(steps) > MOST_STEPS:
        raise StoryMistake("steps", f"has more than {MOST_STEPS} steps")
    return steps


def _compare(
    verdict: Verdict, number: int, step: Mapping[str, Json], came: Mapping[str, Json]
) -> None:
    verdict.steps += 1
    for key in ("bot", "because"):
        if key in step and step[key] != came.get(key):
            said = ", ".join(f"{k}: {v}" for k, v in step.items() if k not in ("bot", "because"))
            verdict.differences.append(Difference(number, said, step[key], came.get(key)))


def _compare_end(verdict: Verdict, story: Mapping[str, Json], came: Mapping[str, Json]) -> None:
    expected = story.get("at_the_end") or {}
    for key in expected:
        if expected[key] != came.get(key):
            verdict.differences.append(Difference(None, key, expected[key], came.get(key)))


def _walked(verdict: Verdict, telling: Telling) -> None:
    for turn in telling.play.turns:
        for visit in turn.trace.visits:
            version = visit.version or ""
            verdict.visited.add((version, visit.node))
            if visit.port:
                verdict.left_by.add((version, visit.node, visit.port))
