"""Sends: rounds between which the requests run.

A round writes the results that have come in and grants the next messages: it marks them `sending` (the head of each lane,
in numbers whose lease this process holds), commits, and only then starts their requests. So a crash leaves a row that
says that it may be on its way: whoever takes the lease over treats it as of unknown fate. Nothing here resends blindly.
Most messages need no grant, because they begin with the commit of their turn (`direct.py`).

Crash points. Before the commit: nothing was written to Meta for these rows. After it and before the request, during
it, or before its result is written: the row is `sending` under our epoch, which the next holder sees. A result that
could not be written is kept and written in the next round.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

import structlog

from recado.store import grants, holds, leases, outbox
from recado.store.alerts import NewAlert, raise_alerts, resolve_alerts
from recado.store.listen import OUTBOX, notify
from recado.store.outbox import NO_OFFER, NewSend, Offer, Sending
from recado.store.pool import Db, Pool
from recado.store.secrets import Vault
from recado.whatsapp.client import GraphClient
from recado.whatsapp.outcomes import Accepted, SendResult
from recado.worker import metrics, sweep
from recado.worker.direct import Direct
from recado.worker.finish import finish, finish_usual
from recado.worker.lease import Leases
from recado.worker.requests import Done, Graph, Requests
from recado.worker.throttle import Opened, Throttle
from recado.worker.tokens import Tokens
from recado.worker.verdict import UNREACHABLE

log = structlog.get_logger(__name__)

TICK = 1.0  # seconds
GATHER, GATHER_FROM = 0.002, 4  # seconds for more results to come in, after a round of so many


class Sender:
    """The send loop's work; `step` does one round."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        client: GraphClient,
        *,
        owner: UUID,
        graph: Graph,
        unknown_wait: float,
        ring: Callable[[], None] = lambda: None,
        went: Callable[[UUID, UUID], None] | None = None,
        luck: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._unknown_wait = unknown_wait
        self._ring = ring
        self._went = went
        self._luck = luck
        self._monotonic = monotonic
        self._leases = Leases(owner, monotonic=monotonic)
        self.tokens = Tokens(vault)
        self.throttle = Throttle(graph_url=graph.url, monotonic=monotonic)
        self.direct = Direct(
            self._leases, self.throttle, begin=self._begin_direct, doubt=self._doubt
        )
        self._requests = Requests(
            client, self.tokens, graph, may_send=self._leases.may_send, ended=self._ended
        )
        self._alarm: asyncio.TimerHandle | None = None
        self._gathering: asyncio.TimerHandle | None = None
        self._many = False
        self._woken: set[UUID] = set()
        self._scan = True
        self._ticked_at = -TICK
        self._unsure = self._in_doubt = False
        self._granting = True
        self._look = True  # something may have come that has to be granted
        self._used: set[UUID] = set()

    def wake(self, numbers: Iterable[UUID] = ()) -> None:
        """Says that there is something to send, for these numbers or for any."""
        known = set(numbers)
        self._woken |= known
        self._scan |= not known
        self._look = True
        self._ring()

    def offer(self, sends: Sequence[NewSend]) -> Offer:
        """Says which of a turn's messages may begin with its commit."""
        return (self.direct.offer(sends) if self._granting else None) or NO_OFFER

    @property
    def in_flight(self) -> int:
        """Counts the requests that are running or whose results are not written yet."""
        return len(self._requests.in_flight)

    def stop(self) -> None:
        """Begins no more requests, at once."""
        self._granting = False
        self._set_alarm()

    async def step(self) -> bool:
        """Does one round; says whether there may be more to do at once."""
        await asyncio.sleep(0)  # what ends at this very moment is written together
        if self._unsure or self._in_doubt:
            self._leases.forget()
            self.direct.forget()
            self._scan = True
        self._unsure, self._in_doubt = True, False
        if self._granting:
            await self._look_around()
        await self._write_down()
        if self._granting and (self._look or self.direct.lags(self._leases.epochs)):
            await self._grant()
        self._unsure = False
        self._set_alarm()
        return bool(self._requests.finished) and self._gathering is None

    async def drain(self, seconds: float) -> None:
        """Waits for requests on their way, writes their results and lets go of the leases.

        What is still on its way then stays `sending`: the next holder treats it as of unknown fate.
        """
        self.stop()
        await self._requests.stop(seconds)
        await self._write_down()
        async with self._pool.acquire() as db:
            await leases.release(db, [self._leases.owner])

    # Leases, and what time alone does.

    async def _look_around(self) -> None:
        ticking = self._monotonic() - self._ticked_at >= TICK
        told, self._woken = self._woken, set()
        scan, self._scan = self._scan or ticking, False
        missing = self._leases.missing(told)
        if not (scan or missing):
            return
        async with self._pool.acquire() as db:
            if scan:
                wanted = await outbox.numbers_with_mail(db)
                missing |= self._leases.missing(wanted)
                if self._leases.due:
                    used, self._used = self._used, set()
                    flying = {each.number_id for each in self._requests.in_flight.values()}
                    begins = self.direct.numbers
                    await self._leases.renew(db, wanted | flying | used | begins)
            if missing:
                await self._acquire(db, missing, told=told)
            if ticking:
                await self._tick(db)

    async def _acquire(self, db: Db, numbers: set[UUID], *, told: set[UUID]) -> None:
        async with db.transaction():
            got = await self._leases.acquire(db, numbers)
            if got:
                wait = self._unknown_wait
                await sweep.adopt_orphans(db, got, self._ours(), unknown_wait=wait, doubts=True)
                self.throttle.know(await holds.speeds(db, got))
                self.throttle.tell_anew()
            if told & numbers - got.keys():  # another process sends for them
                await notify(db, OUTBOX)

    async def _tick(self, db: Db) -> None:
        self._ticked_at = self._monotonic()
        self._look = True
        held = self._leases.epochs
        await sweep.sweep(db, held, self._ours(), unknown_wait=self._unknown_wait)
        self.throttle.know(await holds.speeds(db, held))
        self.throttle.forget(held.keys())

    def _ours(self) -> list[UUID]:
        """Lists what is on its way here: no orphans."""
        return [*self._requests.in_flight, *self.direct.reserved]

    # A round.

    async def _write_down(self) -> None:
        """Writes results: what Meta simply took in one statement, everything else in a transaction of its own."""
        finished = list(self._requests.finished)
        self._many = len(finished) >= GATHER_FROM
        written, behind = await finish_usual(self._pool, finished)
        self._look |= behind
        self._requests.written(each for each in finished if each[0].id in written)
        rest = [each for each in finished if each[0].id not in written]
        if rest or self.throttle.has_news:
            await self._write_unusual(rest)

    async def _write_unusual(self, done: Sequence[Done]) -> None:
        """Nothing is granted in it: rows of numbers that are held and of leases would not be locked in one order."""
        async with self._pool.acquire() as db, db.transaction():
            outcome = await finish(db, done, luck=self._luck, unknown_wait=self._unknown_wait)
            opened = self.throttle.opened()
            await self._tell(db, opened)
            await raise_alerts(db, [*outcome.alerts, *_alerts(opened)])
            closed = [str(each.number_id) for each in opened if each.seconds is None]
            await resolve_alerts(db, [UNREACHABLE], closed)
        metrics.sent(outcome.results, doubled=outcome.doubled)
        self.throttle.hold(outcome.holds)
        self._requests.written(done)
        self._look = True

    async def _grant(self) -> None:
        """Begins what may begin. A number of which all has begun that could is open to what comes directly."""
        self._look = False
        rooms = self.throttle.rooms(self._leases.epochs)
        if not rooms.each:
            self.direct.forget()
            return
        # One transaction: what is granted without its token would be of unknown fate, though nobody has sent it.
        async with self._pool.acquire() as db, db.transaction():
            owner, barred = self._leases.owner, self.throttle.barred()
            granted = await grants.grant(db, owner, rooms, barred=barred)
            await self.tokens.load(db, granted.going)
        for sending in granted.going:
            self._start(sending)
        self.direct.know(
            room.number_id
            for room in rooms.each
            if room.probe is None
            and room.number_id not in granted.left
            and not self.throttle.is_held(room.number_id)
        )

    async def _tell(self, db: Db, opened: list[Opened]) -> None:
        for each in opened:
            event = "breaker_closed" if each.seconds is None else "breaker_opened"
            log.warning(event, number=str(each.number_id), reason=each.reason, seconds=each.seconds)
        told = [(each.number_id, each.seconds, each.reason) for each in opened]
        await holds.tell_breakers(db, self._leases.owner, told)

    def _set_alarm(self) -> None:
        """Rings when a number may send again that has sent all it might, sooner than anything else would ring."""
        if self._alarm:
            self._alarm.cancel()
        wait = self.throttle.wait() if self._granting else None
        loop = asyncio.get_running_loop()
        self._alarm = None if wait is None else loop.call_later(wait, self._ring)

    # Requests.

    def _start(self, sending: Sending) -> None:
        self._used.add(sending.number_id)
        self.throttle.begin(sending)
        self._requests.start(sending)

    def _begin_direct(self, sending: Sending) -> None:
        self._used.add(sending.number_id)
        self.throttle.begin(sending, taken=True)
        self._requests.start(sending)

    def _doubt(self) -> None:
        """Takes the leases anew: a row may be `sending` of which nobody here knows."""
        self._in_doubt = True
        self._ring()

    def _ended(self, sending: Sending, result: SendResult) -> None:
        """Hears of a result that is to be written; after a round of many it waits a moment for others."""
        if self._went and isinstance(result, Accepted):
            self._went(sending.id, sending.conversation_id)
        self.throttle.end(sending, result)
        if not self._many:
            self._ring()
        elif self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self._ring()


def _alerts(opened: list[Opened]) -> list[NewAlert]:
    return [
        NewAlert(
            each.workspace_id, UNREACHABLE, "critical", str(each.number_id), {"reason": each.reason}
        )
        for each in opened
        if each.seconds is not None
    ]
