"""Judges stories: what came against what must come, and which nodes and ports a set of stories reaches."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import UNSET

from recado.engine.compile import Program
from recado.engine.effects import Call
from recado.engine.events import CallResult, Json, World
from recado.engine.stories import WORLD, Telling
from recado.engine.story import Story
from recado.engine.story_flows import Flows
from recado.engine.story_outcomes import end_facts
from recado.engine.story_reading import StoryMistake
from recado.engine.story_steps import Step, asked

MOST_CALLS = 50

Perform = Callable[[Call], Awaitable[CallResult | None]]
Pause = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A place of a story where something else came; `step` is None for how it ends."""

    step: int | None
    said: str
    expected: Json
    came: Json


@dataclass(slots=True)
class Verdict:
    """How a story went: `mistake` says why it could not be told to its end, `main` which version it began with."""

    main: str = ""
    differences: list[Difference] = field(default_factory=list)
    mistake: StoryMistake | None = None
    not_run: bool = False
    steps: int = 0
    visited: set[tuple[str, str]] = field(default_factory=set)
    left_by: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def passed(self) -> bool:
        """Says whether everything came as it must."""
        return self.mistake is None and not self.differences and not self.not_run


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


async def go_on() -> None:
    """Makes no pause between two steps."""


async def judge(
    story: Story,
    flows: Flows,
    *,
    world: World = WORLD,
    perform: Perform = nobody,
    pause: Pause = go_on,
) -> Verdict:
    """Plays a story and holds it against what it says; `perform` makes the calls that are not pinned.

    A step without `bot` is not held against anything, nor are the parts of `at_the_end` that are not there. `pause`
    is awaited after each step, so that whoever runs many stories can let others in, or stop.
    """
    verdict = Verdict(flows.begins)
    try:
        telling = Telling(story, flows, world=world)
    except StoryMistake as mistake:
        verdict.mistake = mistake
        return verdict
    try:
        await _tell(telling, story, verdict, perform, pause)
    except StoryMistake as mistake:
        verdict.mistake = mistake
    _walked(verdict, telling)
    if verdict.mistake:
        return verdict
    came = end_facts(telling.play, telling.now)
    for key, expected in story.expected_end.items():
        if not same(expected, came[key]):
            verdict.differences.append(Difference(None, key, expected, came[key]))
    return verdict


def coverage(program: Program, verdicts: Iterable[Verdict]) -> Coverage:
    """Counts what the stories reached of the flow version that they begin with."""
    told = list(verdicts)
    visited = {node for each in told for at, node in each.visited if at == each.main}
    left = {(node, port) for each in told for at, node, port in each.left_by if at == each.main}
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


def same(one: Json, other: Json) -> bool:
    """Compares JSON values as JSON does: true is not 1."""
    match one, other:
        case (dict(), dict()):
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case (list(), list()):
            return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


async def _tell(
    telling: Telling, story: Story, verdict: Verdict, perform: Perform, pause: Pause
) -> None:
    calls = 0
    for number, step in enumerate(story.steps):
        came = telling.step(step)
        while (call := telling.play.call) and (result := await perform(call)):
            calls += 1
            if calls > MOST_CALLS:
                raise StoryMistake(f"steps.{number}", f"a story makes at most {MOST_CALLS} calls")
            telling.answer(result)
        await pause()
        _compare(verdict, number, step, came)


def _compare(verdict: Verdict, number: int, step: Step, came: Mapping[str, Json]) -> None:
    verdict.steps += 1
    said = ", ".join(f"{key}: {value}" for key, value in asked(step).items())
    for expected, key in ((step.bot, "bot"), (step.because, "because")):
        if expected is not UNSET and expected != came.get(key):
            verdict.differences.append(Difference(number, said, expected, came.get(key)))


def _walked(verdict: Verdict, telling: Telling) -> None:
    for turn in telling.play.turns:
        for visit in turn.trace.visits:
            version = turn.trace.version_of(visit) or ""
            verdict.visited.add((version, visit.node))
            if visit.port:
                verdict.left_by.add((version, visit.node, visit.port))
