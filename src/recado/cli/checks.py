"""`recado flow check`: what is wrong with flow documents, for people or as JSON, and the remedies that lose nothing."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from recado.cli.documents import Unreadable, load, problem_line
from recado.cli.own_form import read_own
from recado.cli.replacing import write_over
from recado.engine.changes import Change, Fix
from recado.engine.compile import compile
from recado.engine.events import Json
from recado.engine.fixes import Mended, fixes, mend
from recado.engine.problems import Language, Problem, has_errors
from recado.nodes import NODE_TYPES

MORE: dict[Language, str] = {
    "pt-BR": "Mais é verificado quando estes erros estiverem corrigidos.",
    "en": "More is checked once these are mended.",
}
SHOWN = 60  # characters of a value, old or new


def check_flows(
    files: Sequence[Path],
    console: Console,
    *,
    as_json: bool,
    fix: bool,
    language: Language | None,
) -> bool:
    """Checks flows, mends them first if asked; says whether all can run. As JSON, several files are a list."""
    told: list[Json] = []
    ready = True
    for file in files:
        try:
            mended = _mend(file) if fix else _read(file)
        except Unreadable as error:
            ready = False
            told.append({"file": str(file), "ready": False, "refused": str(error)})
            if not as_json:
                console.print(escape(str(error)))
            continue
        ready = ready and not has_errors(mended.problems)
        if as_json:
            told.append(_told(file, mended, fixes(mended.problems, mended.document)))
        else:
            _print(file, mended, console, language=language, fix=fix)
    if as_json:
        print(_json(told[0] if len(files) == 1 else told))
    return ready


def _read(file: Path) -> Mended:
    document, _ = load(file)
    return Mended(document, compile(document, NODE_TYPES))


def _mend(file: Path) -> Mended:
    """Mends a file in place; raises Unreadable where it is not in our own form, or cannot be written."""
    document, _ = load(file)
    own = read_own(file, document)
    if own is None:
        raise Unreadable(
            f"{file} is not written in the form recado/1, so it is not changed: "
            "read it with `recado flow import`, and mend what that writes."
        )
    mended = mend(document, NODE_TYPES)
    if mended.rounds:
        try:
            write_over(file, own.mended(mended.rounds))
        except OSError as error:
            raise Unreadable(f"Cannot write {file}: {error.strerror}.") from error
    return mended


def _print(
    file: Path, mended: Mended, console: Console, *, language: Language | None, fix: bool
) -> None:
    if fix:
        codes = ", ".join(mended.done)
        done = f"mended {len(mended.done)}: {codes}" if codes else "nothing to mend by itself"
        console.print(escape(f"{file}: {done}."))
        for problem, remedy in _made(mended):
            for change in remedy.changes:
                console.print(escape(f"  {problem.code}: {_change_line(change)}"))
    for problem in mended.problems:
        console.print(problem_line(problem, language))
    if not mended.compiled.complete:
        console.print(MORE[language] if language else " / ".join(MORE.values()))
    if not has_errors(mended.problems):
        console.print(f"{escape(str(file))}: {len(mended.document.nodes)} nodes, ready to run.")


def _made(mended: Mended) -> Iterator[tuple[Problem, Fix]]:
    for made in mended.rounds:
        yield from made


def _change_line(change: Change) -> str:
    """Writes a change as the node or edge, the field, what stood there and what stands there now."""
    kind, _, *field = change.path
    parts = field[1:] if field[:1] == ["data"] else field
    place = f"{'edge' if kind == 'edges' else 'node'} {change.id}"
    name = ".".join(map(str, parts))
    match change.op:
        case "rename":
            return f"{place}: {name} -> {change.value}"
        case "drop":
            return f"{place}{': ' if name else ''}{name} deleted, was {_short(change.was)}"
    if change.was is msgspec.UNSET:
        return f"{place}: {name} -> {_short(change.value)}"
    return f"{place}: {name} {_short(change.was)} -> {_short(change.value)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _told(file: Path, mended: Mended, remedies: list[Fix | None]) -> dict[str, Json]:
    return {
        "file": str(file),
        "ready": not has_errors(mended.problems),
        "complete": mended.compiled.complete,
        "mended": list(mended.done),
        "mends": [
            {
                "code": problem.code,
                "node": problem.node,
                "edge": problem.edge,
                "changes": msgspec.to_builtins(list(remedy.changes)),
            }
            for problem, remedy in _made(mended)
        ],
        "problems": [
            {**_problem(problem), "fix": _fix(fix)}
            for problem, fix in zip(mended.problems, remedies, strict=True)
        ],
    }


def _problem(problem: Problem) -> dict[str, Json]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "node": problem.node,
        "edge": problem.edge,
        "field": problem.field,
        "params": problem.params,
        "message": {"pt-BR": problem.say("pt-BR"), "en": problem.say("en")},
    }


def _fix(fix: Fix | None) -> dict[str, Json] | None:
    if fix is None:
        return None
    return {
        "label": {"pt-BR": fix.say("pt-BR"), "en": fix.say("en")},
        "loses": fix.loses,
        "changes": msgspec.to_builtins(list(fix.changes)),
    }
