"""This process's life as the others see it: a row and a lock while it works, nothing after a clean stop.

A row without a lock tells of a process that died. Then turns are taken with care for a while (see `turn.py`), and if
the dead one ran on this very machine and is certainly gone, its leases are free at once; else they run out by
themselves (15 s), because a process that merely lost its connection may still be sending. So do its calls, which
become overdue.
"""

import os
import platform
from pathlib import Path
from uuid import UUID

import structlog

from recado.store import calls, leases, workers
from recado.store.ids import new_id
from recado.store.pool import Db, connect
from recado.store.workers import Worker
from recado.worker.interrupted import give_up

log = structlog.get_logger(__name__)


class Life:
    """A registered process; `id` is also the owner of its leases."""

    def __init__(self, worker: Worker, db: Db, *, after_crash: bool) -> None:
        self._worker = worker
        self._db = db
        self.after_crash = after_crash

    @property
    def id(self) -> UUID:
        """Gives the process's id."""
        return self._worker.id

    @classmethod
    async def begin(cls, url: str) -> "Life":
        """Registers this process and finds out whether another one died."""
        db = await connect(url, application_name="recado life")
        worker = Worker(new_id(), machine(), os.getpid())
        await workers.register(db, worker)
        dead = await workers.dead(db, besides=worker.id)
        gone = [each.id for each in dead if each.machine == worker.machine and not _alive(each.pid)]
        await leases.release(db, gone)
        async with db.transaction():
            await give_up(db, await calls.running_of(db, gone))
        for each in dead:
            log.warning("worker_died", worker=str(each.id), pid=each.pid)
            await workers.remove(db, each.id)
        return cls(worker, db, after_crash=bool(dead))

    async def end(self) -> None:
        """Says that this process stops cleanly."""
        await workers.remove(self._db, self._worker.id)
        await self._db.close(timeout=2)


def machine() -> str:
    """Names the place where a process id means something: host, boot, pid namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    parts = [platform.node()]
    parts += [boot.read_text().strip()] if boot.exists() else []
    parts += [os.readlink(namespace)] if namespace.exists() else []
    return "|".join(parts)


def _alive(pid: int) -> bool:
    """Says whether another process with this number runs; our own number is ours, so its owner before is gone."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
