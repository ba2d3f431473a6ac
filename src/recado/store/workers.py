"""Which worker processes run: a row each, taken away by a clean stop. A row whose process is gone tells of a crash.

A process is known to be alive by a session lock on the connection that wrote its row, so this connection is its own,
never one of the pool's, and stays open as long as the process works.
"""

from dataclasses import dataclass
from uuid import UUID

from recado.store.pool import Db

_SPACE = 0x776F_726B  # "work"


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process: the machine (as `pid` means it) and its number there."""

    id: UUID
    machine: str
    pid: int


async def register(db: Db, worker: Worker) -> None:
    """Says that a process works from now on; the lock first, so that nobody takes its row for a dead one's."""
    await db.execute("select pg_advisory_lock($1, hashtext($2::text))", _SPACE, str(worker.id))
    await db.execute(
        "insert into workers (id, machine, pid) values ($1, $2, $3) on conflict (id) do nothing",
        worker.id,
        worker.machine,
        worker.pid,
    )


async def dead(db: Db, besides: UUID) -> list[Worker]:
    """Finds rows of processes that ended without saying so."""
    rows = await db.fetch(
        """select id, machine, pid from (
               select *, pg_try_advisory_lock_shared($1, hashtext(id::text)) as free
                 from workers where id <> $2 order by id) w
            where free""",
        _SPACE,
        besides,
    )
    for row in rows:
        await db.execute(
            "select pg_advisory_unlock_shared($1, hashtext($2::text))", _SPACE, str(row["id"])
        )
    return [Worker(**row) for row in rows]


async def remove(db: Db, worker_id: UUID) -> None:
    """Takes a process's row away: it stopped cleanly, or its crash has been noticed."""
    await db.execute("delete from workers where id = $1", worker_id)
