"""`recado flow test`: plays stories against their flows, shows what came instead, and counts what they reach.

A story names its flow by `flow`, the path of a flow document beside it (or several, by name, in `flows`: the first one is
the chatbot's), or holds the documents itself.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from recado.calls.script import Scripts
from recado.cli import documents
from recado.cli.scripts import performed
from recado.engine.events import Json
from recado.engine.stories import program
from recado.engine.story_steps import StoryMistake
from recado.engine.story_tests import Coverage, Difference, Verdict, coverage, judge
from recado.nodes import NODE_TYPES

SHOWN = 12  # missed nodes and ports that are listed by name


@dataclass
class _Flow:
    """A flow document under test and what its stories came to; `name` is what people know it by."""

    name: str
    document: dict[str, Json]
    verdicts: list[Verdict] = field(default_factory=list)


async def run_stories(paths: Sequence[Path], console: Console) -> bool:
    """Plays every story in files and folders; says whether all of them passed."""
    files = [file for path in paths for file in _files(path)]
    flows: dict[str, _Flow] = {}
    passed = 0
    scripts = Scripts()
    try:
        for file in files:
            passed += await _play(file, flows, scripts, console)
    finally:
        await scripts.close()
    if not files:
        console.print("No story found: a story is a JSON file with `steps`.")
        return False
    for flow in flows.values():
        _print_coverage(flow, console)
    console.print(f"{passed} of {len(files)} stories passed.")
    return passed == len(files)


def _files(path: Path) -> list[Path]:
    """Lists the stories of a folder; a file that was named is one, whatever is in it."""
    if not path.is_dir():
        return [path]
    return [file for file in sorted(path.rglob("*.json")) if b'"steps"' in file.read_bytes()]


async def _play(file: Path, flows: dict[str, _Flow], scripts: Scripts, console: Console) -> bool:
    try:
        story, flow = _read(file, console)
        verdict = await judge(story, NODE_TYPES, perform=partial(performed, scripts=scripts))
        flows.setdefault(flow.name, flow).verdicts.append(verdict)
    except StoryMistake as mistake:
        verdict = Verdict(mistake=mistake)
    _print(file, verdict, console)
    return verdict.passed


def _read(file: Path, console: Console) -> tuple[dict[str, Json], _Flow]:
    """Reads a story with its flows; raises `StoryMistake` for what cannot be one."""
    try:
        story = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoryMistake("", f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StoryMistake("", f"is not JSON: {error}") from error
    if not isinstance(story, dict):
        raise StoryMistake("", "must be a JSON object")
    named = story.get("flow")
    if isinstance(named, str):
        path = (file.parent / named).resolve()
        document = documents.read(path, console)
        if document is None:
            raise StoryMistake("flow", f"{named} is no flow document")
        dumped = document.dump()
        story = {**story, "flows": {"main": [dumped], **(story.get("flows") or {})}}
        return story, _Flow(path.name, dumped)
    versions = next(iter((story.get("flows") or {}).values()), None)
    if not versions:
        raise StoryMistake("flow", "must name a flow document, or `flows` must hold one")
    main = versions[0]
    return story, _Flow(main.get("name") or file.stem, main)


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


def _print_coverage(flow: _Flow, console: Console) -> None:
    try:
        found = coverage(program(flow.document, NODE_TYPES), "main 1", flow.verdicts)
    except StoryMistake:
        return
    console.print(escape(f"{flow.name}: {_said(found)}"))


def _said(found: Coverage) -> str:
    nodes = f"{found.nodes - len(found.nodes_missed)} of {found.nodes} nodes"
    ports = f"{found.ports - len(found.ports_missed)} of {found.ports} ports reached"
    missed = [*found.nodes_missed, *(f"{node}.{port}" for node, port in found.ports_missed)]
    if not missed:
        return f"{nodes}, {ports}."
    more = f" and {len(missed) - SHOWN} more" if len(missed) > SHOWN else ""
    return f"{nodes}, {ports}; not reached: {', '.join(missed[:SHOWN])}{more}."
