"""Import of a flow document in any form we read: the report first, and the flow unless it was only a trial."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from recado.engine.dialects import DocumentRefused, Report, read
from recado.engine.dialects.bounds import MAX_IMPORT_BYTES
from recado.engine.flow import FlowDocument
from recado.store import flows as store
from recado.store.ids import new_id
from recado.web.errors import FieldError, FlowProblem, Refusal
from recado.web.flow_documents import FlowAnswer, ReportAnswer, answer, report_answer
from recado.web.flows import Speaks, found
from recado.web.inputs import Name
from recado.web.publishing import check
from recado.web.serving import Served, Tx
from recado.web.viewer import Editor

router = APIRouter(prefix="/flows", tags=["flows"])

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A flow document: our own, an export, a template, a canvas of another builder.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
UNNAMED = "Fluxo importado"


class Imported(BaseModel):
    """What reading the document did, what is still wrong with it, and the flow that was made of it."""

    report: ReportAnswer
    document: FlowDocument = Field(description="In our own form; `flow` has it as its draft.")
    publishable: bool
    problems: list[FlowProblem]
    flow: FlowAnswer | None = Field(description="null where it was a dry run.")


@router.post("/import", openapi_extra=BODY)
async def import_flow(
    request: Request,
    viewer: Editor,
    *,
    db: Tx,
    served: Served,
    language: Speaks,
    dry_run: Annotated[bool, Query(description="Only read it; make no flow.")] = False,
    name: Annotated[Name | None, Query(description="Instead of the document's own name.")] = None,
) -> Imported:
    """Reads a document of up to 10 MB in any dialect and makes a flow of it, in no chatbot and not published."""
    # A large document takes a second to read; the event loop has other work meanwhile.
    document, report = await asyncio.to_thread(_read, await request.body(), name)
    draft = document.dump()
    publishable, problems = await check(db, viewer, draft, served.node_types, language)
    flow = None
    if not dry_run:
        flow_id = new_id()
        await store.insert_flow(
            db, flow_id, workspace_id=viewer.workspace_id, name=document.name, draft=draft
        )
        flow = answer(await found(db, viewer, flow_id))
    return Imported(
        report=report_answer(report, language),
        document=document,
        publishable=publishable,
        problems=problems,
        flow=flow,
    )


def _read(body: bytes, name: str | None) -> tuple[FlowDocument, Report]:
    """Reads a body; raises Refusal where it is too large, no JSON, or no flow."""
    if len(body) > MAX_IMPORT_BYTES:
        raise Refusal(413, "body_too_large", limit=MAX_IMPORT_BYTES)
    try:
        raw = json.loads(body)
    except RecursionError as error:
        raise Refusal(422, "too_deep") from error
    except ValueError as error:
        raise Refusal(400, "invalid_json") from error
    if not isinstance(raw, dict):
        raise Refusal(422, "no_object")
    try:
        document, report = read(raw)
    except DocumentRefused as refused:
        raise _refused(refused.places) from refused
    if not document.nodes:
        raise _refused([("nodes", "must have at least one item")])
    return document.model_copy(update={"name": name or document.name or UNNAMED}), report


def _refused(places: Sequence[tuple[str, str]]) -> Refusal:
    errors = [FieldError(field=path, code="refused", message=why) for path, why in places]
    return Refusal(422, "document_refused", errors=errors)
