"""`recado flow check`: what is wrong with a flow document, for people or as JSON, and the remedies that lose nothing."""

import json
from pathlib import Path

import msgspec
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from recado.cli.documents import Unreadable, load, problem_line
from recado.cli.replacing import write_over
from recado.engine.changes import Fix
from recado.engine.compile import compile
from recado.engine.events import Json
from recado.engine.fixes import Mended, fixes, mend
from recado.engine.flow import FlowDocument, Position
from recado.engine.problems import Language, Problem, has_errors
from recado.nodes import NODE_TYPES


def check_flow(
    file: Path, console: Console, *, as_json: bool, fix: bool, language: Language | None
) -> bool:
    """Checks a flow, mends it first if asked; says whether it can run."""
    try:
        mended = _mend(file) if fix else _read(file)
    except Unreadable as error:
        if as_json:
            print(_json({"file": str(file), "ready": False, "refused": str(error)}))
        else:
            console.print(escape(str(error)))
        return False
    remedies = fixes(mended.problems, mended.document)
    if as_json:
        print(_json(_told(file, mended, remedies)))
    else:
        _print(file, mended, console, language=language, fix=fix)
    return not has_errors(mended.problems)


def _read(file: Path) -> Mended:
    document, _ = load(file)
    return Mended(document, (), compile(document, NODE_TYPES).problems)


def _mend(file: Path) -> Mended:
    """Mends a file in place; raises Unreadable where it is not in our own form, or cannot be written."""
    document, _ = load(file)
    if not _is_ours(file, document):
        raise Unreadable(
            f"{file} is not written in the form recado/1, so it is not changed: "
            "read it with `recado flow import`, and mend what that writes."
        )
    mended = mend(document, NODE_TYPES)
    if mended.done:
        try:
            write_over(file, _json(mended.document.dump()) + "\n")
        except OSError as error:
            raise Unreadable(f"Cannot write {file}: {error.strerror}.") from error
    return mended


def _is_ours(file: Path, document: FlowDocument) -> bool:
    """Says whether reading only gave nodes their places, so that writing the document back loses nothing either."""
    raw = json.loads(file.read_text(encoding="utf-8"))
    try:
        own = FlowDocument.model_validate(raw)
    except ValidationError:
        return False
    return "format" in raw and _without_places(own) == _without_places(document)


def _without_places(document: FlowDocument) -> FlowDocument:
    nodes = [node.model_copy(update={"position": Position()}) for node in document.nodes]
    return document.model_copy(update={"nodes": nodes})


def _print(
    file: Path, mended: Mended, console: Console, *, language: Language | None, fix: bool
) -> None:
    if fix:
        codes = ", ".join(mended.done)
        done = f"mended {len(mended.done)}: {codes}" if codes else "nothing to mend by itself"
        console.print(escape(f"{file}: {done}."))
    for problem in mended.problems:
        console.print(problem_line(problem, language))
    if not has_errors(mended.problems):
        console.print(f"{escape(str(file))}: {len(mended.document.nodes)} nodes, ready to run.")


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _told(file: Path, mended: Mended, remedies: list[Fix | None]) -> dict[str, Json]:
    return {
        "file": str(file),
        "ready": not has_errors(mended.problems),
        "mended": list(mended.done),
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
