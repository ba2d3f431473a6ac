"""Customers who follow their scripts, whatever becomes of the server meanwhile."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import Sent
from recado.whatsapp.fake_watch import Listener
from tests.e2e.kill.script import Burst, Script, prescribed

T = TypeVar("T")
PATIENCE = 60.0  # seconds in which nothing moves; who waits longer waits in vain
MERGED_WITHIN = 2.0  # seconds from a status that we took to the message that it is about


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that Meta took from us."""

    sent: Sent

    @property
    def id(self) -> UUID:
        """Gives our own id of the message, without the attempt."""
        return UUID((self.sent.opaque or "").partition(".")[0])


@dataclass(eq=False)
class Customer:
    """One person: what they are going to say, what they have said (Meta's ids), what they got."""

    script: Script
    feed: Listener
    said: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    answered: set[UUID] = field(default_factory=set)
    awaited: int = 0

    @property
    def waits(self) -> str | None:
        """Says what the customer has said and heard, while more is to come."""
        if len(self.answered) >= self.awaited:
            return None
        said = self.script.texts[: len(self.said)]
        return f"{self.script.phone} said {said}, heard {[heard.sent.text for heard in self.heard]}"

    def excuse(self, message: UUID) -> None:
        """Says that an answer will not come: nobody knows whether it went out, and it may not go again."""
        if message not in self.answered:
            self.feed.events.put_nowait({"event": "excused", "message": message})


class Crowd:
    """Everybody. `progress` counts what both sides can see: a message that Meta took from us, or we from her.

    `taken`: customers' messages that we took at Meta's first try. `needless`: answers that went out again though
    their status had come.
    """

    def __init__(self, meta: FakeMeta, scripts: Sequence[Script]) -> None:
        self._meta = meta
        self._feed = meta.watchers.listen(customer=None, number=None)
        self._reached: dict[int, asyncio.Event] = {}
        self._first: dict[str, str] = {}
        self.taken: set[str] = set()
        self.needless: set[UUID] = set()
        self.progress = 0
        self.customers = [
            Customer(script, meta.watchers.listen(customer=script.phone, number=None))
            for script in scripts
        ]

    @property
    def total(self) -> int:
        """Says how far the progress goes when nothing goes wrong."""
        texts = [customer.script.texts for customer in self.customers]
        return sum(len(each) + _answers(each) for each in texts)

    async def count(self) -> None:
        """Counts the progress until cancelled."""
        while (event := await self._feed.events.get()) is not None:
            match event:
                case {"event": "sent", "entry": Sent() as sent}:
                    self._compare(Heard(sent))
                    self.progress += 1
                case {"event": "webhook", "wamid": str(wamid), "state": "delivered", "attempts": n}:
                    if n == 1:
                        self.taken.add(wamid)
                    self.progress += 1
            for point, reached in self._reached.items():
                if self.progress >= point:
                    reached.set()

    async def reach(self, point: int) -> None:
        """Waits for a progress."""
        if self.progress < point:
            await self.patiently(self._reached.setdefault(point, asyncio.Event()).wait())

    async def patiently(self, work: Awaitable[T]) -> T:
        """Waits for something while anything moves; then it says who waits for an answer."""
        task = asyncio.ensure_future(work)
        try:
            while True:
                before = self.progress
                if (await asyncio.wait({task}, timeout=PATIENCE))[0]:
                    return task.result()
                if self.progress == before:
                    waiting = [waits for customer in self.customers if (waits := customer.waits)]
                    raise AssertionError(f"nothing moves: {waiting}")
        finally:
            task.cancel()

    async def talk(self, customers: Sequence[Customer] | None = None, *, at_once: int) -> None:
        """Lets customers, or everybody, talk to the end of their scripts, so many at the same time."""
        seats = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            for customer in customers or self.customers:
                group.create_task(self._talk(customer, seats))

    def hear_the_rest(self) -> None:
        """Takes in what came after a customer's last wait: there must not be anything but copies."""
        for customer in self.customers:
            while not customer.feed.events.empty():
                _hear(customer, customer.feed.events.get_nowait())

    def _compare(self, heard: Heard) -> None:
        """Looks at a second copy while Meta still knows how the first one's statuses fared."""
        opaque = str(heard.id)
        first = self._first.setdefault(opaque, heard.sent.wamid)
        if first != heard.sent.wamid and self._told(first, heard.sent):
            self.needless.add(heard.id)

    def _told(self, wamid: str, second: Sent) -> bool:
        """Says whether we had taken a status of a message, and had had time to merge it, before its second copy."""
        return any(
            attempt.status == 200 and attempt.at < second.at - MERGED_WITHIN
            for delivery in self._meta.deliveries.kept
            if delivery.wamid is None and wamid.encode() in delivery.body
            for attempt in delivery.attempts
        )

    async def _talk(self, customer: Customer, seats: asyncio.Semaphore) -> None:
        async with seats:
            for burst in customer.script.bursts:
                await self._say(customer, burst)
                said = customer.script.texts[: len(customer.said)]
                customer.awaited = _answers(said)
                while len(customer.answered) < customer.awaited:
                    _hear(customer, await customer.feed.events.get())

    async def _say(self, customer: Customer, burst: Burst) -> None:
        for text, gap in zip(burst.texts, (0.0, *burst.gaps), strict=True):
            await asyncio.sleep(gap)
            customer.said.append(self._meta.say(customer.script.phone, text))


def _answers(texts: Sequence[str]) -> int:
    """Counts the messages that answer these; the number does not depend on their order."""
    return sum(len(each) for each in prescribed(texts))


def _hear(customer: Customer, event: object) -> None:
    match event:
        case {"event": "sent", "entry": Sent() as sent}:
            customer.heard.append(heard := Heard(sent))
            customer.answered.add(heard.id)
        case {"event": "excused", "message": UUID() as message}:
            customer.answered.add(message)
        case None:
            raise AssertionError(f"{customer.script.phone} fell behind")
