"""Reads a flow document from a file and compiles it, saying what is wrong in plain words."""

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from recado.engine.compile import Program, compile
from recado.engine.dialects import Report
from recado.engine.dialects import read as read_any
from recado.engine.events import World
from recado.engine.flow import MAX_DOCUMENT_BYTES, FlowDocument
from recado.engine.problems import Language, Problem
from recado.nodes import NODE_TYPES

WORLD = World(contact={"name": "Ana", "phone": "5511999990000", "id": "talk"})


class Unreadable(ValueError):
    """A file is no flow document; the message is a sentence that says why."""


def program_from(file: Path, console: Console) -> Program | None:
    """Gives the file's flow ready to run, or None after printing its errors."""
    document = read(file, console)
    return None if document is None else ready(document, console)


def ready(document: FlowDocument, console: Console) -> Program | None:
    """Compiles a document that was read from a file, and prints its errors."""
    compiled = compile(document, NODE_TYPES)
    for problem in compiled.problems:
        if problem.severity == "error":
            console.print(problem_line(problem))
    return compiled.program


def read(file: Path, console: Console) -> FlowDocument | None:
    """Reads a flow document in any form we understand, or says why it cannot be read."""
    try:
        return load(file)[0]
    except Unreadable as error:
        console.print(escape(str(error)))
    return None


def load(file: Path, *, most: int = MAX_DOCUMENT_BYTES) -> tuple[FlowDocument, Report]:
    """Reads a file of at most so many bytes, with the report; raises Unreadable with a sentence."""
    try:
        if file.stat().st_size > most:
            raise Unreadable(f"{file} is larger than {most:,} bytes.")
        raw = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(raw, dict):
            raise Unreadable(f"{file} is not a flow document: it must be a JSON object.")
        document, report = read_any(raw)
        if not document.nodes and not raw.keys() & {"format", "nodes", "edges"}:
            raise Unreadable(f"{file} is not a flow document: it has no nodes.")
        return document, report
    except OSError as error:
        raise Unreadable(f"Cannot read {file}: {error.strerror}.") from error
    except RecursionError as error:
        raise Unreadable(f"{file} is not a flow document: it is nested too deep.") from error
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(f"{file} is not a flow document: {error}.") from error


def problem_line(problem: Problem, language: Language | None = None) -> str:
    """Writes a problem on a line, in one language or in both."""
    color = "red" if problem.severity == "error" else "yellow"
    place = " · ".join(part for part in (problem.node or problem.edge, problem.field) if part)
    both = f"{problem.say('pt-BR')} / {problem.say('en')}"
    sentence = problem.say(language) if language else both
    return f"[{color}]{problem.severity}[/{color}] {escape(f'{place}: ' if place else '')}{escape(sentence)}"
