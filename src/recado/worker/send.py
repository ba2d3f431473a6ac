"""Sends: rounds of one transaction each, between which the requests run.

A round writes the results that have come in, marks the next messages `sending` (the head of each lane, in numbers
whose lease this process holds), commits, and only then starts their requests. So a crash leaves a row that says that
it may be on its way: whoever takes the lease over treats it as of unknown fate. Nothing here resends blindly.

Crash points. Before the commit: nothing was written to Meta for these rows. After it and before the request, during
it, or before its result is written: the row is `sending` under our epoch, which the next holder sees. A result that
could not be written is kept and written in the next round.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from recado.store import holds, leases, outbox
from recado.store.alerts import NewAlert, raise_alerts, resolve_alerts
from recado.store.listen import OUTBOX, notify
from recado.store.outbox import Rooms, Sending
from recado.store.pool import Db, Pool
from recado.store.secrets import Vault
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.outcomes import Accepted, NotSent, Refused, SendResult, Unknown
from recado.worker import metrics, sweep
from recado.worker.finish import finish
from recado.worker.lease import Leases
from recado.worker.ready import ready
from recado.worker.subject import about
from recado.worker.throttle import Opened, Throttle
from recado.worker.tokens import Tokens
from recado.worker.verdict import NO_ACCOUNT, UNREACHABLE

log = structlog.get_logger(__name__)

TICK = 1.0  # seconds
NO_ROOM = Rooms((), 0, 0)


@dataclass(frozen=True, slots=True)
class Graph:
    """Where Meta is, for numbers that have no address of their own."""

    url: str
    version: str


@dataclass(slots=True)
class Wakes:
    """What the sender was told since its last round."""

    numbers: set[UUID] = field(default_factory=set)
    scan: bool = True


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
        self._tokens = Tokens(vault)
        self._client = client
        self._graph = graph
        self._unknown_wait = unknown_wait
        self._ring = ring
        self._went = went
        self._luck = luck
        self._monotonic = monotonic
        self._leases = Leases(owner, monotonic=monotonic)
        self.throttle = Throttle(graph_url=graph.url, monotonic=monotonic)
        self._alarm: asyncio.TimerHandle | None = None
        self._wakes = Wakes()
        self._ticked_at = -TICK
        self._unsure = False
        self._granting = True
        self._in_flight: dict[UUID, Sending] = {}
        self._requests: set[asyncio.Task[SendResult]] = set()
        self._finished: list[tuple[Sending, SendResult]] = []

    def wake(self, numbers: Iterable[UUID] = ()) -> None:
        """Says that there is something to send, for these numbers or for any."""
        known = set(numbers)
        self._wakes.numbers |= known
        self._wakes.scan |= not known
        self._ring()

    @property
    def in_flight(self) -> int:
        """Counts the requests that are running or whose results are not written yet."""
        return len(self._in_flight)

    def stop(self) -> None:
        """Begins no more requests, at once."""
        self._granting = False
        self._set_alarm()

    async def step(self) -> bool:
        """Does one round; says whether there may be more to do at once."""
        if self._unsure:
            self._leases.forget()
            self._wakes.scan = True
        self._unsure = True
        if self._granting:
            await self._look_around()
        more = await self._round()
        self._unsure = False
        self._set_alarm()
        return more or bool(self._finished)

    async def drain(self, seconds: float) -> None:
        """Waits for requests on their way, writes their results and lets go of the leases.

        What is still on its way then stays `sending`: the next holder treats it as of unknown fate.
        """
        self.stop()
        if self._requests:
            await asyncio.wait(self._requests, timeout=seconds)
        for request in self._requests:
            request.cancel()
        await self._round()
        async with self._pool.acquire() as db:
            await leases.release(db, [self._leases.owner])

    # Leases, and what time alone does.

    async def _look_around(self) -> None:
        ticking = self._monotonic() - self._ticked_at >= TICK
        wakes, self._wakes = self._wakes, Wakes(scan=False)
        missing = self._leases.missing(wakes.numbers)
        if not (ticking or wakes.scan or missing):
            return
        async with self._pool.acquire() as db:
            if ticking or wakes.scan:
                wanted = await outbox.numbers_with_mail(db)
                missing |= self._leases.missing(wanted)
                if self._leases.due:
                    flying = {sending.number_id for sending in self._in_flight.values()}
                    await self._leases.renew(db, wanted | flying)
            if missing:
                await self._acquire(db, missing, told=wakes.numbers)
            if ticking:
                await self._tick(db)

    async def _acquire(self, db: Db, numbers: set[UUID], *, told: set[UUID]) -> None:
        async with db.transaction():
            got = await self._leases.acquire(db, numbers)
            if got:
                flying, wait = list(self._in_flight), self._unknown_wait
                await sweep.adopt_orphans(db, got, flying, unknown_wait=wait, doubts=True)
                self.throttle.know(await holds.speeds(db, got))
                self.throttle.tell_anew()
            if told & numbers - got.keys():  # another process sends for them
                await notify(db, OUTBOX)

    async def _tick(self, db: Db) -> None:
        self._ticked_at = self._monotonic()
        held, flying = self._leases.epochs, list(self._in_flight)
        await sweep.sweep(db, held, flying, unknown_wait=self._unknown_wait)
        self.throttle.know(await holds.speeds(db, held))
        self.throttle.forget(held.keys())

    # A round.

    async def _round(self) -> bool:
        """Writes results and begins requests; says whether it left that to the next round.

        Where numbers were held it does: their rows and those of our leases would not be locked in one order.
        """
        finished = list(self._finished)
        granted: list[Sending] = []
        rooms = self._rooms({sending.id for sending, _ in finished})
        if not finished and not rooms.each:
            return False
        async with self._pool.acquire() as db, db.transaction():
            outcome = await finish(db, finished, luck=self._luck, unknown_wait=self._unknown_wait)
            opened = self.throttle.opened()
            await self._tell(db, opened)
            later = outcome.holds_numbers or bool(opened)
            if rooms.each and not later:
                granted = await self._grant(db, rooms)
            await raise_alerts(db, [*outcome.alerts, *_alerts(opened)])
            closed = [str(each.number_id) for each in opened if each.seconds is None]
            await resolve_alerts(db, [UNREACHABLE], closed)
        metrics.sent(outcome.results, doubled=outcome.doubled)
        del self._finished[: len(finished)]
        for sending, _ in finished:
            self._in_flight.pop(sending.id, None)
        for sending in granted:
            self._start(sending)
        return bool(rooms.each) and later

    def _rooms(self, ended: set[UUID]) -> Rooms:
        if not self._granting:
            return NO_ROOM
        flying = (each for each in self._in_flight.values() if each.id not in ended)
        return self.throttle.rooms(self._leases.epochs, flying)

    async def _grant(self, db: Db, rooms: Rooms) -> list[Sending]:
        owner, barred = self._leases.owner, self.throttle.barred()
        granted = await outbox.grant(db, owner, rooms, barred=barred)
        await self._tokens.load(db, granted)
        return granted

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

    def _start(self, sending: Sending) -> None:
        self._in_flight[sending.id] = sending
        self.throttle.begin(sending)
        request = asyncio.create_task(self._post(sending), name=f"send {sending.id}")
        self._requests.add(request)
        request.add_done_callback(lambda done: self._ended(sending, done))

    async def _post(self, sending: Sending) -> SendResult:
        """Writes the request, if it still may."""
        token = self._tokens.of(sending)
        if token is None or sending.phone_number_id is None:
            return NO_ACCOUNT
        account = Account(
            sending.phone_number_id,
            token,
            sending.graph_url or self._graph.url,
            self._graph.version,
        )
        body = await ready(self._client, account, sending)
        if isinstance(body, Refused | NotSent):
            return body
        # An upload may have taken long: the lease is looked at right before the message itself is written.
        if not self._leases.may_send(sending.number_id):
            return NotSent("lease_lost")
        return await self._client.send(account, body)

    def _ended(self, sending: Sending, request: "asyncio.Task[SendResult]") -> None:
        """Keeps the result for the next round; of a request that broke nobody knows what became."""
        self._requests.discard(request)
        if request.cancelled():
            return
        if problem := request.exception():
            log.critical("send_broke", error=type(problem).__name__, **about(sending))
        result = Unknown("broke") if problem else request.result()
        if self._went and isinstance(result, Accepted):
            self._went(sending.id, sending.conversation_id)
        self.throttle.end(sending, result)
        self._finished.append((sending, result))
        self._ring()


def _alerts(opened: list[Opened]) -> list[NewAlert]:
    return [
        NewAlert(
            each.workspace_id, UNREACHABLE, "critical", str(each.number_id), {"reason": each.reason}
        )
        for each in opened
        if each.seconds is not None
    ]
