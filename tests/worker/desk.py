"""A sender at work against a fake Meta, round by round, with clocks and luck that the test holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from recado.store.ids import new_id
from recado.whatsapp.client import GraphClient
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import FakeNumber
from recado.worker.requests import Graph
from recado.worker.send import Sender
from tests.worker.stage import VAULT, Stage

NUMBER = FakeNumber(
    phone_number_id="100",
    waba_id="200",
    display_phone_number="+55 11 90000-0000",
    access_token="token",
)


@dataclass
class Desk:
    """A sender, Meta, and a monotonic clock in `now`."""

    stage: Stage
    meta: FakeMeta
    client: GraphClient
    sender: Sender = field(init=False)
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    now: float = 1_000.0

    def __post_init__(self) -> None:
        self.sender = self.new_sender()

    @property
    def settings(self) -> dict[str, Any]:
        """Gives what a sender of another process is made of."""
        return {
            "owner": new_id(),
            "graph": Graph(self.meta.url, "v25.0"),
            "unknown_wait": 30.0,
            "ring": self.rung.set,
            "luck": lambda: 0.5,
            "monotonic": lambda: self.now,
        }

    def new_sender(self) -> Sender:
        """Makes a sender as another process would have it."""
        return Sender(self.stage.pool, VAULT, self.client, **self.settings)

    async def work(self, sender: Sender | None = None) -> None:
        """Does rounds, a tick later than before, until nothing is running and nothing can begin."""
        sender = sender or self.sender
        self.now += 1.0
        while True:
            self.rung.clear()
            if await sender.step():
                continue
            if not sender.in_flight:
                return
            await asyncio.wait_for(self.rung.wait(), 20)

    async def pass_time(self, seconds: float) -> None:
        """Lets time go by, for the rows and for the monotonic clock."""
        self.now += seconds
        await self.stage.pass_time(seconds)

    def texts(self, customer: str = "5511912345678") -> list[str]:
        """Lists what a customer got, in order."""
        return [sent.text for sent in self.meta.sent_to(customer)]


@asynccontextmanager
async def open_desk(stage: Stage) -> AsyncIterator[Desk]:
    """Opens Meta and a client."""
    meta = FakeMeta([NUMBER])
    await meta.start()
    try:
        async with GraphClient(total_seconds=5.0) as client:
            yield Desk(stage, meta, client)
    finally:
        await meta.stop()
