"""The inbox as a turn sees it: what waits for a conversation, in order, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.pool import Db

# These are no words of the person: they neither open Meta's 24 hours nor wait to be read.
UNSPOKEN = ("system", "edit", "revoke", "reaction", "request_welcome")


@dataclass(frozen=True, slots=True)
class Mail:
    """What waits for its turn: a message (`message` is JSON of engine.events.Message), or a notice as its `event`."""

    seq: int
    kind: str
    message_id: UUID | None
    conversation_id: UUID
    key: str
    message: Any
    event: Any
    at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """The next event of a conversation: its first mail, else (without `seq`) the wait that is over."""

    seq: int | None
    tries: int
    message_id: UUID | None = None
    key: str | None = None

    @property
    def ids(self) -> dict[str, str]:
        """Gives what a line of the log says of a message; nothing of anything else."""
        if self.message_id is None:
            return {}
        return {"message": str(self.message_id), "wamid": self.key or ""}


async def waiting(db: Db, conversation_ids: Sequence[UUID], *, each: int) -> list[Mail]:
    """Reads the next mail of each conversation, at most `each`: by Meta's time, then by arrival."""
    rows = await db.fetch(
        """select i.* from unnest($1::uuid[]) c(id) cross join lateral (
               select seq, kind, message_id, conversation_id, key, message, event, at, received_at
                 from inbox
                where conversation_id = c.id and parked_at is null order by at, seq limit $2
           ) i""",
        conversation_ids,
        each,
    )
    return [Mail(**row) for row in rows]


async def head(db: Db, conversation_id: UUID) -> Head | None:
    """Finds the next event of a conversation; the message comes before the timer."""
    row = await db.fetchrow(
        """(select seq, tries, at, message_id, key from inbox where conversation_id = $1 and parked_at is null
             order by at, seq limit 1)
           union all
           (select null, tries, null, null, null from conversation_states
             where conversation_id = $1 and status in ('active', 'handed_off')
              and wake_at <= statement_timestamp())
           limit 1""",
        conversation_id,
    )
    return Head(row["seq"], row["tries"], row["message_id"], row["key"]) if row else None


async def count_mail_try(db: Db, seq: int) -> None:
    """Counts a try of a message before it is made."""
    await db.execute("update inbox set tries = tries + 1 where seq = $1", seq)


async def count_timer_try(db: Db, conversation_id: UUID) -> None:
    """Counts a try of a conversation's due timer before it is made."""
    await db.execute(
        """update conversation_states set tries = tries + 1
            where conversation_id = $1 and status in ('active', 'handed_off')""",
        conversation_id,
    )


async def count_heard(db: Db, seqs: Sequence[int]) -> None:
    """Counts mail that is taken up or given up on its conversations, which this transaction has locked.

    A message's time is Meta's, but never later than its receipt, so that a clock that is ahead cannot keep a window
    open. One that was parked before is counted already.
    """
    await db.execute(
        """update conversations v set
                  unread = v.unread + h.unread,
                  last_inbound_at = greatest(v.last_inbound_at, h.at),
                  last_message_at = greatest(v.last_message_at, clock_timestamp()),
                  window_expires_at = greatest(v.window_expires_at, h.at + interval '24 hours')
             from (select conversation_id, count(*) as unread, max(least(at, received_at)) as at
                     from inbox
                    where seq = any ($1::bigint[]) and not counted and kind = 'message'
                      and coalesce(message->>'type', 'unknown') <> all ($2::text[])
                    group by conversation_id) h
            where v.id = h.conversation_id""",
        seqs,
        UNSPOKEN,
    )


async def take(db: Db, seqs: Sequence[int]) -> None:
    """Removes mail that a turn has taken up; it is in `messages` from now on."""
    await db.execute("delete from inbox where seq = any ($1::bigint[])", sorted(seqs))


async def park(db: Db, seq: int, *, error: str) -> None:
    """Gives up on an event: it stays here for a person, and a message in the history for everybody."""
    await db.execute(
        """insert into messages
                  (id, workspace_id, conversation_id, direction, type, text, content, key, context_id,
                   status, at)
           select message_id, workspace_id, conversation_id, 'in', coalesce(message->>'type', 'unknown'),
                  coalesce(message->>'text', ''), message, key, message->>'context_id', 'received', at
             from inbox where seq = $1 and kind = 'message'
           on conflict (id) do nothing""",
        seq,
    )
    await db.execute(
        """update inbox set parked_at = clock_timestamp(), counted = true, error = $2
            where seq = $1""",
        seq,
        error,
    )
