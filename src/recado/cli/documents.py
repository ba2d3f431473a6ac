"""Reads a flow document from a file and compiles it, saying what is wrong in plain words."""

import json
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from recado.engine.compile import Program, compile
from recado.engine.dialects.canonical import canonical
from recado.engine.events import World
from recado.engine.flow import MAX_DOCUMENT_BYTES, FlowDocument
from recado.engine.problems import Problem
from recado.nodes import NODE_TYPES

WORLD = World(contact={"name": "Ana", "phone": "5511999990000", "id": "talk"})


def program_from(file: Path, console: Console, *, quiet: bool = True) -> Program | None:
    """Gives the file's flow ready to run, or None after printing its errors; `quiet` leaves warnings out."""
    document = read(file, console)
    return None if document is None else ready(document, file, console, quiet=quiet)


def ready(
    document: FlowDocument, file: Path, console: Console, *, quiet: bool = True
) -> Program | None:
    """Compiles a document that was read from a file, and prints what is wrong with it."""
    compiled = compile(document, NODE_TYPES)
    for problem in compiled.problems:
        if problem.severity == "error" or not quiet:
            console.print(_line(problem))
    if not quiet and compiled.program is not None:
        console.print(f"{escape(str(file))}: {len(compiled.program.nodes)} nodes, ready to run.")
    return compiled.program


def read(file: Path, console: Console) -> FlowDocument | None:
    """Reads a flow document in any form we understand, or says why it cannot be read."""
    try:
        if file.stat().st_size > MAX_DOCUMENT_BYTES:
            console.print(f"{escape(str(file))} is larger than {MAX_DOCUMENT_BYTES:,} bytes.")
            return None
        raw = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(raw, dict):
            console.print(f"{escape(str(file))} is not a flow document: it must be a JSON object.")
            return None
        document, _ = canonical(raw)
    except OSError as error:
        console.print(f"Cannot read {escape(str(file))}: {error.strerror}.")
    except (ValueError, RecursionError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        console.print(f"{escape(str(file))} is not a flow document: {escape(reason)}.")
    else:
        return document
    return None


def _line(problem: Problem) -> str:
    color = "red" if problem.severity == "error" else "yellow"
    place = " · ".join(part for part in (problem.node or problem.edge, problem.field) if part)
    sentence = f"{problem.say('pt-BR')} / {problem.say('en')}"
    return f"[{color}]{problem.severity}[/{color}] {escape(f'{place}: ' if place else '')}{escape(sentence)}"
