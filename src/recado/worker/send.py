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
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from recado.store import leases, outbox
from recado.store.alerts import raise_alerts
from recado.store.listen import OUTBOX
from recado.store.outbox import Sending
from recado.store.pool import Db, Pool
from recado.store.secrets import Vault
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.outcomes import NotSent, Refused, SendResult, Unknown
from recado.worker import sweep
from recado.worker.finish import finish
from recado.worker.lease import Leases
from recado.worker.ready import ready
from recado.worker.tokens import Tokens
from recado.worker.verdict import NO_ACCOUNT

log = structlog.get_logger(__name__)

IN_FLIGHT = 200
EACH = 50  # of one number: a slow one must not take all the room
TICK = 1.0  # seconds


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
        luck: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._tokens = Tokens(vault)
        self._client = client
        self._graph = graph
        self._unknown_wait = unknown_wait
        self._ring = ring
        self._luck = luck
        self._monotonic = monotonic
        self._leases = Leases(owner, monotonic=monotonic)
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
                await self._adopt(db, got, doubts=True)
            if told & numbers - got.keys():  # another process sends for them
                await db.execute("select pg_notify($1, '')", OUTBOX)

    async def _adopt(self, db: Db, held: dict[UUID, int], *, doubts: bool) -> None:
        flying = list(self._in_flight)
        wait = self._unknown_wait
        await sweep.adopt_orphans(db, held, flying, unknown_wait=wait, doubts=doubts)

    async def _tick(self, db: Db) -> None:
        self._ticked_at = self._monotonic()
        numbers = list(self._leases.epochs)
        async with (
            db.transaction()
        ):  # what was in flight here when its lease was taken may be an orphan by now
            await self._adopt(db, self._leases.epochs, doubts=False)
        async with db.transaction():
            await sweep.expire(db, numbers)
        async with db.transaction():
            await sweep.end_doubts(db, numbers)
        async with db.transaction():
            for id in await outbox.resend_doubts(db, numbers):
                log.warning("send_again_after_doubt", message=str(id))

    # A round.

    async def _round(self) -> bool:
        """Writes results and begins requests; says whether it left that to the next round.

        Where numbers were held it does: their rows and those of our leases would not be locked in one order.
        """
        finished = list(self._finished)
        granted: list[Sending] = []
        most, limit = self._room(finished)
        if not finished and not most:
            return False
        async with self._pool.acquire() as db, db.transaction():
            outcome = await finish(db, finished, luck=self._luck, unknown_wait=self._unknown_wait)
            if most and not outcome.holds_numbers:
                granted = await self._grant(db, most, limit)
            await raise_alerts(db, outcome.alerts)
        del self._finished[: len(finished)]
        for sending, _ in finished:
            self._in_flight.pop(sending.id, None)
        for sending in granted:
            self._start(sending)
        return bool(most) and outcome.holds_numbers

    def _room(self, finished: Sequence[tuple[Sending, SendResult]]) -> tuple[dict[UUID, int], int]:
        """Says how many requests each number may begin, and all together.

        A number that has none on its way may always begin one, however many others have.
        """
        if not self._granting:
            return {}, 0
        numbers = self._leases.epochs
        ended = {sending.id for sending, _ in finished}
        flying = Counter(
            each.number_id for each in self._in_flight.values() if each.id not in ended
        )
        free = max(IN_FLIGHT - flying.total(), 0)
        idle = sum(number not in flying for number in numbers)
        room = {
            number: max(min(EACH - flying[number], free), int(number not in flying))
            for number in numbers
        }
        return {number: most for number, most in room.items() if most > 0}, max(free, idle)

    async def _grant(self, db: Db, most: dict[UUID, int], limit: int) -> list[Sending]:
        leased = {number: self._leases.epochs[number] for number in most}
        granted = await outbox.grant(db, self._leases.owner, leased, most=most, limit=limit)
        await self._tokens.load(db, granted)
        return granted

    def _start(self, sending: Sending) -> None:
        self._in_flight[sending.id] = sending
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
            log.critical("send_broke", message=str(sending.id), error=type(problem).__name__)
        result = Unknown("broke") if problem else request.result()
        self._finished.append((sending, result))
        self._ring()
