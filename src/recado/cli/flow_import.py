"""`recado flow import`: reads flows of other builders, and writes ours beside a report of what that did to them."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from recado.cli.documents import Unreadable, load
from recado.engine.dialects import Note, Report
from recado.engine.dialects.bounds import MAX_IMPORT_BYTES
from recado.engine.flow import FlowDocument
from recado.engine.problems import Language

HEADINGS: dict[str, dict[Language, str]] = {
    "understood": {"pt-BR": "Entendido", "en": "Understood"},
    "changed": {"pt-BR": "Mudou", "en": "Changed"},
    "lost": {"pt-BR": "Não foi levado, ou pede algo de você", "en": "Lost, or asks for something"},
}
NOTHING: dict[Language, str] = {"pt-BR": "nada", "en": "nothing"}


def import_files(files: Sequence[Path], out: Path, console: Console, *, language: Language) -> bool:
    """Imports files into a folder, a line for each; says whether all of them could be read."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        console.print(f"Cannot make the folder {escape(str(out))}: {error.strerror}.")
        return False
    done, sources = True, {file.resolve() for file in files}
    taken: set[str] = set()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for file in progress.track(files, description="Importing"):
            target = out / f"{_free_name(file.stem, taken)}.json"
            try:
                if target.resolve() in sources:
                    raise Unreadable(f"{target} would be written over; choose another folder.")
                line = _import(file, target, language)
            except Unreadable as error:
                done, line = False, f"[red]refused[/red] {escape(str(error))}"
            progress.console.print(line)
    return done


def _import(file: Path, target: Path, language: Language) -> str:
    """Imports one file, and gives its line."""
    document, report = load(file, most=MAX_IMPORT_BYTES)
    if not document.nodes:
        raise Unreadable(f"{file} is not a flow document: it has no nodes.")
    text = json.dumps(document.dump(), ensure_ascii=False, indent=2)
    try:
        target.write_text(f"{text}\n", encoding="utf-8")
        words = report_text(document, report, language)
        target.with_suffix(".report.txt").write_text(words, encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"Cannot write {target}: {error.strerror}.") from error
    facts = f"{len(document.nodes)} nodes, {len(report.changed)} changed, {len(report.lost)} lost"
    dialects = ", ".join(report.dialects)
    return f"{escape(str(file))}: dialect {dialects}, {facts} -> {escape(str(target))}"


def report_text(document: FlowDocument, report: Report, language: Language) -> str:
    """Writes a report as text: what was understood, what changed, what is lost, each with its place."""
    sections = {
        "understood": report.understood,
        "changed": report.changed,
        "lost": report.lost,
    }
    blocks = [document.name] if document.name else []
    for name, notes in sections.items():
        heading = f"{HEADINGS[name][language]} ({len(notes)})"
        lines = [_line(note, language) for note in notes] or [f"- {NOTHING[language]}"]
        blocks.append("\n".join([heading, *lines]))
    return "\n\n".join(blocks) + "\n"


def _line(note: Note, language: Language) -> str:
    place = note.node or note.edge
    return f"- {f'{place}: ' if place else ''}{note.say(language)}"


def _free_name(stem: str, taken: set[str]) -> str:
    """Gives two files of the same name from two folders a name each."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}"
    taken.add(name)
    return name
