"""Calls: asks the world outside what turns have asked for, many at once and in no order, and tells the sessions.

A round writes the results that have come in, each with the removal of its row, then marks the next calls as its own,
commits, and only then asks. So a result counts once, and a crash leaves a row that says that it may have been asked.

Crash points. Before the commit that marks it nobody was asked. After it nobody knows: the row is `running` under this
process's life. The next start on this machine sees that the process is gone (`life.py`), any other process that the
call is overdue; then it is made again with the same key where it may be, else the session hears `interrupted`. A row
of our own that we do not know of, because nobody told us that its commit went through, was never begun: it is queued
again. A result that could not be written is kept and written in the next round; one whose row is somebody else's by
then counts for nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import structlog

from recado.engine.events import CallResult
from recado.store import ai_usage, calls, inbox, notices
from recado.store.calls import Calling
from recado.store.notices import Called, Posting
from recado.store.pool import Db, Pool
from recado.worker import metrics
from recado.worker.caller import Caller, Made, NotBegun
from recado.worker.interrupted import give_up
from recado.worker.settle import NOBODYS_FAULT

log = structlog.get_logger(__name__)

AT_ONCE = 50
EACH = 40  # of one workspace: a slow service must not take all the room
SCRIPTS = 2  # as many as have a process at once; a call's time runs while it waits for one
TICK = 5.0  # seconds
BROKE = CallResult(ok=False, error="broke")


class Calls:
    """The call loop's work; `step` does one round."""

    def __init__(
        self,
        pool: Pool,
        caller: Caller,
        *,
        owner: UUID,
        ring: Callable[[], None] = lambda: None,
        wake_turns: Callable[[], None] | None = None,
        at_once: int = AT_ONCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._caller = caller
        self._owner = owner
        self._ring = ring
        self._wake_turns = wake_turns
        self._at_once = at_once
        self._monotonic = monotonic
        self._ticked_at = -TICK
        self._claiming = True
        self._known: dict[UUID, Calling] = {}
        self._tasks: set[asyncio.Task[Made]] = set()
        self._finished: list[tuple[Calling, Made]] = []
        self._writing: list[tuple[Calling, Made]] = []
        self._batch = at_once
        self._overdue: set[UUID] = set()

    @property
    def under_way(self) -> int:
        """Counts the calls that are being made or whose results are not written yet."""
        return len(self._known)

    def stop(self) -> None:
        """Begins no more calls, at once."""
        self._claiming = False

    def isolate(self, reason: Exception) -> None:
        """Writes one result at a time after a failure; one that fails alone is told as broken instead."""
        if isinstance(reason, NOBODYS_FAULT):
            return
        match self._writing:
            case [(call, _)]:
                log.error("result_not_written", **call.ids)
                self._finished[0] = (call, Made(BROKE))
        self._batch = 1

    async def step(self) -> bool:
        """Does one round; says whether there may be more to do at once."""
        await self._write()
        more = await self._begin() if self._claiming else False
        return more or bool(self._finished)

    async def drain(self, seconds: float) -> None:
        """Waits for calls under way and writes their results; the rest is given up, to be made again where it may be."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        while self._finished:
            await self._write()
        async with self._pool.acquire() as db, db.transaction():
            await give_up(db, await calls.running_of(db, [self._owner]))

    # Results.

    async def _write(self) -> None:
        self._writing = batch = self._finished[: self._batch]
        if batch:
            async with self._pool.acquire() as db, db.transaction():
                told = await self._tell(db, batch)
            del self._finished[: len(batch)]
            for call, _ in batch:
                self._known.pop(call.id, None)
            if told and self._wake_turns:
                self._wake_turns()
        self._writing, self._batch = [], self._at_once

    async def _tell(self, db: Db, batch: list[tuple[Calling, Made]]) -> bool:
        """Puts results into the inbox, those that are still this process's to tell; says whether there were any."""
        ours = await calls.lock_own(db, self._owner, [call.id for call, _ in batch])
        await notices.post(db, [_posting(call, made) for call, made in batch if call.id in ours])
        await calls.remove(db, ours)
        await ai_usage.add(db, [made.used for _, made in batch if made.used])
        for call, made in batch:
            _log_end(call, made.result, told=call.id in ours)
        if ours and self._wake_turns is None:
            await inbox.notify(db, turns=True, statuses=False)
        return bool(ours)

    # Calls.

    async def _begin(self) -> bool:
        """Begins the next calls; says whether more may be waiting for the room that is left."""
        ticking = self._monotonic() - self._ticked_at >= TICK
        room = self._at_once - len(self._known)
        if not ticking and room <= 0:
            return False
        async with self._pool.acquire() as db, db.transaction():
            if ticking:
                await self._tick(db)
            begun, unwanted = await self._claim(db, room) if room > 0 else ([], [])
        for id in unwanted:
            log.info("call_not_wanted", call=str(id))
        for call in begun:
            self._start(call)
        return len(begun) + len(unwanted) == room > 0

    async def _claim(self, db: Db, room: int) -> tuple[list[Calling], list[UUID]]:
        busy = Counter(call.workspace_id for call in self._known.values())
        scripts = sum(call.kind == "script" for call in self._known.values())
        return await calls.claim(
            db,
            self._owner,
            limit=room,
            most=min(EACH, self._at_once),
            scripts=max(SCRIPTS - scripts, 0),
            busy=busy,
        )

    async def _tick(self, db: Db) -> None:
        """Finds calls that nobody makes: our own that we do not know of, and others' that are overdue for a while."""
        self._ticked_at = self._monotonic()
        for id in await calls.put_back_unbegun(db, self._owner, known=list(self._known)):
            log.warning("call_not_begun", call=str(id))
        overdue = set(await calls.overdue(db)) - self._known.keys()
        await give_up(db, overdue & self._overdue)
        self._overdue = overdue

    def _start(self, call: Calling) -> None:
        self._known[call.id] = call
        task = asyncio.create_task(self._caller.make(call), name=f"call {call.id}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(call, done))

    def _ended(self, call: Calling, task: "asyncio.Task[Made]") -> None:
        """Keeps the result for the next round; a call that was never begun is left to the next tick."""
        self._tasks.discard(task)
        if task.cancelled():
            return None
        match task.exception():
            case None:
                made = task.result()
            case NotBegun():
                self._known.pop(call.id, None)
                return self._ring()
            case problem:
                log.critical("call_broke", exc_info=problem, **call.ids)
                made = Made(BROKE)
        self._finished.append((call, made))
        return self._ring()


def _posting(call: Calling, made: Made) -> Posting:
    notice = Called(call.token, made.result, call.origin)
    return Posting(call.workspace_id, call.conversation_id, str(call.id), notice)


def _log_end(call: Calling, result: CallResult, *, told: bool) -> None:
    event = "call_done" if told else "result_of_nobody"
    facts = {"ok": result.ok, "error": result.error, "status": result.status, "ms": result.ms}
    log.info(event, **call.ids, **facts)
    if told:
        metrics.called(call.kind, None if result.ok else result.error, (result.ms or 0) / 1000)
