"""Who sends for a number: one process at a time, for 15 seconds at a time, each holder with an epoch of its own.

Every statement locks the rows in the order of their numbers, so that two senders never wait in a ring.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from recado.store.pool import Db


async def acquire(
    db: Db, owner: UUID, numbers: Iterable[UUID], *, seconds: float
) -> dict[UUID, int]:
    """Takes the leases that are free, over, or our own of before; gives the epochs of those we got."""
    rows = await db.fetch(
        """insert into number_senders as s (number_id, owner, epoch, until)
           select n.id, $1, 1, clock_timestamp() + $3::interval
             from whatsapp_numbers n
            where n.id = any ($2::uuid[])
              and not exists (select from number_senders h  -- do not even touch what somebody holds
                               where h.number_id = n.id and h.owner <> $1
                                 and h.until > clock_timestamp())
            order by n.id
           on conflict (number_id) do update
              set owner = excluded.owner, epoch = s.epoch + 1, until = excluded.until,
                  breaker_until = null
            where s.until <= clock_timestamp() or s.owner = excluded.owner
           returning number_id, epoch""",
        owner,
        list(numbers),
        timedelta(seconds=seconds),
    )
    return {row["number_id"]: row["epoch"] for row in rows}


async def renew(db: Db, owner: UUID, leases: dict[UUID, int], *, seconds: float) -> set[UUID]:
    """Prolongs leases that are still ours; gives the numbers."""
    rows = await db.fetch(
        """with ours as materialized (
               select s.number_id from number_senders s
                 join unnest($2::uuid[], $3::bigint[]) l (number_id, epoch) using (number_id, epoch)
                where s.owner = $1 and s.until > clock_timestamp()
                order by s.number_id for no key update of s
           )
           update number_senders s set until = clock_timestamp() + $4::interval
             from ours where s.number_id = ours.number_id
           returning s.number_id""",
        owner,
        list(leases),
        list(leases.values()),
        timedelta(seconds=seconds),
    )
    return {row["number_id"] for row in rows}


async def release(db: Db, owners: Collection[UUID]) -> None:
    """Lets go of every lease of these owners."""
    await db.execute(
        """with theirs as materialized (
               select number_id from number_senders
                where owner = any ($1::uuid[]) and until > clock_timestamp()
                order by number_id for no key update
           )
           update number_senders s set until = '-infinity'
             from theirs where s.number_id = theirs.number_id""",
        owners,
    )
