"""The flow in requests and answers: a document in, the canvas out."""

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from recado.engine.changes import Fix
from recado.engine.dialects import DocumentRefused, Note, Report, read
from recado.engine.fixes import fixes
from recado.engine.flow import FlowDocument, FlowEdge, FlowNode
from recado.engine.problems import Language, Problem
from recado.store.flows import Flow, FlowFacts
from recado.web.errors import FieldError, FixAnswer, FlowProblem, Refusal
from recado.web.inputs import Document, Input, Name, Object, Text, absent

_DOCUMENT_FIELDS = ("nodes", "edges", "viewport", "variables", "settings", "ui")


class Canvas(Input):
    """Nodes and edges as an author draws them, in our own form or one we read (see the report)."""

    nodes: list[Document] = absent()
    edges: list[Document] = absent()
    viewport: Object | None = None


class FlowFields(Input):
    """What can be set on a flow. Absent fields stay; nodes and edges may also stand at the root."""

    # Fields of a flow in other systems that say nothing here: passed over, and named in the report.
    foreign: ClassVar[frozenset[str]] = frozenset(
        [
            "organization_id",
            "is_active",
            "is_fallback",
            "version",
            "deleted_at",
            "createdAt",
            "updatedAt",
            "exported_at",
        ]
    )
    read_only: ClassVar[frozenset[str]] = (
        Input.read_only
        | foreign
        | {
            "is_published",
            "published_version",
            "published_at",
            "has_unpublished_changes",
            "node_count",
            "report",
            "problems",
        }
    )

    description: Text | None = None
    chatbot_id: UUID | None = None
    is_main: bool = absent()
    canvas_data: Canvas = absent()
    nodes: list[Document] = absent()
    edges: list[Document] = absent()
    viewport: Object | None = None
    variables: Object | None = None
    settings: Object | None = None
    # Rules of other builders, read into the settings.
    inactivity_settings: Object | None = None
    window_expiry_settings: Object | None = None
    ui: Object | None = None
    format: Literal["recado/1"] = absent()


class NewFlow(FlowFields):
    """A flow to make."""

    name: Name = "Fluxo"


class FlowChange(FlowFields):
    """What changes on a flow; `revision` is the one that was read, and a stale one is refused."""

    name: Name = absent()
    revision: int | None = Field(default=None, ge=1)


class CanvasAnswer(BaseModel):
    """The draft as it is drawn."""

    nodes: list[FlowNode]
    edges: list[FlowEdge]
    viewport: dict[str, Any] | None


class NoteAnswer(BaseModel):
    """One thing that reading the document understood, changed or lost."""

    code: str
    node: str | None
    edge: str | None
    params: dict[str, Any]
    message: str


class ReportAnswer(BaseModel):
    """What reading the document did."""

    understood: list[NoteAnswer]
    changed: list[NoteAnswer]
    lost: list[NoteAnswer]


class FlowSummary(BaseModel):
    """A flow without its document."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    chatbot_id: UUID | None
    is_main: bool
    is_published: bool = Field(description="A flow that was never published runs on no number.")
    published_version: int | None
    published_at: datetime | None
    has_unpublished_changes: bool
    node_count: int
    revision: int
    created_at: datetime
    updated_at: datetime


class FlowAnswer(FlowSummary):
    """A flow with its draft."""

    description: str | None
    canvas_data: CanvasAnswer
    variables: dict[str, Any]
    settings: dict[str, Any]


class FlowSaved(FlowAnswer):
    """A flow as it was saved, with the report; `problems` are there when it was published too."""

    report: ReportAnswer
    problems: list[FlowProblem]


def read_document(
    fields: FlowFields, draft: dict[str, Any] | None, *, name: str
) -> tuple[FlowDocument, Report]:
    """Puts what a request gives over the draft there is; raises Refusal where it cannot be read."""
    given = fields.given()
    canvas = given.get("canvas_data")
    nested = {} if canvas is None else canvas.given()
    try:
        document, report = read(_raw({**given, **nested}, draft or {}, name=name))
    except DocumentRefused as refused:
        errors = [
            FieldError(field=_path(path, nested), code="refused", message=reason)
            for path, reason in refused.places
        ]
        raise Refusal(422, "document_refused", errors=errors) from refused
    foreign = sorted(fields.passed_over() & fields.foreign)
    lost = tuple(Note(code="not_kept", params={"field": name}) for name in foreign)
    return document, msgspec.structs.replace(report, lost=report.lost + lost)


def _raw(given: dict[str, Any], draft: dict[str, Any], *, name: str) -> dict[str, Any]:
    raw: dict[str, Any] = {**draft, "name": name}
    raw |= {key: given[key] for key in _DOCUMENT_FIELDS if key in given}
    for key in ("variables", "settings", "ui"):
        raw[key] = raw.get(key) or {}  # null clears
    for key in ("inactivity_settings", "window_expiry_settings"):
        if given.get(key):
            raw[key] = given[key]
    if given.get("inactivity_settings") and "settings" not in given:
        raw["settings"] = {k: v for k, v in raw["settings"].items() if k != "inactivity"}
    for key in ("viewport", "description"):
        if key in given:
            raw["ui"] = {**raw["ui"], key: given[key]}
    return {key: value for key, value in raw.items() if key != "viewport"}


def _path(path: str, nested: dict[str, Any]) -> str:
    return f"canvas_data.{path}" if path.split(".", maxsplit=1)[0] in nested else path


def summary(facts: FlowFacts) -> FlowSummary:
    """Gives a flow as a list shows it."""
    return FlowSummary.model_validate(_facts(facts))


def answer(flow: Flow) -> FlowAnswer:
    """Gives a flow with its draft."""
    document = FlowDocument.model_validate(flow.draft)
    return FlowAnswer(**_facts(flow.facts), **drawn(document))


def saved(
    flow: Flow, report: Report, problems: list[FlowProblem], *, language: Language
) -> FlowSaved:
    """Gives a flow as it was saved."""
    document = FlowDocument.model_validate(flow.draft)
    return FlowSaved(
        **_facts(flow.facts),
        **drawn(document),
        report=report_answer(report, language),
        problems=problems,
    )


def drawn(document: FlowDocument) -> dict[str, Any]:
    """Gives the parts of a document as answers show them."""
    return {
        "description": document.ui.get("description"),
        "canvas_data": CanvasAnswer(
            nodes=document.nodes, edges=document.edges, viewport=document.ui.get("viewport")
        ),
        "variables": document.variables,
        "settings": document.settings,
    }


def report_answer(report: Report, language: Language) -> ReportAnswer:
    """Says a report in one language."""

    def said(notes: tuple[Note, ...]) -> list[NoteAnswer]:
        return [
            NoteAnswer(
                code=note.code,
                node=note.node,
                edge=note.edge,
                params=note.params,
                message=note.say(language),
            )
            for note in notes
        ]

    return ReportAnswer(
        understood=said(report.understood), changed=said(report.changed), lost=said(report.lost)
    )


def problem_answers(
    problems: tuple[Problem, ...], document: FlowDocument, language: Language
) -> list[FlowProblem]:
    """Says the compiler's problems in one language, each with its remedy where there is one."""
    return [
        FlowProblem(
            code=problem.code,
            severity=problem.severity,
            node=problem.node,
            edge=problem.edge,
            field=problem.field,
            params=problem.params,
            message=problem.say(language),
            fix=_fix(fix, language),
        )
        for problem, fix in zip(problems, fixes(problems, document), strict=True)
    ]


def _fix(fix: Fix | None, language: Language) -> FixAnswer | None:
    if fix is None:
        return None
    changes = msgspec.to_builtins(list(fix.changes))
    return FixAnswer(label=fix.say(language), loses=fix.loses, changes=changes)


def _facts(facts: FlowFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "name": facts.name,
        "chatbot_id": facts.chatbot_id,
        "is_main": facts.is_main,
        "is_published": facts.published_version is not None,
        "published_version": facts.published_version,
        "published_at": facts.published_at,
        "has_unpublished_changes": facts.has_changes,
        "node_count": facts.node_count,
        "revision": facts.revision,
        "created_at": facts.created_at,
        "updated_at": facts.updated_at,
    }
