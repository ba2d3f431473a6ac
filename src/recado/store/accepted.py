"""What Meta took: the usual end of a message's way out, for many at once."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from recado.store.outbox import Sending
from recado.store.pool import Db


class Taken(msgspec.Struct, frozen=True):
    """A message that Meta took at this attempt."""

    sending: Sending
    wamid: str


async def accept(db: Db, taken: Sequence[Taken]) -> dict[UUID, bool]:
    """Writes that Meta took messages, and lets them leave their lanes: the usual case in one statement of its own.

    Gives those that it was for, and whether others are behind them. What is odd in any way (a status came first,
    another attempt is on its way, the fate is waited for) stays for `finish.py`, which may look at it twice. Locks
    messages first and then their rows, as everybody does.

    The commit does not wait for the disk. What a power failure can take back is only this one word: any later commit
    carries it along. Then the row says `sending` still, which is as if the machine had died before the answer came: the
    message is in doubt until Meta's status tells.
    """
    ids = [each.sending.id for each in taken]
    rows = await db.fetch(
        """with told as (
               update messages m set status = 'accepted', status_at = clock_timestamp(), wamid = d.wamid,
                      sending_at = coalesce(m.sending_at, d.began)
                 from unnest($3::uuid[], $4::integer[], $5::text[], $6::timestamptz[])
                      as d (id, attempt, wamid, began)
                where m.id = d.id and m.id between $1 and $2 and m.direction = 'out' and m.wamid is null
                  and m.status in ('queued', 'sending', 'unknown')
               returning m.id, d.attempt
           ), gone as (
               delete from outbox o using told
                where o.id = told.id and o.attempt = told.attempt and o.status = 'sending' and not o.confirm
               returning o.id, o.conversation_id
           )
           select g.id, exists (select from outbox w
                                 where w.conversation_id = g.conversation_id and w.id <> g.id),
                  (select set_config('synchronous_commit', 'off', true))
             from gone g""",
        ids[0],
        ids[-1],
        ids,
        [each.sending.attempt for each in taken],
        [each.wamid for each in taken],
        [each.sending.first_sending_at for each in taken],
    )
    return {row[0]: row[1] for row in rows}
