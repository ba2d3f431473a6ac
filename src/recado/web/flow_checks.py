"""Checking a draft: what is wrong with it, and the remedies that can be applied with one call."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from recado.engine.fixes import mend
from recado.engine.flow import FlowDocument
from recado.store import flows as store
from recado.store.resources import resources
from recado.web.errors import FlowProblem
from recado.web.flows import Speaks, found, lock
from recado.web.inputs import Input
from recado.web.publishing import check
from recado.web.serving import Served, Tx
from recado.web.viewer import Editor, Reader

router = APIRouter(prefix="/flows", tags=["flows"])


class Checked(BaseModel):
    """The compiler's verdict on a draft."""

    publishable: bool
    problems: list[FlowProblem]


class FixOrder(Input):
    """Which remedies to apply; a stale revision is refused."""

    codes: list[str] | None = Field(
        default=None, max_length=100, description="of problems; absent: all errors that have one"
    )
    revision: int | None = Field(default=None, ge=1)


class Fixed(Checked):
    """What was mended, by code, and what is still wrong."""

    fixed: list[str]
    revision: int


@router.post("/{flow_id}/validate")
async def validate_flow(
    flow_id: UUID, viewer: Reader, db: Tx, served: Served, language: Speaks
) -> Checked:
    """Finds the mistakes in a draft."""
    flow = await found(db, viewer, flow_id)
    publishable, problems = await check(db, viewer, flow.draft, served.node_types, language)
    return Checked(publishable=publishable, problems=problems)


@router.post("/{flow_id}/fix")
async def fix_flow(
    flow_id: UUID, order: FixOrder, viewer: Editor, *, db: Tx, served: Served, language: Speaks
) -> Fixed:
    """Applies remedies to a draft and saves it; says what is still wrong."""
    await lock(db, viewer, flow_id, revision=order.revision)
    flow = await found(db, viewer, flow_id)
    codes = frozenset(order.codes) if order.codes is not None else None
    there = await resources(db, viewer.workspace_id)
    before = FlowDocument.model_validate(flow.draft)
    document, fixed = mend(before, served.node_types, there, codes=codes)
    if fixed:
        draft = document.dump()
        await store.save_draft(db, viewer.workspace_id, flow_id, name=flow.facts.name, draft=draft)
        flow = await found(db, viewer, flow_id)
    publishable, problems = await check(db, viewer, flow.draft, served.node_types, language)
    return Fixed(
        fixed=fixed, revision=flow.facts.revision, publishable=publishable, problems=problems
    )
