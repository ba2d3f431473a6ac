"""Who sends for a number: one process at a time, for 15 seconds at a time, each holder with an epoch of its own."""

from collections.abc import Iterable
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
              set owner = excluded.owner, epoch = s.epoch + 1, until = excluded.until
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
        """update number_senders s set until = clock_timestamp() + $4::interval
             from unnest($2::uuid[], $3::bigint[]) l (number_id, epoch)
            where s.number_id = l.number_id and s.owner = $1 and s.epoch = l.epoch
              and s.until > clock_timestamp()
           returning s.number_id""",
        owner,
        list(leases),
        list(leases.values()),
        timedelta(seconds=seconds),
    )
    return {row["number_id"] for row in rows}


async def release(db: Db, owner: UUID) -> None:
    """Lets go of every lease of an owner."""
    await db.execute(
        "update number_senders set until = '-infinity' where owner = $1 and until > clock_timestamp()",
        owner,
    )


async def hold(db: Db, number_id: UUID, *, seconds: float) -> None:
    """Keeps a number from sending for a while; a longer hold stands."""
    await db.execute(
        """update number_senders
              set held_until = greatest(held_until, clock_timestamp() + $2::interval)
            where number_id = $1""",
        number_id,
        timedelta(seconds=seconds),
    )


async def hold_account(db: Db, waba_id: str, *, workspace_id: UUID, seconds: float) -> None:
    """Keeps every number of a WhatsApp business account from sending for a while."""
    await db.execute(
        """insert into number_senders as s (number_id, owner, epoch, until, held_until)
           select id, '00000000-0000-0000-0000-000000000000', 0, '-infinity',
                  clock_timestamp() + $3::interval
             from whatsapp_numbers where waba_id = $1 and workspace_id = $2 order by id
           on conflict (number_id) do update
              set held_until = greatest(s.held_until, excluded.held_until)""",
        waba_id,
        workspace_id,
        timedelta(seconds=seconds),
    )


async def release_dead(db: Db, owners: list[UUID]) -> None:
    """Lets go of the leases of processes that are known to be dead."""
    await db.execute(
        "update number_senders set until = '-infinity' where owner = any ($1::uuid[])", owners
    )
