"""A flow's published versions: look at them, take one back as the draft, take the document home."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from recado.engine.flow import FlowDocument
from recado.store import flow_versions as store
from recado.store import flows
from recado.store.flow_versions import Version
from recado.store.paging import Place, after
from recado.web.errors import not_found
from recado.web.flow_documents import CanvasAnswer, FlowAnswer, answer, drawn
from recado.web.flows import found, lock
from recado.web.lists import Page, Paged
from recado.web.serving import Tx
from recado.web.viewer import Editor, Reader

router = APIRouter(prefix="/flows/{flow_id}", tags=["flows"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Publisher(BaseModel):
    """Who published a version."""

    id: UUID
    name: str


class VersionAnswer(BaseModel):
    """A published version; `is_published` marks the one that new sessions run."""

    number: int
    note: str | None
    published_by: Publisher | None
    is_published: bool
    created_at: datetime


class VersionDocument(VersionAnswer):
    """A published version with its document."""

    canvas_data: CanvasAnswer
    variables: dict[str, Any]
    settings: dict[str, Any]


@router.get("/versions")
async def list_versions(
    flow_id: UUID, viewer: Reader, db: Tx, paging: Paged
) -> Page[VersionAnswer]:
    """Lists a flow's versions, the newest first."""
    await found(db, viewer, flow_id)
    versions = await store.list_versions(
        db, viewer.workspace_id, flow_id, limit=paging.limit + 1, after=after(paging.after)
    )
    total = await store.count_versions(db, viewer.workspace_id, flow_id)
    return paging.page(versions, total, shape=_shape, place=lambda version: Place(version.id))


@router.get("/versions/{number}")
async def get_version(flow_id: UUID, number: Number, viewer: Reader, db: Tx) -> VersionDocument:
    """Shows a version with its document."""
    version = await store.find_version(db, viewer.workspace_id, flow_id, number=number)
    if version is None:
        raise not_found()
    parts = drawn(FlowDocument.model_validate(version[1]))
    del parts["description"]
    return VersionDocument(**_shape(version[0]).model_dump(), **parts)


@router.post("/versions/{number}/restore")
async def restore_version(flow_id: UUID, number: Number, viewer: Editor, db: Tx) -> FlowAnswer:
    """Takes a version back as the draft; what runs stays until the next publish."""
    await lock(db, viewer, flow_id, revision=None)
    version = await store.find_version(db, viewer.workspace_id, flow_id, number=number)
    if version is None:
        raise not_found()
    flow = await found(db, viewer, flow_id)
    await flows.save_draft(db, viewer.workspace_id, flow_id, name=flow.facts.name, draft=version[1])
    return answer(await found(db, viewer, flow_id))


@router.get("/export")
async def export_flow(
    flow_id: UUID,
    viewer: Reader,
    db: Tx,
    response: Response,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> FlowDocument:
    """Gives the draft, or a version, as a file in our own form."""
    document = (await found(db, viewer, flow_id)).draft
    if version is not None:
        wanted = await store.find_version(db, viewer.workspace_id, flow_id, number=version)
        if wanted is None:
            raise not_found()
        document = wanted[1]
    response.headers["Content-Disposition"] = f'attachment; filename="flow-{flow_id}.json"'
    return FlowDocument.model_validate(document)


def _shape(version: Version) -> VersionAnswer:
    by = version.published_by
    return VersionAnswer(
        number=version.number,
        note=version.note,
        published_by=Publisher(id=by, name=version.published_by_name or "") if by else None,
        is_published=version.is_published,
        created_at=version.created_at,
    )
