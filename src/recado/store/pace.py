"""How fast a conversation may go: its turns of the last minute, and those that must wait until the next may begin.

A conversation's row keeps the times of its turns (`turned_at`), which a turn reads and writes anyway. A hold only
keeps the claim from finding a conversation that has work and may not do it yet.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from recado.store.pool import Db

TURNS = 20
MINUTE = timedelta(minutes=1)


def recent(turned_at: Sequence[datetime], at: datetime) -> list[datetime]:
    """Gives the turns of the last minute; one of later than now was before the clock was set back."""
    return [turn for turn in turned_at if at - MINUTE < turn <= at]


def forgotten(turned_at: Sequence[datetime], at: datetime, more: int) -> int:
    """Says how many of these turns, the first ones, mean nothing any more once there are so many more."""
    old = next(
        (place for place, turn in enumerate(turned_at) if turn > at - MINUTE), len(turned_at)
    )
    return max(old, min(len(turned_at), len(turned_at) + more - TURNS))


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
