"""The history of conversations, read: messages of a thread, and question and answer across threads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import COUNT_LIMIT
from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a thread, either way."""

    id: UUID
    direction: str
    type: str
    text: str
    content: dict[str, Any]
    status: str | None
    status_at: datetime | None
    error: dict[str, Any] | None
    wamid: str | None
    context_id: str | None
    session_id: UUID | None
    flow_id: UUID | None
    node_id: str | None
    reply_to: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log: what the contact said or what the bot answered."""

    id: UUID
    phone_number: str | None
    flow_id: UUID | None
    node_id: str | None
    user_message: str | None
    bot_response: str | None
    timestamp: datetime


async def list_messages(
    db: Db, workspace_id: UUID, conversation_id: UUID, *, limit: int, before: UUID | None
) -> list[Message]:
    """Lists a conversation's messages, the newest first."""
    rows = await db.fetch(
        """select id, direction, type, text, content, status, status_at, error,
                  coalesce(wamid, case when direction = 'in' then key end) as wamid, context_id,
                  session_id, flow_id, node_id, reply_to, at
             from messages
            where workspace_id = $1 and conversation_id = $2 and ($4::uuid is null or id < $4)
            order by id desc limit $3""",
        workspace_id,
        conversation_id,
        limit,
        before,
    )
    return [Message(**row) for row in rows]


async def count_messages(db: Db, workspace_id: UUID, conversation_id: UUID) -> int:
    """Counts a conversation's messages, up to the limit of counting."""
    count: int = await db.fetchval(
        f"""select count(*) from (select from messages
             where workspace_id = $1 and conversation_id = $2 limit {COUNT_LIMIT}) x""",
        workspace_id,
        conversation_id,
    )
    return count


async def list_log(
    db: Db,
    workspace_id: UUID,
    *,
    flow_id: UUID | None,
    contact_ids: list[UUID] | None,
    limit: int,
    before: UUID | None,
) -> list[LogLine]:
    """Lists what was said in a workspace, the newest first."""
    rows = await db.fetch(
        """select id, phone_number, flow_id, node_id, user_message, bot_response, timestamp
             from conversation_logs
            where workspace_id = $1 and ($2::uuid is null or flow_id = $2)
              and ($3::uuid[] is null or contact_id = any ($3)) and ($5::uuid is null or id < $5)
            order by id desc limit $4""",
        workspace_id,
        flow_id,
        contact_ids,
        limit,
        before,
    )
    return [LogLine(**row) for row in rows]


async def count_log(
    db: Db, workspace_id: UUID, *, flow_id: UUID | None, contact_ids: list[UUID] | None
) -> int:
    """Counts what was said in a workspace, up to the limit of counting."""
    count: int = await db.fetchval(
        f"""select count(*) from (select from conversation_logs
             where workspace_id = $1 and ($2::uuid is null or flow_id = $2)
               and ($3::uuid[] is null or contact_id = any ($3)) limit {COUNT_LIMIT}) x""",
        workspace_id,
        flow_id,
        contact_ids,
    )
    return count


async def contacts_by_phone(db: Db, workspace_id: UUID, phones: list[str]) -> list[UUID]:
    """Finds the contacts that have one of these phones (canonical digits)."""
    rows = await db.fetch(
        """select contact_id from contact_identities
            where workspace_id = $1 and kind = 'phone' and value = any ($2::text[])""",
        workspace_id,
        phones,
    )
    return [row["contact_id"] for row in rows]
