"""Customers who follow their scripts, whatever becomes of the server meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import Sent
from recado.whatsapp.fake_watch import Listener
from tests.e2e.kill.script import Burst, Script, prescribed


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that Meta took from us, and in which life of the server."""

    sent: Sent
    life: int

    @property
    def id(self) -> UUID:
        """Gives our own id of the message."""
        return UUID((self.sent.opaque or "").partition(".")[0])

    @property
    def attempt(self) -> int:
        """Says which try of ours it was."""
        return int((self.sent.opaque or "").partition(".")[2])


@dataclass(eq=False)
class Customer:
    """One person: what they are going to say, what they have said (Meta's ids), what they got."""

    script: Script
    feed: Listener
    said: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    answered: set[UUID] = field(default_factory=set)

    def excuse(self, message: UUID) -> None:
        """Says that an answer will not come: nobody knows whether it went out, and it may not go again."""
        if message not in self.answered:
            self.feed.events.put_nowait({"event": "excused", "message": message})


class Crowd:
    """Everybody; `life` tells which start of the server it is, `progress` counts what has happened.

    Progress is what both sides can see: a message that Meta took from us, a customer's message that we took.
    """

    def __init__(
        self, meta: FakeMeta, scripts: Sequence[Script], *, life: Callable[[], int]
    ) -> None:
        self._meta = meta
        self._life = life
        self._feed = meta.watchers.listen(customer=None, number=None)
        self._reached: dict[int, asyncio.Event] = {}
        self.progress = 0
        self.customers = [
            Customer(script, meta.watchers.listen(customer=script.phone, number=None))
            for script in scripts
        ]

    @property
    def total(self) -> int:
        """Says how far the progress goes when nothing goes wrong."""
        texts = [customer.script.texts for customer in self.customers]
        return sum(len(each) + len(sum(prescribed(each), [])) for each in texts)

    async def count(self) -> None:
        """Counts the progress until cancelled."""
        while (event := await self._feed.events.get()) is not None:
            taken = event["event"] == "webhook" and event["wamid"] and event["state"] == "delivered"
            if taken or event["event"] == "sent":
                self.progress += 1
            for point, reached in self._reached.items():
                if self.progress >= point:
                    reached.set()

    async def reach(self, point: int) -> None:
        """Waits for a progress."""
        reached = self._reached.setdefault(point, asyncio.Event())
        await reached.wait()

    async def talk(self, *, at_once: int) -> None:
        """Lets everybody talk to the end of their scripts, so many at the same time."""
        seats = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            for customer in self.customers:
                group.create_task(self._talk(customer, seats))

    async def _talk(self, customer: Customer, seats: asyncio.Semaphore) -> None:
        async with seats:
            for burst in customer.script.bursts:
                await self._say(customer, burst)
                said = customer.script.texts[: len(customer.said)]
                await self._listen(customer, until=len(sum(prescribed(said), [])))

    async def _say(self, customer: Customer, burst: Burst) -> None:
        for text, gap in zip(burst.texts, (0.0, *burst.gaps), strict=True):
            await asyncio.sleep(gap)
            customer.said.append(self._meta.say(customer.script.phone, text))

    async def _listen(self, customer: Customer, *, until: int) -> None:
        while len(customer.answered) < until:
            event = await customer.feed.events.get()
            assert event is not None, f"{customer.script.phone} fell behind"
            match event:
                case {"event": "sent", "entry": Sent() as sent}:
                    heard = Heard(sent, self._life())
                    customer.heard.append(heard)
                    customer.answered.add(heard.id)
                case {"event": "excused", "message": UUID() as message}:
                    customer.answered.add(message)

    def hear_the_rest(self) -> None:
        """Takes in what came after a customer's last wait: there must not be anything but copies."""
        for customer in self.customers:
            while not customer.feed.events.empty():
                event = customer.feed.events.get_nowait()
                if event and event["event"] == "sent" and isinstance(event["entry"], Sent):
                    customer.heard.append(Heard(event["entry"], self._life()))
