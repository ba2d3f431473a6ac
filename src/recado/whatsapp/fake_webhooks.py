"""Delivers signed webhooks: in order per customer, again and again until the answer is 200."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from recado.whatsapp.fake_faults import FaultPlan
from recado.whatsapp.fake_payloads import encode
from recado.whatsapp.fake_records import FakeNumber
from recado.whatsapp.signature import sign

KEPT = 10_000
# Meta: again at once, then less and less often for 7 days; here the first half hour of it.
GAPS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
_TIMEOUT = aiohttp.ClientTimeout(total=20)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the HTTP status that came back, or what went wrong instead."""

    at: float
    status: int | None
    error: str | None = None


@dataclass(slots=True)
class Delivery:
    """A webhook on its way; `wamid` is set when it carries a customer's message."""

    id: int
    phone_number_id: str
    customer: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    wamid: str | None
    state: Literal["pending", "delivered", "given_up"] = "pending"
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class _Lane:
    """What waits for one customer; the first tries go out one after the other."""

    waiting: deque[tuple[Delivery, bool, bool]] = field(default_factory=deque)
    more: asyncio.Event = field(default_factory=asyncio.Event)


class Deliveries:
    """Posts webhooks and keeps the last 10,000 with their answers."""

    def __init__(
        self,
        plan: FaultPlan,
        *,
        gaps: Sequence[float],
        hold: float,
        now: Callable[[], float],
        changed: Callable[[Delivery], None],
    ) -> None:
        self.kept: deque[Delivery] = deque(maxlen=KEPT)
        self._plan = plan
        self._gaps = gaps
        self._hold = hold
        self._now = now
        self._changed = changed
        self._made = 0
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Opens the connections that webhooks go out on."""
        connector = aiohttp.TCPConnector(limit=200)
        self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT)

    async def close(self) -> None:
        """Drops what is still on its way and closes the connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def post(
        self,
        number: FakeNumber,
        payload: Mapping[str, object],
        *,
        customer: str = "",
        wamid: str | None = None,
    ) -> Delivery | None:
        """Puts a webhook on its way; a number without a webhook URL gets none."""
        if number.webhook_url is None:
            return None
        delivery = self._delivery(number, encode(payload), customer, wamid)
        self.kept.append(delivery)
        faults = self._plan.draw_webhook(number=number.phone_number_id, to=customer)
        key = (number.phone_number_id, customer)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
            self._start(self._drain(key, lane))
        lane.waiting.append((delivery, "reorder" in faults, "duplicate" in faults))
        lane.more.set()
        return delivery

    async def idle(self) -> None:
        """Waits until every webhook has its 200 or was given up."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _delivery(
        self, number: FakeNumber, body: bytes, customer: str, wamid: str | None
    ) -> Delivery:
        self._made += 1
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if number.app_secret:
            headers["X-Hub-Signature-256"] = sign(number.app_secret, body)
        return Delivery(
            id=self._made,
            phone_number_id=number.phone_number_id,
            customer=customer,
            url=str(number.webhook_url),
            body=body,
            headers=headers,
            wamid=wamid,
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, key: tuple[str, str], lane: _Lane) -> None:
        while lane.waiting:
            delivery, late, twice = lane.waiting.popleft()
            if late and await self._overtaken(lane):
                lane.waiting.insert(1, (delivery, False, twice))
                continue
            tries = [self._attempt(delivery) for _ in range(2 if twice else 1)]
            if not any(await asyncio.gather(*tries)):
                self._start(self._again(delivery))
        del self._lanes[key]

    async def _overtaken(self, lane: _Lane) -> bool:
        if not lane.waiting:
            lane.more.clear()
            try:
                await asyncio.wait_for(lane.more.wait(), self._hold)
            except TimeoutError:
                return False
        return True

    async def _again(self, delivery: Delivery) -> None:
        for gap in self._gaps:
            await asyncio.sleep(gap)
            if await self._attempt(delivery):
                return
        delivery.state = "given_up"
        self._changed(delivery)

    async def _attempt(self, delivery: Delivery) -> bool:
        attempt = await self._try(delivery)
        delivery.attempts.append(attempt)
        if attempt.status == 200:
            delivery.state = "delivered"
        self._changed(delivery)
        return attempt.status == 200

    async def _try(self, delivery: Delivery) -> Attempt:
        if self._session is None:
            return Attempt(self._now(), None, "not started")
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=delivery.headers, allow_redirects=False
            ) as answer:
                await answer.read()
                return Attempt(self._now(), answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Attempt(self._now(), None, type(error).__name__)
