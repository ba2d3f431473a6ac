"""Flows: drafts, saved with a revision, checked and published."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from recado.engine.dialects import Report
from recado.engine.flow import MAX_NODES
from recado.engine.problems import Language
from recado.store import chatbots
from recado.store import flows as store
from recado.store.flows import Flow
from recado.store.ids import new_id
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web.errors import FlowProblem, Refusal, not_found, refusal_response
from recado.web.flow_documents import (
    FlowAnswer,
    FlowChange,
    FlowFields,
    FlowSaved,
    FlowSummary,
    NewFlow,
    answer,
    read_document,
    saved,
    summary,
)
from recado.web.inputs import Input, Name, Text
from recado.web.lists import Page, Paged
from recado.web.publishing import check_moves, migrate, publish
from recado.web.sentences import spoken
from recado.web.serving import Served, Serving, Tx
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(prefix="/flows", tags=["flows"])


Speaks = Annotated[Language, Depends(spoken)]
Publish = Annotated[
    bool, Query(alias="publish", description="Publish what was saved, in the same call.")
]


class Published(BaseModel):
    """The version that new sessions run from now on."""

    version: int
    problems: list[FlowProblem]
    migrating: int = Field(
        description="How many running sessions move to it, each at its next turn."
    )


class Migration(Input):
    """Moves running sessions to the new version; `moves`: where they go on whose node is gone, null ends them."""

    moves: dict[Name, Name | None] = Field(default_factory=dict, max_length=MAX_NODES)


class PublishNote(Input):
    """What to say about a version, and whether running sessions move to it; else they stay on theirs."""

    note: Text | None = None
    migration: Migration | None = None


@router.get("")
async def list_flows(
    viewer: Reader, db: Tx, paging: Paged, chatbot_id: UUID | None = None
) -> Page[FlowSummary]:
    """Lists the workspace's flows, or a chatbot's, without their documents."""
    workspace_id = viewer.workspace_id
    found = await store.list_flows(
        db,
        workspace_id,
        chatbot_id=chatbot_id,
        limit=paging.limit + 1,
        after=after(paging.after),
    )
    total = await store.count_flows(db, workspace_id, chatbot_id=chatbot_id)
    return paging.page(found, total, shape=summary, place=lambda flow: Place(flow.id))


@router.post("", status_code=201, response_model=FlowSaved)
async def make_flow(
    flow: NewFlow,
    request: Request,
    *,
    viewer: Editor,
    db: Tx,
    served: Served,
    publishes: Publish = False,
) -> FlowSaved | Response:
    """Makes a flow. With errors and `publish` the draft is kept and the answer is a 422 that names it."""
    flow_id = new_id()
    document, report = read_document(flow, None, name=flow.name)
    await store.insert_flow(
        db, flow_id, workspace_id=viewer.workspace_id, name=flow.name, draft=document.dump()
    )
    await _place(db, viewer, flow_id, flow)
    return await _answer(
        db, viewer, flow_id, report, request=request, served=served, publishes=publishes
    )


@router.get("/{flow_id}")
async def get_flow(flow_id: UUID, viewer: Reader, db: Tx) -> FlowAnswer:
    """Shows a flow with its draft."""
    return answer(await found(db, viewer, flow_id))


@router.put("/{flow_id}", response_model=FlowSaved)
@router.patch("/{flow_id}", response_model=FlowSaved)
async def change_flow(
    flow_id: UUID,
    change: FlowChange,
    *,
    request: Request,
    viewer: Editor,
    db: Tx,
    served: Served,
    publishes: Publish = False,
) -> FlowSaved | Response:
    """Saves the fields that are given. With errors and `publish` the draft is saved and the answer is a 422."""
    await lock(db, viewer, flow_id, revision=change.revision)
    flow = await found(db, viewer, flow_id)
    name = change.given().get("name", flow.facts.name)
    document, report = read_document(change, flow.draft, name=name)
    await store.save_draft(db, viewer.workspace_id, flow_id, name=name, draft=document.dump())
    await _place(db, viewer, flow_id, change)
    return await _answer(
        db, viewer, flow_id, report, request=request, served=served, publishes=publishes
    )


@router.delete("/{flow_id}", status_code=204)
async def delete_flow(flow_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes a flow with its versions; conversations still on it go to a person."""
    if not await store.delete_flow(db, viewer.workspace_id, flow_id):
        raise not_found()


@router.post("/{flow_id}/publish")
async def publish_flow(
    flow_id: UUID,
    viewer: Editor,
    *,
    db: Tx,
    served: Served,
    language: Speaks,
    note: PublishNote | None = None,
) -> Published:
    """Makes the draft the flow's next version; without changes the published one stays."""
    await lock(db, viewer, flow_id, revision=None)
    flow = await found(db, viewer, flow_id)
    migration = note.migration if note else None
    if migration:
        check_moves(flow.draft, migration.moves)
    done = await publish(
        db,
        viewer,
        flow,
        node_types=served.node_types,
        language=language,
        note=note.note if note else None,
    )
    if isinstance(done, Refusal):
        raise done
    version, problems = done
    migrating = await migrate(db, viewer, flow, migration.moves) if migration else 0
    return Published(version=version, problems=problems, migrating=migrating)


async def found(db: Db, viewer: Viewer, flow_id: UUID) -> Flow:
    """Finds a flow of the viewer's workspace; raises Refusal (404) where there is none."""
    flow = await store.find_flow(db, viewer.workspace_id, flow_id)
    if flow is None:
        raise not_found()
    return flow


async def lock(db: Db, viewer: Viewer, flow_id: UUID, *, revision: int | None) -> None:
    """Keeps others from changing a flow meanwhile; raises Refusal (409) when they were faster."""
    current = await store.lock_flow(db, viewer.workspace_id, flow_id)
    if current is None:
        raise not_found()
    if revision is not None and revision != current:
        raise Refusal(409, "stale_revision", field="revision", current=current)


async def _place(db: Db, viewer: Viewer, flow_id: UUID, fields: FlowFields) -> None:
    """Gives the flow to the chatbot that the request names, and makes it the main one or not."""
    given = fields.given()
    if not given.keys() & {"chatbot_id", "is_main"}:
        return
    workspace_id = viewer.workspace_id
    now = (await found(db, viewer, flow_id)).facts
    if "chatbot_id" in given and given["chatbot_id"] != now.chatbot_id:
        wanted = given["chatbot_id"]
        known = wanted is None or await chatbots.lock_chatbot(db, workspace_id, wanted)
        if not known:
            raise Refusal(422, "unknown_reference", field="chatbot_id", id=str(wanted))
        await store.move_flow(db, workspace_id, flow_id, chatbot_id=wanted)
        now = (await found(db, viewer, flow_id)).facts
    if "is_main" not in given or given["is_main"] == now.is_main:
        return
    if now.chatbot_id is None:
        raise Refusal(422, "flow_needs_chatbot", field="is_main")
    main = flow_id if given["is_main"] else None
    await chatbots.lock_chatbot(db, workspace_id, now.chatbot_id)
    await chatbots.set_main_flow(db, workspace_id, now.chatbot_id, flow_id=main)


async def _answer(
    db: Db,
    viewer: Viewer,
    flow_id: UUID,
    report: Report,
    *,
    request: Request,
    served: Serving,
    publishes: bool,
) -> FlowSaved | Response:
    """Publishes if asked, and answers. A refusal is answered, not raised: the draft stays saved."""
    language, problems = spoken(request), list[FlowProblem]()
    flow = await found(db, viewer, flow_id)
    if publishes:
        done = await publish(
            db, viewer, flow, node_types=served.node_types, language=language, note=None
        )
        if isinstance(done, Refusal):
            return refusal_response(request, done)
        problems = done[1]
        flow = await found(db, viewer, flow_id)
    return saved(flow, report, problems, language=language)
