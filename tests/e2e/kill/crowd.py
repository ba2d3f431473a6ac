"""Customers who follow their scripts, whatever becomes of the server meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import Sent
from recado.whatsapp.fake_watch import Listener
from tests.e2e.kill.script import Burst, Script, prescribed

T = TypeVar("T")
PATIENCE = 120.0  # seconds without a crash; who waits longer waits in vain


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
    """Everybody; `life` counts the crashes and recoveries so far, `progress` counts what has happened.

    Progress is what both sides can see: a message that Meta took from us, a customer's message that we took.
    """

    def __init__(
        self, meta: FakeMeta, scripts: Sequence[Script], *, life: Callable[[], int] = lambda: 0
    ) -> None:
        self._meta = meta
        self._life = life
        self._feed = meta.watchers.listen(customer=None, number=None)
        self._reached: dict[int, asyncio.Event] = {}
        self._lives: dict[str, int] = {}
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
        """Counts the progress until cancelled, and notes in which life Meta took a message."""
        while (event := await self._feed.events.get()) is not None:
            match event:
                case {"event": "sent", "entry": Sent(wamid=wamid)}:
                    self._lives[wamid] = self._life()
                    self.progress += 1
                case {"event": "webhook", "wamid": str(), "state": "delivered"}:
                    self.progress += 1
            for point, reached in self._reached.items():
                if self.progress >= point:
                    reached.set()

    async def reach(self, point: int) -> None:
        """Waits for a progress."""
        if self.progress < point:
            await self.patiently(self._reached.setdefault(point, asyncio.Event()).wait())

    async def patiently(self, work: Awaitable[T]) -> T:
        """Waits for something, but not for ever: then it says who waits for an answer."""
        try:
            return await asyncio.wait_for(work, PATIENCE)
        except TimeoutError:
            waiting = [waits for customer in self.customers if (waits := customer.waits)]
            raise AssertionError(f"nothing moves: {waiting}") from None

    def life_of(self, heard: Heard) -> int:
        """Tells in which life of the server Meta took a message."""
        return self._lives[heard.sent.wamid]

    async def talk(self, *, at_once: int) -> None:
        """Lets everybody talk to the end of their scripts, so many at the same time."""
        seats = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            for customer in self.customers:
                group.create_task(self._talk(customer, seats))

    def hear_the_rest(self) -> None:
        """Takes in what came after a customer's last wait: there must not be anything but copies."""
        for customer in self.customers:
            while not customer.feed.events.empty():
                _hear(customer, customer.feed.events.get_nowait())

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
