"""This process's life as the others see it: a row and a lock while it works, nothing after a clean stop.

A row without a lock tells of a process that died. Then turns are taken with care for a while (see `turn.py`), and if
the dead one ran on this very machine and is certainly gone, its leases are free at once; else they run out by
themselves (15 s), because a process that merely lost its connection may still be sending. So do its calls, which
become overdue. A process that lost its connection, with a database that was started again for instance, registers
again as soon as it can.
"""

import asyncio
import os
import platform
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import structlog

from recado.store import calls, leases, workers
from recado.store.ids import new_id
from recado.store.pool import Db, connect
from recado.store.workers import Worker
from recado.worker.interrupted import give_up

log = structlog.get_logger(__name__)

NAME = "recado life"
AGAIN = 1.0  # seconds between two tries to register again


class Life:
    """A registered process; `id` is also the owner of its leases."""

    def __init__(self, url: str, worker: Worker, db: Db, *, after_crash: bool) -> None:
        self._url = url
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
        worker = Worker(new_id(), machine(), os.getpid())
        db = await _register(url, worker)
        dead = await workers.dead(db, besides=worker.id)
        gone = [each.id for each in dead if each.machine == worker.machine and not _alive(each.pid)]
        await leases.release(db, gone)
        async with db.transaction():
            await give_up(db, await calls.running_of(db, gone))
        for each in dead:
            log.warning("worker_died", worker=str(each.id), pid=each.pid)
            await workers.remove(db, each.id)
        return cls(url, worker, db, after_crash=bool(dead))

    async def keep(self, stop: asyncio.Event) -> None:
        """Registers again whenever the connection was lost, until `stop` is set."""
        while not stop.is_set():
            try:
                if self._db.is_closed():
                    self._db = await _register(self._url, self._worker)
                else:
                    await _closed(self._db, stop)
            except Exception as problem:  # noqa: BLE001 - who looks dead has its leases taken
                log.warning("life_not_registered", error=repr(problem), retry_in=AGAIN)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), AGAIN)

    async def end(self) -> None:
        """Says that this process stops cleanly."""
        if self._db.is_closed():
            self._db = await connect(self._url, application_name=NAME)
        await workers.remove(self._db, self._worker.id)
        await self._db.close(timeout=2)


async def _register(url: str, worker: Worker) -> Db:
    db = await connect(url, application_name=NAME)
    try:
        await workers.register(db, worker)
    except BaseException:
        db.terminate()
        raise
    return db


async def _closed(db: Db, stop: asyncio.Event) -> None:
    """Waits until a connection is lost or `stop` is set."""
    lost = asyncio.Event()

    def tell(_: object) -> None:
        lost.set()

    db.add_termination_listener(tell)
    waits = {asyncio.ensure_future(each.wait()) for each in (lost, stop)}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
        db.remove_termination_listener(tell)


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
