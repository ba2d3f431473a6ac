"""Conversations as people look at them: the list, one thread with its session, its messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import COUNT_LIMIT, Place
from recado.store.pool import Db

# A session whose time is over expires at its next event; until then only reading can tell.
_STATUS = """case when s.status = 'active' and s.session_expires_at <= now() then 'expired'
                  else s.status end"""
_COLUMNS = """v.id, v.mode, v.number_id, n.phone_shown as number_phone, n.display_name as number_name,
              v.contact_id, c.name as contact_name, c.phone as contact_phone,
              c.user_id as contact_user_id, c.username as contact_username, c.tags as contact_tags,
              c.fields as contact_fields, v.assignee_id, v.team, v.agent, v.priority,
              v.handoff_note, v.last_inbound_at, v.last_message_at,
              v.window_expires_at, v.unread, v.created_at,
              s.id as session_id, s.status, s.flow_id, s.chatbot_id, s.current_node_id"""
_TABLES = f"""conversations v
              join whatsapp_numbers n on n.id = v.number_id and n.deleted_at is null
              join contacts c on c.id = v.contact_id
              left join lateral (
                  select s.id, s.flow_id, s.chatbot_id, s.current_node_id, {_STATUS} as status
                    from conversation_states s
                   where s.conversation_id = v.id
                     and ($2::uuid is null or s.flow_id = $2)
                     and ($3::uuid is null or s.chatbot_id = $3)
                   order by s.id desc limit 1) s on true"""
# An index knows conversations by the ten minutes of their last message; within those they are sorted.
_NEWEST = "v.listed_at desc nulls last, v.last_message_at desc nulls last"
_FILTER = """v.workspace_id = $1
             and (($2::uuid is null and $3::uuid is null) or s.id is not null)
             and ($4::uuid is null or v.number_id = $4)
             and ($5::text is null or s.status = $5)
             and ($6::text is null or c.name ilike $6 or c.phone like $7
                  or exists (select from contact_identities i
                              where i.contact_id = c.id and i.kind = 'phone' and i.value like $7))
             and ($8::timestamptz is null or v.last_message_at >= $8)
             and ($9::timestamptz is null or v.last_message_at < $9)"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations are asked for; `name` and `phone` are patterns of LIKE, either may match."""

    flow_id: UUID | None = None
    chatbot_id: UUID | None = None
    number_id: UUID | None = None
    status: str | None = None
    name: str | None = None
    phone: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread between a number and a contact, with its newest session."""

    id: UUID
    mode: str
    number_id: UUID
    number_phone: str
    number_name: str | None
    contact_id: UUID
    contact_name: str | None
    contact_phone: str | None
    contact_user_id: str | None
    contact_username: str | None
    contact_tags: list[str]
    contact_fields: dict[str, Any]
    assignee_id: UUID | None
    team: str | None
    agent: str | None
    priority: str
    handoff_note: str | None
    last_inbound_at: datetime | None
    last_message_at: datetime | None
    window_expires_at: datetime | None
    unread: int
    created_at: datetime
    session_id: UUID | None
    status: str | None
    flow_id: UUID | None
    chatbot_id: UUID | None
    current_node_id: str | None


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session as people look at it."""

    id: UUID
    flow_id: UUID
    flow_version: int | None
    chatbot_id: UUID | None
    status: str
    current_node_id: str | None
    variables: dict[str, Any]
    execution_path: list[str]
    outcome: str | None
    wake_at: datetime | None
    session_expires_at: datetime | None
    last_message_at: datetime | None
    created_at: datetime
    updated_at: datetime


async def list_conversations(
    db: Db, workspace_id: UUID, wanted: Wanted, *, limit: int, after: Place | None
) -> list[Conversation]:
    """Lists conversations, the one with the newest message first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where {_FILTER}
               and ($10::uuid is null
                    or v.last_message_at < $11
                    or (v.last_message_at is not distinct from $11 and v.id > $10)
                    or (v.last_message_at is null and $11 is not null))
             order by {_NEWEST}, v.id limit $12""",
        workspace_id,
        *_values(wanted),
        None if after is None else after.id,
        None if after is None else after.at,
        limit,
    )
    return [Conversation(**row) for row in rows]


async def count_conversations(db: Db, workspace_id: UUID, wanted: Wanted) -> int:
    """Counts conversations, up to the limit of counting."""
    count: int = await db.fetchval(
        f"""select count(*) from (select from {_TABLES} where {_FILTER} limit {COUNT_LIMIT}) x""",
        workspace_id,
        *_values(wanted),
    )
    return count


async def find_conversation(
    db: Db, workspace_id: UUID, conversation_id: UUID
) -> Conversation | None:
    """Finds a conversation of a workspace."""
    row = await db.fetchrow(
        f"""select {_COLUMNS} from {_TABLES}
             where v.workspace_id = $1 and v.id = $4""",
        workspace_id,
        None,
        None,
        conversation_id,
    )
    return None if row is None else Conversation(**row)


async def conversations_by_phone(
    db: Db, workspace_id: UUID, phones: Sequence[str]
) -> list[Conversation]:
    """Finds the conversations of whoever has one of these phones (canonical digits), the newest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where v.workspace_id = $1
               and v.contact_id in (select i.contact_id from contact_identities i
                                     where i.workspace_id = $1 and i.kind = 'phone'
                                       and i.value = any ($4::text[]))
             order by v.last_message_at desc nulls last, v.id desc limit 50""",
        workspace_id,
        None,
        None,
        list(phones),
    )
    return [Conversation(**row) for row in rows]


async def find_state(db: Db, workspace_id: UUID, conversation_id: UUID) -> SessionState | None:
    """Finds the newest session of a conversation; None when no flow ever ran in it."""
    row = await db.fetchrow(
        f"""select s.id, s.flow_id, f.number as flow_version, s.chatbot_id, {_STATUS} as status,
                   s.current_node_id, s.variables, s.execution_path, s.outcome, s.wake_at,
                   s.session_expires_at, s.last_message_at, s.created_at, s.updated_at
              from conversation_states s left join flow_versions f on f.id = s.flow_version_id
             where s.workspace_id = $1 and s.conversation_id = $2
             order by s.id desc limit 1""",
        workspace_id,
        conversation_id,
    )
    return None if row is None else SessionState(**row)


def _values(wanted: Wanted) -> tuple[Any, ...]:
    return (
        wanted.flow_id,
        wanted.chatbot_id,
        wanted.number_id,
        wanted.status,
        wanted.name,
        wanted.phone,
        wanted.since,
        wanted.until,
    )
