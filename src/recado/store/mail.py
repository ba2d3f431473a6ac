"""The inbox as a turn sees it: what waits for a conversation, in order, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.events import Message
from recado.store.notices import Notice
from recado.store.pool import Db
from recado.store.together import Part

# These are no words of the person: they neither open Meta's 24 hours nor wait to be read.
UNSPOKEN = ("system", "edit", "revoke", "reaction", "request_welcome")

_MESSAGE = msgspec.json.Decoder(Message)
_NOTICE: msgspec.json.Decoder[Notice] = msgspec.json.Decoder(Notice)


class Mail(msgspec.Struct, frozen=True):
    """What waits for its turn: a message, with its JSON as it was stored, or a notice.

    `counted`: its conversation knows of it already, because it was parked before.
    """

    seq: int
    kind: str
    message_id: UUID | None
    key: str
    message: Message | None
    content: str | None
    notice: Notice | None
    at: datetime
    received_at: datetime
    counted: bool

    @property
    def heard_at(self) -> datetime | None:
        """Says when the person spoke, in Meta's time but never after the receipt; None for what is no word of theirs.

        So a clock that is ahead cannot keep a window open.
        """
        if self.message is None or self.message.type in UNSPOKEN:
            return None
        return min(self.at, self.received_at)


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


def mail_of(row: Any) -> Mail:
    """Makes what a row of the inbox holds; raises ValueError where that is nothing that anybody can read."""
    content, event = row["message"], row["event"]
    return Mail(
        row["seq"],
        row["kind"],
        row["message_id"],
        row["key"],
        None if content is None else _MESSAGE.decode(content),
        content,
        None if event is None else _NOTICE.decode(event),
        row["at"],
        row["received_at"],
        row["counted"],
    )


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


async def count_parked(db: Db, seq: int) -> None:
    """Counts a message that is given up on its conversation, without reading it here: that may be what failed."""
    await db.execute(
        """update conversations v set
                  unread = v.unread + 1,
                  last_inbound_at = greatest(v.last_inbound_at, h.at),
                  last_message_at = greatest(v.last_message_at, clock_timestamp()),
                  window_expires_at = greatest(v.window_expires_at, h.at + interval '24 hours')
             from (select conversation_id, least(at, received_at) as at from inbox
                    where seq = $1 and not counted and kind = 'message'
                      and coalesce(message->>'type', 'unknown') <> all ($2::text[])) h
            where v.id = h.conversation_id""",
        seq,
        UNSPOKEN,
    )


def take(seqs: Sequence[int]) -> Part:
    """Removes mail that a turn has taken up; it is in `messages` from now on."""
    return Part("delete from inbox where seq = any ($1::bigint[])", [sorted(seqs)])


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
