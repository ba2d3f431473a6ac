"""THE transaction: claims conversations, takes their events up, writes everything at once.

Crash points. Before the commit nothing has happened: the claim falls with the connection and somebody repeats the
turn, which is a pure function. After it everything has: the mail is gone, the answers are in the outbox.

What fails. A batch that fails is tried again one conversation at a time (`isolate`). There each try is counted and
committed before it is made, by a connection of its own while the claim is held, so that even an event that kills the
process is known by its count. After three tries the event is parked: its session fails, the customer gets the
failure text once, people are alerted, and the lane goes on. Events with a count never join a batch again, and after a
crash (`careful`) the first claims are of one conversation each, those without a count first: so whatever kills the
process is found, and its neighbours are answered before it is tried again.
"""

import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from recado.store import claims, mail, sessions, threads
from recado.store.mail import Head
from recado.store.pool import Db, Pool
from recado.worker import metrics
from recado.worker.load import Taking, load, load_bare
from recado.worker.programs import Programs
from recado.worker.seen import receipt_of
from recado.worker.standing import Standings
from recado.worker.take import take_up
from recado.worker.write import Writes, write

log = structlog.get_logger(__name__)

BATCH = 50
MAIL_EACH = 20
TRIES = 3
CAREFUL_CLAIMS = 500
LOOK_FOR_TRIED_EVERY = 1.0  # seconds


class Queued(Protocol):
    """Is told, inside the transaction and after it, what turns have written for senders and callers."""

    def before_write(self, writes: Writes) -> None:
        """Says which messages may begin with the commit."""

    async def before_commit(self, db: Db, writes: Writes) -> None:
        """Adds what must be committed with it, such as a NOTIFY."""

    def after_commit(self, writes: Writes) -> None:
        """Wakes those of this process who have something to do now."""


class Turns:
    """The turn loop's work; `step` does one piece of it."""

    def __init__(
        self,
        pool: Pool,
        programs: Programs,
        *,
        queued: Queued,
        batch: int = BATCH,
        luck: Callable[[], int] = lambda: secrets.randbits(63),
        clock: Callable[[datetime], datetime] = lambda at: at,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._standings = Standings(programs)
        self._queued = queued
        self._batch_size = batch
        self._luck = luck
        self._clock = clock
        self._monotonic = monotonic
        self._suspects: deque[UUID] = deque()
        self._reasons: dict[UUID, str] = {}
        self._careful = 0
        self._looked_at = -LOOK_FOR_TRIED_EVERY
        self._counted = False
        self.taking: list[UUID] = []

    def be_careful(self) -> None:
        """Takes the next conversations one by one: a process died, perhaps of one of them."""
        self._careful = CAREFUL_CLAIMS

    def isolate(self, reason: Exception) -> None:
        """Remembers the conversations of the transaction that just failed, to try each alone."""
        self._standings.forget()
        self._reasons |= dict.fromkeys(self.taking, type(reason).__name__)
        if not self._counted:  # a try that was counted is remembered by the database
            self._suspects.extend(self.taking)

    async def step(self) -> bool:
        """Takes up one batch of conversations; says whether there may be more to do."""
        self.taking, self._counted = [], False
        if self._suspects:
            await self._alone(self._claim_suspect)
            return True
        if self._careful:
            self._careful = self._careful - 1 if await self._alone(claims.claim_careful) else 0
            return True
        busy = await self._batch()
        if not busy or self._monotonic() - self._looked_at >= LOOK_FOR_TRIED_EVERY:
            self._looked_at = self._monotonic()
            busy |= await self._alone(claims.claim_tried)
        return busy

    async def _batch(self) -> bool:
        writes, began = Writes(), self._monotonic()
        async with claims.turning(self._pool) as db:
            self.taking = await claims.claim_batch(db, self._batch_size)
            if not self.taking:
                return False
            await self._take(db, self.taking, writes, each=MAIL_EACH)
        self._done(writes, self._monotonic() - began)
        return True

    async def _alone(self, claim: Callable[[Db], Awaitable[UUID | None]]) -> bool:
        """Takes up one event of one conversation, its try counted beforehand."""
        writes, began = Writes(), self._monotonic()
        async with claims.turning(self._pool) as db:
            id = await claim(db)
            if id is None:
                return False
            self.taking = [id]
            if head := await mail.head(db, id):
                await self._try(db, id, head, writes)
        self._done(writes, self._monotonic() - began)
        return True

    async def _claim_suspect(self, db: Db) -> UUID | None:
        id = self._suspects.popleft()
        return id if await claims.claim(db, id) else None

    async def _try(self, db: Db, id: UUID, head: Head, writes: Writes) -> None:
        self._counted = True
        if head.tries >= TRIES:
            await self._park(db, id, head, writes)
            return
        await self._count_try(id, head)
        await self._take(db, [id], writes, each=0 if head.seq is None else 1, alone=True)

    async def _count_try(self, id: UUID, head: Head) -> None:
        async with self._pool.acquire() as db:
            if head.seq is None:
                await mail.count_timer_try(db, id)
            else:
                await mail.count_mail_try(db, head.seq)

    async def _take(
        self, db: Db, ids: Sequence[UUID], writes: Writes, *, each: int, alone: bool = False
    ) -> None:
        """Runs `each` events of conversations at most and writes what came of them; `alone`: one, whatever the pace."""
        found = await threads.read(db, ids, each=each + 1 if each else 0)
        at = self._clock(max(thread.at for thread in found))
        taking = Taking(at, self._luck, writes)
        lanes = await load(db, self._standings, found, taking, paced=not alone)
        for lane, thread in zip(lanes, found, strict=True):
            timers = not (alone and thread.letters)
            take_up(lane, thread.letters, most=each, timers=timers)
            if receipt := receipt_of(lane):
                writes.receipts.append(receipt)
        self._queued.before_write(writes)
        await write(db, writes, at)
        await self._queued.before_commit(db, writes)

    async def _park(self, db: Db, id: UUID, head: Head, writes: Writes) -> None:
        """Gives up on an event; reads nothing that could be what it fails of."""
        reason = self._reasons.pop(id, "the process died of it")
        metrics.LOST.labels("parked").inc()
        if head.seq is not None:
            await mail.count_parked(db, head.seq)
            await mail.park(db, head.seq, error=reason)
        await sessions.fail(db, id)
        at = self._clock(await claims.clock(db))
        taking = Taking(at, self._luck, writes)
        for lane in await load_bare(db, [id], taking):
            about = {**lane.ids, **head.ids}
            log.error("event_parked", inbox=head.seq, reason=reason, **about)
            lane.apologise()
            lane.alert("event_parked", "critical", str(lane.line.number_id), {"reason": reason})
        self._queued.before_write(writes)
        await write(db, writes, at)
        await self._queued.before_commit(db, writes)

    def _done(self, writes: Writes, seconds: float) -> None:
        metrics.took_up(len(self.taking), len(writes.turns), writes.nodes, seconds)
        if self._reasons:
            for id in self.taking:
                self._reasons.pop(id, None)
        if writes.debug:
            for turned in writes.turns:
                log.debug("turn_done", **turned.ids)
        self._queued.after_commit(writes)
