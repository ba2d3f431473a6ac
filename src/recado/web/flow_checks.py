"""Checking a draft: what is wrong with it, and the remedies that can be applied with one call."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from recado.engine.compile import Compiled, compile
from recado.engine.fixes import Mended, mend
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.engine.problems import Language, has_errors
from recado.engine.resources import Resources
from recado.store import flows as store
from recado.store.resources import resources
from recado.web.errors import FlowProblem, Refusal
from recado.web.flow_documents import problem_answers
from recado.web.flows import Speaks, found, lock
from recado.web.inputs import Input
from recado.web.serving import Served, Tx
from recado.web.viewer import Editor, Reader

router = APIRouter(prefix="/flows", tags=["flows"])


class Checked(BaseModel):
    """The compiler's verdict on a draft."""

    publishable: bool
    complete: bool = Field(
        description="False where errors kept the ways through the flow from being checked: more may be wrong."
    )
    problems: list[FlowProblem]


class FixOrder(Input):
    """Which remedies to apply; a stale revision is refused."""

    codes: list[str] | None = Field(
        default=None,
        max_length=100,
        description="Of problems, also for remedies that lose something. Absent: all errors whose remedy loses nothing.",
    )
    node: str | None = Field(default=None, description="Only the problems at this node.")
    edge: str | None = Field(default=None, description="Only the problems of this edge.")
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
    there = await resources(db, viewer.workspace_id)
    # A large flow takes a second to check; the event loop has other work meanwhile.
    return await asyncio.to_thread(_check, flow.draft, served.node_types, there, language)


@router.post("/{flow_id}/fix")
async def fix_flow(
    flow_id: UUID, order: FixOrder, viewer: Editor, *, db: Tx, served: Served, language: Speaks
) -> Fixed:
    """Applies remedies to a draft and saves it; says what is still wrong. Refuses (409) what others saved meanwhile."""
    flow = await found(db, viewer, flow_id)
    revision = flow.facts.revision
    if order.revision not in (None, revision):
        raise Refusal(409, "stale_revision", field="revision", current=revision)
    there = await resources(db, viewer.workspace_id)
    mended, checked = await asyncio.to_thread(
        _mend, flow.draft, order, served.node_types, there=there, language=language
    )
    if mended.done:
        # Mending holds no lock, so that nobody waits for it.
        await lock(db, viewer, flow_id, revision=revision)
        draft = mended.document.dump()
        await store.save_draft(db, viewer.workspace_id, flow_id, name=flow.facts.name, draft=draft)
        revision = (await found(db, viewer, flow_id)).facts.revision
    return Fixed(
        fixed=list(mended.done),
        revision=revision,
        publishable=checked.publishable,
        complete=checked.complete,
        problems=checked.problems,
    )


def _check(
    draft: dict[str, Any], node_types: NodeTypes, there: Resources, language: Language
) -> Checked:
    document = FlowDocument.model_validate(draft)
    return _checked(compile(document, node_types, there), document, language)


def _mend(
    draft: dict[str, Any],
    order: FixOrder,
    node_types: NodeTypes,
    *,
    there: Resources,
    language: Language,
) -> tuple[Mended, Checked]:
    mended = mend(
        FlowDocument.model_validate(draft),
        node_types,
        there,
        codes=None if order.codes is None else frozenset(order.codes),
        node=order.node,
        edge=order.edge,
    )
    return mended, _checked(mended.compiled, mended.document, language)


def _checked(compiled: Compiled, document: FlowDocument, language: Language) -> Checked:
    return Checked(
        publishable=not has_errors(compiled.problems),
        complete=compiled.complete,
        problems=problem_answers(compiled.problems, document, language),
    )
