"""The ten flows of other builders: what becomes of each, and what its report says, is a file that people have read.

`RECADO_GOLDEN=1` writes the files anew; read the difference before committing it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recado.engine.compile import compile
from recado.engine.dialects import Note, Report, read
from recado.engine.flow import FlowDocument
from recado.nodes import NODE_TYPES

HERE = Path(__file__).parent
FLOWS = sorted((HERE / "flows").glob("*.json"))
NAMES = [path.stem for path in FLOWS]
GOLDEN = os.environ.get("RECADO_GOLDEN") == "1"
# What the origin writes into every node of a type and what says nothing beyond what the node does here anyway.
IMPLIED = {
    ("messageType", "text"), ("type", "text"), ("messageType", "image"), ("delay", 0), ("autoAdvance", True),
    ("required", True), ("hasDefaultRoute", True), ("hasDefaultRoute", False), ("logicOperator", "AND"),
    ("preserveContext", True), ("jumpType", "node"), ("jumpType", "flow"), ("useSeeded", False),
    ("endType", "simple"), ("endType", "farewell"), ("endType", "handoff"), ("closeConversation", True),
    ("closeConversation", False), ("sendSummary", False), ("handoffType", "department"),
    ("handoffType", "queue"), ("generateSummary", False), ("fallbackOnError", True),
    ("continueOnError", True), ("continueOnError", False), ("retryOnFailure", True),
    ("retryOnFailure", False), ("webhookMethod", "POST"), ("timeout", 30), ("addAmount", 1),
    ("addUnit", "days"), ("compareOperator", "gt"), ("outputFormat", "%Y-%m-%d"), ("queryType", "SELECT"),
    ("eventType", "custom"), ("cacheKey", "stores_{{zip_code}}"), ("cacheTTL", 300),
}  # fmt: skip
# Notes that say what became of a field without its name in them.
SAID: dict[str, tuple[str, ...]] = {
    "not_cancelable": ("cancelable",),
    "first_match_wins": ("logicOperator",),
    "secret_needed": ("secretId",),
    "account_needed": ("secretId", "provider"),
    "sql_bound": ("query",),
    "connection_needed": ("connectionType", "host", "port", "database", "username"),
}
WORDS = {"get_current": "now", "string": "text", "responseType": "answer", "lte": "<="}
KINDS = {"text", "number", "email", "date", "yesno", "multiple_choice", "file"}


def opened(name: str) -> tuple[dict[str, Any], FlowDocument, Report]:
    raw = json.loads((HERE / "flows" / f"{name}.json").read_text("utf-8"))
    return raw, *read(raw)


def said(notes: tuple[Note, ...]) -> list[dict[str, Any]]:
    """Writes notes with their places and their sentences."""
    return [
        {
            **({"node": note.node} if note.node else {}),
            **({"edge": note.edge} if note.edge else {}),
            "code": note.code,
            "pt-BR": note.say("pt-BR"),
            "en": note.say("en"),
        }
        for note in notes
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_flow_becomes_what_was_read_and_approved(name: str) -> None:
    _, document, report = opened(name)
    found = {
        "document": document.dump(),
        "report": {
            "understood": said(report.understood),
            "changed": said(report.changed),
            "lost": said(report.lost),
        },
    }
    golden = HERE / "golden" / f"{name}.json"
    if GOLDEN:
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")

    assert found == json.loads(golden.read_text("utf-8"))


def test_there_are_ten() -> None:
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_node_said_goes_missing_unsaid(name: str) -> None:
    raw, document, report = opened(name)

    missing = [*unsaid(raw, document, report)]

    assert missing == []


def unsaid(
    raw: dict[str, Any], document: FlowDocument, report: Report
) -> Iterator[tuple[str, str, Any]]:
    """Finds values that are neither in the document nor implied by it nor named in the report."""
    kept = json.dumps(document.dump(), ensure_ascii=False)
    for node in nodes_of(raw):
        notes = [*report.changed, *report.lost]
        told = " ".join(
            f"{' '.join(map(str, note.params.values()))} {' '.join(SAID.get(note.code, ()))}"
            for note in notes
            if note.node == node["id"]
        )
        for field, value in leaves(node):
            word = json.dumps(
                WORDS.get(value, value) if isinstance(value, str) else value, ensure_ascii=False
            )
            if (
                (field, value) in IMPLIED
                or field in told
                or (field == "responseType" and value in KINDS)
            ):
                continue
            if word.strip('"') not in kept and str(value) not in told:
                yield node["id"], field, value


def nodes_of(raw: dict[str, Any]) -> list[dict[str, Any]]:
    holder = raw.get("flow", raw)
    holder = holder.get("canvas_data", holder.get("flow_data", holder))
    return list(holder["nodes"])


def leaves(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Lists what a node says, each with the name that it stands under."""
    data = node.get("data", {key: node[key] for key in node if key not in ("id", "type")})
    todo: list[tuple[str, Any]] = [*data.items()]
    while todo:
        field, value = todo.pop()
        match value:
            case dict():
                todo += value.items()
            case list():
                todo += [(field, item) for item in value]
            case None | "":
                pass
            case _ if field != "nodeType":
                yield field, value


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_flow_goes_through_a_second_import_unchanged(name: str) -> None:
    _, document, _ = opened(name)

    again, report = read(document.dump())

    assert again == document
    assert (report.changed, report.lost) == ((), ())


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_and_no_id_of_a_secret_is_carried_over(name: str) -> None:
    _, document, report = opened(name)
    text = json.dumps([document.dump(), said(report.changed), said(report.lost)])

    assert "00000000-0000-4000-8000" not in text


@pytest.mark.parametrize("name", NAMES)
def test_only_what_the_author_must_choose_stops_a_publish(name: str) -> None:
    _, document, _ = opened(name)

    errors = [
        (problem.node, problem.field)
        for problem in compile(document, NODE_TYPES).problems
        if problem.severity == "error"
    ]

    assert errors == ([("node-8", "to_flow")] if name.startswith("05") else [])
