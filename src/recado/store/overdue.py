"""What time alone does to messages on their way out: who left them, whose doubt is over, which came too late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.store.pool import Db

MOST = 1_000  # that are given up in one transaction; a second later come the next

_WAITING = "id, workspace_id, number_id, conversation_id, first_sending_at"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in a lane, as far as giving up on it needs."""

    id: UUID
    workspace_id: UUID
    number_id: UUID
    conversation_id: UUID
    first_sending_at: datetime | None


async def orphans(
    db: Db, leases: dict[UUID, int], in_flight: Sequence[UUID], *, doubts: bool
) -> list[Waiting]:
    """Finds messages that an earlier holder of these leases left `sending`, and those it left in doubt if asked."""
    rows = await db.fetch(
        """select o.id, o.workspace_id, o.number_id, o.conversation_id, o.first_sending_at from outbox o
             join unnest($1::uuid[], $2::bigint[]) l (number_id, epoch) on l.number_id = o.number_id
            where o.status <> 'queued' and (o.status = 'sending' or $4) and o.epoch < l.epoch
              and o.id <> all ($3::uuid[])""",
        list(leases),
        list(leases.values()),
        in_flight,
        doubts,
    )
    return [Waiting(**row) for row in rows]


async def resend_doubts(db: Db, numbers: Sequence[UUID]) -> list[Waiting]:
    """Queues messages again, once, for which no status came in time; gives them."""
    rows = await db.fetch(
        f"""update outbox set status = 'queued', resent = true, not_before = '-infinity'
            where number_id = any ($1::uuid[]) and status <> 'queued'
              and status = 'unknown' and not_before <= clock_timestamp()
              and policy = 'at_least_once' and not resent and not withdrawn and expires_at > clock_timestamp()
           returning {_WAITING}""",
        numbers,
    )
    return [Waiting(**row) for row in rows]


async def lost_doubts(db: Db, numbers: Sequence[UUID]) -> list[Waiting]:
    """Finds messages of unknown fate whose time is over and that may not be sent again."""
    rows = await db.fetch(
        f"""select {_WAITING} from outbox
             where number_id = any ($1::uuid[]) and status <> 'queued' and status = 'unknown'
               and not_before <= clock_timestamp()
               and (policy = 'at_most_once' or resent or withdrawn or expires_at <= clock_timestamp())""",
        numbers,
    )
    return [Waiting(**row) for row in rows]


async def expired(db: Db, numbers: Sequence[UUID]) -> list[Waiting]:
    """Finds queued messages that came too late: the customer's 24 hours are over. Gives some; the rest comes next.

    A clock that stands still during the statement, so that it can look into the index of what expires.
    """
    rows = await db.fetch(
        f"""select {_WAITING} from outbox
             where number_id = any ($1::uuid[]) and status = 'queued'
               and expires_at <= statement_timestamp()
             limit {MOST}""",
        numbers,
    )
    return [Waiting(**row) for row in rows]


async def free_heard(db: Db, numbers: Sequence[UUID]) -> list[Waiting]:
    """Lets messages go whose customers have written since Meta wanted them to; gives them."""
    rows = await db.fetch(
        """update outbox o set unheard_since = null from conversations v
            where o.number_id = any ($1::uuid[]) and o.unheard_since is not null
              and v.id = o.conversation_id and v.last_inbound_at > o.unheard_since
           returning o.id, o.workspace_id, o.number_id, o.conversation_id, o.first_sending_at""",
        numbers,
    )
    return [Waiting(**row) for row in rows]
