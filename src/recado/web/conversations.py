"""Conversations: the list, one thread with its state, its messages, and the log across threads."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from recado.engine import phones
from recado.store import conversations as store
from recado.store import history
from recado.store.conversations import Conversation, Wanted
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web.conversation_answers import (
    ConversationAnswer,
    ConversationDetail,
    LogAnswer,
    MessageAnswer,
    Status,
    shape,
    shape_log,
    shape_message,
    shape_state,
)
from recado.web.errors import not_found
from recado.web.inputs import Line, Moment
from recado.web.lists import Page, Paged, PagedLong
from recado.web.serving import Tx
from recado.web.viewer import Reader, Viewer

router = APIRouter(prefix="/conversations", tags=["conversations"])

SHOWN_MESSAGES = 50


def _wanted(
    *,
    flow_id: UUID | None = None,
    chatbot_id: UUID | None = None,
    whatsapp_number_id: UUID | None = None,
    status: Status | None = None,
    q: Annotated[Line | None, Query(description="Part of a name or phone.")] = None,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> Wanted:
    digits = phones.canonical(phones.digits(q or ""))
    return Wanted(
        flow_id=flow_id,
        chatbot_id=chatbot_id,
        number_id=whatsapp_number_id,
        status=status,
        name=_like(q) if q else None,
        phone=_like(digits) if len(digits) >= 3 else None,
        since=since,
        until=until,
    )


@router.get("")
async def list_conversations(
    viewer: Reader, db: Tx, paging: Paged, wanted: Annotated[Wanted, Depends(_wanted)]
) -> Page[ConversationAnswer]:
    """Lists conversations, the one with the newest message first."""
    found = await store.list_conversations(
        db, viewer.workspace_id, wanted, limit=paging.limit + 1, after=paging.after
    )
    total = await store.count_conversations(db, viewer.workspace_id, wanted)
    return paging.page(found, total, shape=shape, place=lambda v: Place(v.id, v.last_message_at))


@router.get("/logs")
async def list_logs(
    viewer: Reader,
    db: Tx,
    paging: PagedLong,
    flow_id: UUID | None = None,
    phone: Annotated[Line | None, Query(description="In any spelling.")] = None,
) -> Page[LogAnswer]:
    """Lists what was said, the newest first."""
    workspace_id, contacts = viewer.workspace_id, None
    if phone is not None:
        contacts = await history.contacts_by_phone(db, workspace_id, _spellings(phone))
    lines = await history.list_log(
        db,
        workspace_id,
        flow_id=flow_id,
        contact_ids=contacts,
        limit=paging.limit + 1,
        before=after(paging.after),
    )
    total = await history.count_log(db, workspace_id, flow_id=flow_id, contact_ids=contacts)
    return paging.page(lines, total, shape=shape_log, place=lambda line: Place(line.id))


@router.get("/{conversation}")
async def get_conversation(conversation: str, viewer: Reader, db: Tx) -> ConversationDetail:
    """Shows a conversation by its id, or by the contact's phone in any spelling."""
    thread, *others = await threads(db, viewer, conversation)
    workspace_id = viewer.workspace_id
    state = await store.find_state(db, workspace_id, thread.id)
    messages = await history.list_messages(
        db, workspace_id, thread.id, limit=SHOWN_MESSAGES, before=None
    )
    return ConversationDetail(
        **dict(shape(thread)),
        state=None if state is None else shape_state(state, thread),
        messages=[shape_message(message) for message in reversed(messages)],
        others=[shape(other) for other in others],
    )


@router.get("/{conversation}/messages")
async def list_messages(
    conversation: str, viewer: Reader, db: Tx, paging: Paged
) -> Page[MessageAnswer]:
    """Lists a conversation's messages, the newest first; the cursor leads back in time."""
    thread, *_ = await threads(db, viewer, conversation)
    messages = await history.list_messages(
        db, viewer.workspace_id, thread.id, limit=paging.limit + 1, before=after(paging.after)
    )
    total = await history.count_messages(db, viewer.workspace_id, thread.id)
    return paging.page(
        messages, total, shape=shape_message, place=lambda message: Place(message.id)
    )


async def threads(db: Db, viewer: Viewer, reference: str) -> list[Conversation]:
    """Finds the conversation that an id or a phone names, then the contact's others; at least one."""
    try:
        one = await store.find_conversation(db, viewer.workspace_id, UUID(reference))
        found = [] if one is None else [one]
    except ValueError:
        spellings = _spellings(reference)
        found = await store.conversations_by_phone(db, viewer.workspace_id, spellings)
    if not found:
        raise not_found()
    return found


def _spellings(phone: str) -> list[str]:
    """Gives the canonical digits that a phone may be kept under: as written, and with our country's code."""
    international = phones.e164(phone) or ""
    return list({phones.canonical(phones.digits(text)) for text in (phone, international)} - {""})


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
