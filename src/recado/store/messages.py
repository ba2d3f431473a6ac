"""The history: one row per message, both directions. Partitioned by month over the id, so a lookup by id says
between which ids it looks: PostgreSQL then opens only the months that matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.store.pool import Db
from recado.store.together import Part, columns


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its turn writes it. `content` is encoded JSON."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    direction: str
    type: str
    text: str
    content: bytes
    at: datetime
    status: str
    key: str | None = None
    context_id: str | None = None
    session_id: UUID | None = None
    flow_id: UUID | None = None
    flow_version_id: UUID | None = None
    node_id: str | None = None
    reply_to: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is known about a message of ours. `double_wamid`: Meta's id of a second copy, after a doubt."""

    id: UUID
    status: str
    status_at: datetime | None = None
    wamid: str | None = None
    double_wamid: str | None = None
    sending_at: datetime | None = None
    error: Any = None
    pricing: Any = None


def insert(messages: Sequence[NewMessage]) -> Part:
    """Writes new messages; one that is there already (it was parked and taken up again) stays as it is."""
    ordered = sorted(messages, key=lambda message: message.id.int)
    return Part(
        """insert into messages
                  (id, workspace_id, conversation_id, direction, type, text, content, at, status, key,
                   context_id, session_id, flow_id, flow_version_id, node_id, reply_to)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                  $7::jsonb[], $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::uuid[],
                  $13::uuid[], $14::uuid[], $15::text[], $16::uuid[])
           on conflict (id) do nothing""",
        columns(_row(message) for message in ordered),
    )


def _row(m: NewMessage) -> tuple[object, ...]:
    return (
        m.id,
        m.workspace_id,
        m.conversation_id,
        m.direction,
        m.type,
        m.text,
        m.content,
        m.at,
        m.status,
        m.key,
        m.context_id,
        m.session_id,
        m.flow_id,
        m.flow_version_id,
        m.node_id,
        m.reply_to,
    )


async def lock_fates(db: Db, ids: Sequence[UUID]) -> dict[UUID, Fate]:
    """Reads and locks what is known about messages, in the order of ids that every transaction keeps to."""
    if not ids:
        return {}
    rows = await db.fetch(
        """select id, status, status_at, wamid, double_wamid, sending_at, error, pricing from messages
            where id = any ($1::uuid[]) and id between $2 and $3 and direction = 'out'
            order by id for no key update""",
        ids,
        min(ids),
        max(ids),
    )
    return {row["id"]: Fate(**row) for row in rows}


async def settle(db: Db, fates: Sequence[Fate]) -> None:
    """Writes what became of messages that `lock_fates` has locked."""
    if not fates:
        return
    ids = [fate.id for fate in fates]
    await db.execute(
        """update messages m set
                  status = f.status, status_at = coalesce(f.status_at, clock_timestamp()), wamid = f.wamid,
                  double_wamid = f.double_wamid, sending_at = f.sending_at, error = f.error,
                  pricing = f.pricing
             from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::jsonb[], $10::jsonb[])
                  as f (id, status, status_at, wamid, double_wamid, sending_at, error, pricing)
            where m.id = f.id and m.id between $1 and $2""",
        min(ids),
        max(ids),
        ids,
        [fate.status for fate in fates],
        [fate.status_at for fate in fates],
        [fate.wamid for fate in fates],
        [fate.double_wamid for fate in fates],
        [fate.sending_at for fate in fates],
        [fate.error for fate in fates],
        [fate.pricing for fate in fates],
    )
