"""`recado flow test`: plays stories against their flows, shows what came instead, and counts what they reach.

A story names its flow by `flow`, the path of a flow document beside it (or several, by name, in `flows`: the first one is
the chatbot's), or holds the documents itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from recado.calls.script import Scripts
from recado.calls.script_calls import perform_scripts
from recado.cli import documents
from recado.engine.compile import Program
from recado.engine.events import Json
from recado.engine.story import parse_story
from recado.engine.story_flows import Flows, compile_flows
from recado.engine.story_reading import StoryMistake
from recado.engine.story_tests import Coverage, Difference, Verdict, coverage, judge
from recado.nodes import NODE_TYPES

SHOWN = 12  # missed nodes and ports that are listed by name
MAIN = "main"


@dataclass
class _Tested:
    """A flow document under test and what its stories came to; `name` is what people know it by."""

    name: str
    path: Path | None
    program: Program
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass
class _Run:
    """A run of stories: each document is read, and each set of flows compiled, only once."""

    console: Console
    scripts: Scripts = field(default_factory=Scripts)
    read: dict[Path, Json] = field(default_factory=dict)
    compiled: dict[tuple[Path | None, str], Flows] = field(default_factory=dict)
    tested: dict[str, _Tested] = field(default_factory=dict)

    async def judge(self, file: Path) -> Verdict:
        """Plays the story in a file."""
        try:
            raw = _object(file)
            path = self._path(file, raw)
            held = raw.get("flows", {})
            if not isinstance(held, dict):
                raise StoryMistake("flows", "must be an object: versions by the flow's name")
            flows = self._flows(path, held)
            apart = {key: value for key, value in raw.items() if key not in ("flow", "flows")}
            story = parse_story(apart)
        except StoryMistake as mistake:
            return Verdict(mistake=mistake)
        perform = partial(perform_scripts, scripts=self.scripts)
        verdict = await judge(story, flows, perform=perform)
        self._about(file, path, held, flows).verdicts.append(verdict)
        return verdict

    def _path(self, file: Path, raw: Mapping[str, Json]) -> Path | None:
        """Finds the flow document that a story names, if it names one."""
        if "flow" not in raw:
            return None
        if not isinstance(raw["flow"], str):
            raise StoryMistake("flow", "is the path of a flow document")
        path = (file.parent / raw["flow"]).resolve()
        if path not in self.read:
            document = documents.read(path, self.console)
            self.read[path] = document.dump() if document else None
        if self.read[path] is None:
            raise StoryMistake("flow", f"{raw['flow']} is no flow document")
        return path

    def _flows(self, path: Path | None, held: Mapping[str, Json]) -> Flows:
        if path is None and not held:
            raise StoryMistake("flow", "must name a flow document, or `flows` must hold one")
        if path is not None and MAIN in held:
            raise StoryMistake(f"flows.{MAIN}", "is the name of the document that `flow` names")
        key = path, json.dumps(held)
        if key not in self.compiled:
            named = {} if path is None else {MAIN: [self.read[path]]}
            self.compiled[key] = compile_flows({**named, **held}, NODE_TYPES)
        return self.compiled[key]

    def _about(
        self, file: Path, path: Path | None, held: Mapping[str, Json], flows: Flows
    ) -> _Tested:
        """Finds the flow that a story is about: a file by its path, a document in the story by what it says."""
        program = flows.programs[flows.begins]
        if path is not None:
            return self.tested.setdefault(str(path), _Tested(path.name, path, program))
        document = held[flows.main][0]
        name = document.get("name") or file.stem
        return self.tested.setdefault(
            json.dumps(document, sort_keys=True), _Tested(name, None, program)
        )


async def run_stories(paths: Sequence[Path], console: Console) -> bool:
    """Plays every story in files and folders; says whether all of them passed."""
    files = [file for path in paths for file in _files(path)]
    if not files:
        console.print("No story found: a story is a JSON file with `steps`.")
        return False
    run, passed = _Run(console), 0
    try:
        for file in files:
            verdict = await run.judge(file)
            _print(file, verdict, console)
            passed += verdict.passed
    finally:
        await run.scripts.close()
    _print_coverage([*run.tested.values()], console)
    console.print(f"{passed} of {len(files)} stories passed.")
    return passed == len(files)


def _files(path: Path) -> list[Path]:
    """Lists the stories of a folder; a file that was named is one, whatever is in it."""
    if not path.is_dir():
        return [path]
    return [file for file in sorted(path.rglob("*.json")) if b'"steps"' in file.read_bytes()]


def _object(file: Path) -> dict[str, Json]:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoryMistake("", f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StoryMistake("", f"is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise StoryMistake("", "must be a JSON object")
    return raw


def _print(file: Path, verdict: Verdict, console: Console) -> None:
    name = escape(file.name)
    if verdict.passed:
        console.print(f"[green]✓[/green] {name} ({verdict.steps} steps)")
        return
    console.print(f"[red]✗[/red] {name}")
    if verdict.mistake:
        console.print(f"    {escape(str(verdict.mistake))}")
    for difference in verdict.differences:
        _print_difference(difference, console)


def _print_difference(difference: Difference, console: Console) -> None:
    where = "at the end" if difference.step is None else f"step {difference.step + 1}"
    console.print(f"    {where}: {escape(difference.said)}")
    for line in _lines(difference.expected):
        console.print(f"      [green]- expected  {escape(line)}[/green]")
    for line in _lines(difference.came):
        console.print(f"      [red]+ came      {escape(line)}[/red]")


def _lines(value: Any) -> list[str]:
    match value:
        case [*items]:
            return [str(item) for item in items] or ["(nothing)"]
        case None:
            return ["(nothing)"]
        case str():
            return [value]
    return [json.dumps(value, ensure_ascii=False)]


def _print_coverage(tested: Sequence[_Tested], console: Console) -> None:
    """Prints what was reached of each flow; two files of one name are told apart by their paths."""
    names = [flow.name for flow in tested]
    for flow in tested:
        name = str(flow.path) if flow.path and names.count(flow.name) > 1 else flow.name
        console.print(escape(f"{name}: {_said(coverage(flow.program, flow.verdicts))}"))


def _said(found: Coverage) -> str:
    nodes = f"{found.nodes - len(found.nodes_missed)} of {found.nodes} nodes"
    ports = f"{found.ports - len(found.ports_missed)} of {found.ports} ports reached"
    missed = [*found.nodes_missed, *(f"{node}.{port}" for node, port in found.ports_missed)]
    if not missed:
        return f"{nodes}, {ports}."
    more = f" and {len(missed) - SHOWN} more" if len(missed) > SHOWN else ""
    return f"{nodes}, {ports}; not reached: {', '.join(missed[:SHOWN])}{more}."
