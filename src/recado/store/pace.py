"""How fast a conversation may go: its turns of the last minute, and those that must wait until the next may begin.

The journal knows the turns, so nothing is counted besides. A hold only keeps the claim from finding a conversation
that has work and may not do it yet.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from recado.store.ids import floor
from recado.store.pool import Db

TURNS = 20
MINUTE = timedelta(minutes=1)
_SKEW = timedelta(minutes=5)  # ids are made by the clocks of workers


async def recent(
    db: Db, conversation_ids: Sequence[UUID], at: datetime
) -> dict[UUID, list[datetime]]:
    """Reads when the turns of the last minute were, at most 20 of each conversation, oldest first."""
    rows = await db.fetch(
        """select c.id, t.created_at from unnest($1::uuid[]) c (id) cross join lateral (
               select id as turn, created_at from journal
                where conversation_id = c.id and id between $2 and $3 order by id desc limit $6) t
            where t.created_at > $4 and t.created_at <= $5
            order by t.turn""",
        conversation_ids,
        floor(at - MINUTE - _SKEW),
        floor(at + _SKEW),
        at - MINUTE,
        at,
        TURNS,
    )
    found: dict[UUID, list[datetime]] = {id: [] for id in conversation_ids}
    for row in rows:
        found[row["id"]].append(row["created_at"])
    return found


async def let_go(db: Db, conversation_id: UUID) -> None:
    """Lets a conversation that this transaction has locked wait no longer: a person acts on it."""
    await db.execute("delete from held_conversations where conversation_id = $1", conversation_id)


async def hold(db: Db, holds: Mapping[UUID, datetime]) -> None:
    """Lets conversations that this transaction has locked wait, and forgets holds that are over."""
    if not holds:
        return
    await db.execute(
        """insert into held_conversations (conversation_id, until)
           select * from unnest($1::uuid[], $2::timestamptz[])
               on conflict (conversation_id) do update set until = excluded.until""",
        list(holds),
        list(holds.values()),
    )
    await db.execute(
        """delete from held_conversations where conversation_id = any (array(
               select conversation_id from held_conversations
                where until <= clock_timestamp() for update skip locked))"""
    )
