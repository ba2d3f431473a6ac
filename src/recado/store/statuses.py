"""Meta's statuses as they came in, waiting to be merged into the messages they speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class Status:
    """One status. `opaque` is what we sent along: `<message id>.<attempt>`."""

    seq: int
    phone_number_id: str
    wamid: str
    opaque: str | None
    status: str
    at: datetime
    payload: Any


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose message a status speaks of."""

    message_id: UUID
    workspace_id: UUID
    conversation_id: UUID
    number_id: UUID
    phone_number_id: str | None

    @property
    def ids(self) -> dict[str, str]:
        """Gives what a line of the log says it is about."""
        return {
            "workspace": str(self.workspace_id),
            "number": str(self.number_id),
            "conversation": str(self.conversation_id),
            "message": str(self.message_id),
        }


_OWNER = """select m.id, m.workspace_id, m.conversation_id, v.number_id, n.phone_number_id, m.wamid
              from messages m
              join conversations v on v.id = m.conversation_id
              join whatsapp_numbers n on n.id = v.number_id
             where m.direction = 'out'"""


async def take(db: Db, limit: int) -> list[Status]:
    """Takes the oldest statuses out; a transaction that fails puts them back."""
    rows = await db.fetch(
        """delete from status_inbox where seq = any (array(
               select seq from status_inbox order by seq limit $1 for update skip locked))
           returning seq, phone_number_id, wamid, opaque, status, at, payload""",
        limit,
    )
    return sorted((Status(**row) for row in rows), key=lambda status: status.seq)


async def owners_by_id(db: Db, message_ids: Sequence[UUID]) -> list[Owner]:
    """Finds messages of ours by id."""
    if not message_ids:
        return []
    rows = await db.fetch(
        f"{_OWNER} and m.id = any ($1::uuid[]) and m.id between $2 and $3",
        message_ids,
        min(message_ids),
        max(message_ids),
    )
    return [_owner(row) for row in rows]


async def owners_by_wamid(db: Db, wamids: Sequence[str]) -> dict[str, Owner]:
    """Finds messages of ours by Meta's id."""
    if not wamids:
        return {}
    rows = await db.fetch(f"{_OWNER} and m.wamid = any ($1::text[])", wamids)
    return {row["wamid"]: _owner(row) for row in rows}


def _owner(row: Any) -> Owner:
    return Owner(*list(row.values())[:5])
