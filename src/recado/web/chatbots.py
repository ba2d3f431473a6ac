"""Chatbots: what a number answers with."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field

from recado.engine.settings import flow_places, parse_stored
from recado.store import chatbots as store
from recado.store import numbers
from recado.store.chatbots import Chatbot, Variant
from recado.store.ids import new_id
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web.bot_settings import BotSettings
from recado.web.errors import Refusal, not_found
from recado.web.inputs import ClearableObject, Input, Name, Text, absent
from recado.web.lists import Page, Paged
from recado.web.serving import Tx
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(prefix="/chatbots", tags=["chatbots"])


class Share(Input):
    """A flow's share in an A/B test; weights are taken in proportion."""

    flow_id: UUID
    weight: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = 1.0
    variant_name: Name | None = None


def _nothing_if_null(value: object) -> object:
    return [] if value is None else value


Shares = Annotated[list[Share], Field(max_length=20), BeforeValidator(_nothing_if_null)]
NumberIds = Annotated[list[UUID], Field(max_length=1_000), BeforeValidator(_nothing_if_null)]


class ChatbotFields(Input):
    """What can be set on a chatbot. Absent fields stay, null clears."""

    description: Text | None = None
    is_active: bool = absent()
    is_fallback: bool = absent()
    whatsapp_number_ids: NumberIds = Field(
        default_factory=list, description="The same fact as the numbers' default_chatbot_id."
    )
    flow_id: UUID | None = Field(default=None, description="The main flow.")
    ab_test_enabled: bool = absent()
    ab_test_flows: Shares = Field(default_factory=list)
    variables: ClearableObject = absent()
    settings: BotSettings = absent()


class NewChatbot(ChatbotFields):
    """A chatbot to make."""

    name: Name


class ChatbotChange(ChatbotFields):
    """What changes on a chatbot."""

    read_only: ClassVar[frozenset[str]] = Input.read_only
    name: Name = absent()


class ShareAnswer(BaseModel):
    """A flow's share in an A/B test; the weights of a test add up to 100."""

    flow_id: UUID
    weight: float
    variant_name: str


class ChatbotAnswer(BaseModel):
    """A chatbot with its numbers and flows."""

    id: UUID
    name: str
    description: str | None
    is_active: bool
    is_fallback: bool
    whatsapp_number_ids: list[UUID]
    flow_id: UUID | None
    ab_test_enabled: bool
    ab_test_flows: list[ShareAnswer]
    variables: dict[str, Any]
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_chatbots(viewer: Reader, db: Tx, paging: Paged) -> Page[ChatbotAnswer]:
    """Lists the workspace's chatbots."""
    found = await store.list_chatbots(
        db, viewer.workspace_id, limit=paging.limit + 1, after=after(paging.after)
    )
    total = await store.count_chatbots(db, viewer.workspace_id)
    return paging.page(found, total, shape=_shape, place=lambda chatbot: Place(chatbot.id))


@router.post("", status_code=201)
async def make_chatbot(chatbot: NewChatbot, viewer: Editor, db: Tx) -> ChatbotAnswer:
    """Makes a chatbot; a name is enough."""
    chatbot_id = new_id()
    await store.insert_chatbot(db, chatbot_id, workspace_id=viewer.workspace_id, name=chatbot.name)
    return await _changed(db, viewer, chatbot_id, chatbot.given())


@router.get("/{chatbot_id}")
async def get_chatbot(chatbot_id: UUID, viewer: Reader, db: Tx) -> ChatbotAnswer:
    """Shows a chatbot."""
    return _shape(await _found(db, viewer, chatbot_id))


@router.put("/{chatbot_id}")
@router.patch("/{chatbot_id}")
async def change_chatbot(
    chatbot_id: UUID, change: ChatbotChange, viewer: Editor, db: Tx
) -> ChatbotAnswer:
    """Changes the fields that are given."""
    await _found(db, viewer, chatbot_id)
    return await _changed(db, viewer, chatbot_id, change.given())


@router.delete("/{chatbot_id}", status_code=204)
async def delete_chatbot(chatbot_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes a chatbot; its numbers and flows stay, without it."""
    if not await store.delete_chatbot(db, viewer.workspace_id, chatbot_id):
        raise not_found()


async def _found(db: Db, viewer: Viewer, chatbot_id: UUID) -> Chatbot:
    chatbot = await store.find_chatbot(db, viewer.workspace_id, chatbot_id)
    if chatbot is None:
        raise not_found()
    return chatbot


async def _changed(
    db: Db, viewer: Viewer, chatbot_id: UUID, given: dict[str, Any]
) -> ChatbotAnswer:
    columns = {name: value for name, value in given.items() if name in store.SETTABLE}
    for place, flow in flow_places(parse_stored(given.get("settings", {}))):
        await _check_named_flow(db, viewer, flow, field=f"settings.{place}")
    try:
        async with db.transaction():  # a savepoint: after a refusal the fallback can still be named
            await store.update_chatbot(db, viewer.workspace_id, chatbot_id, changes=columns)
    except asyncpg.UniqueViolationError as taken:
        raise await _fallback_exists(db, viewer) from taken
    await store.lock_chatbot(db, viewer.workspace_id, chatbot_id)
    if "flow_id" in given:
        await _set_main_flow(db, viewer, chatbot_id, given["flow_id"])
    if "ab_test_flows" in given:
        await _set_shares(db, viewer, chatbot_id, given["ab_test_flows"])
    if "whatsapp_number_ids" in given:
        await _link_numbers(db, viewer, chatbot_id, given["whatsapp_number_ids"])
    changed = await _found(db, viewer, chatbot_id)
    if changed.ab_test_enabled and len(changed.ab_test_flows) < 2:
        raise Refusal(422, "ab_test_needs_two_flows", field="ab_test_flows")
    return _shape(changed)


async def _fallback_exists(db: Db, viewer: Viewer) -> Refusal:
    other = await store.find_fallback(db, viewer.workspace_id)
    id, name = (str(other.id), other.name) if other else ("", "")
    return Refusal(409, "fallback_exists", field="is_fallback", id=id, name=name)


async def _set_main_flow(db: Db, viewer: Viewer, chatbot_id: UUID, flow_id: UUID | None) -> None:
    if flow_id is not None:
        await _check_flows(db, viewer, [flow_id], field="flow_id")
    await store.set_main_flow(db, viewer.workspace_id, chatbot_id, flow_id=flow_id)


async def _set_shares(db: Db, viewer: Viewer, chatbot_id: UUID, shares: list[Share]) -> None:
    ids = [share.flow_id for share in shares]
    await _check_flows(db, viewer, ids, field="ab_test_flows")
    if len(set(ids)) < len(ids) or len(ids) == 1:
        raise Refusal(422, "ab_test_needs_two_flows", field="ab_test_flows")
    total = sum(share.weight for share in shares)
    variants = [
        Variant(
            flow_id=share.flow_id,
            weight=share.weight / total * 100,
            variant_name=share.variant_name or chr(ord("A") + index),
        )
        for index, share in enumerate(shares)
    ]
    await store.set_variants(db, viewer.workspace_id, chatbot_id, variants=variants)


async def _check_flows(db: Db, viewer: Viewer, ids: list[UUID], *, field: str) -> None:
    missing = await store.missing_flows(db, viewer.workspace_id, ids)
    if missing:
        raise Refusal(422, "unknown_reference", field=field, id=[str(id) for id in missing])


async def _check_named_flow(db: Db, viewer: Viewer, flow: str, *, field: str) -> None:
    try:
        id = UUID(flow)
    except ValueError as error:
        raise Refusal(422, "unknown_reference", field=field, id=flow) from error
    await _check_flows(db, viewer, [id], field=field)


async def _link_numbers(db: Db, viewer: Viewer, chatbot_id: UUID, ids: list[UUID]) -> None:
    missing = await numbers.link_numbers(
        db, viewer.workspace_id, chatbot_id=chatbot_id, number_ids=ids
    )
    if missing:
        field, unknown = "whatsapp_number_ids", [str(id) for id in missing]
        raise Refusal(422, "unknown_reference", field=field, id=unknown)


def _shape(chatbot: Chatbot) -> ChatbotAnswer:
    return ChatbotAnswer.model_validate(chatbot, from_attributes=True)
