"""`recado flow check`: what is wrong with a flow document, for people or as JSON, and the remedies that it takes."""

import json
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from recado.cli import documents
from recado.engine.compile import Compiled, compile
from recado.engine.events import Json
from recado.engine.fixes import fix_for, mend
from recado.engine.flow import FlowDocument
from recado.engine.problems import Language, Problem
from recado.engine.story_steps import pretty
from recado.nodes import NODE_TYPES


def check_flow(
    file: Path, console: Console, *, as_json: bool, fix: bool, language: Language | None
) -> bool:
    """Checks a flow, mends it first if asked; says whether it can run."""
    document = documents.read(file, console)
    if document is None:
        return False
    if fix:
        document = _mend(document, file, console, quiet=as_json)
    compiled = compile(document, NODE_TYPES)
    if as_json:
        print(json.dumps(_told(file, document, compiled), ensure_ascii=False, indent=1))
    else:
        _print(file, compiled, console, language)
    return compiled.program is not None


def _mend(document: FlowDocument, file: Path, console: Console, *, quiet: bool) -> FlowDocument:
    mended, codes = mend(document, NODE_TYPES)
    if codes:
        file.write_text(pretty(mended.dump()) + "\n", encoding="utf-8")
    if not quiet:
        done = f"mended {len(codes)}: {', '.join(codes)}" if codes else "nothing to mend by itself"
        console.print(escape(f"{file}: {done}."))
    return mended


def _print(file: Path, compiled: Compiled, console: Console, language: Language | None) -> None:
    for problem in compiled.problems:
        console.print(documents.problem_line(problem, language))
    if compiled.program is not None:
        console.print(f"{escape(str(file))}: {len(compiled.program.nodes)} nodes, ready to run.")


def _told(file: Path, document: FlowDocument, compiled: Compiled) -> dict[str, Json]:
    return {
        "file": str(file),
        "ready": compiled.program is not None,
        "problems": [_problem(problem, document) for problem in compiled.problems],
    }


def _problem(problem: Problem, document: FlowDocument) -> dict[str, Json]:
    fix = fix_for(problem, document)
    return {
        "code": problem.code,
        "severity": problem.severity,
        "node": problem.node,
        "edge": problem.edge,
        "field": problem.field,
        "params": problem.params,
        "message": {"pt-BR": problem.say("pt-BR"), "en": problem.say("en")},
        "fix": {
            "label": {"pt-BR": fix.say("pt-BR"), "en": fix.say("en")},
            "changes": msgspec.to_builtins(list(fix.changes)),
        }
        if fix
        else None,
    }
