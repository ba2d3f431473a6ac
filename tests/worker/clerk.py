"""A sender whose requests are all answered as the test says; it counts what begins."""

import asyncio

from recado.store.outbox import Sending
from recado.whatsapp.errors import CODES
from recado.whatsapp.outcomes import Accepted, NotSent, Refused, SendResult
from recado.worker.send import Sender
from tests.worker.desk import Desk
from tests.worker.scripted import Scripted
from tests.worker.stage import VAULT


def refusal(code: int, *, retry_after: float | None = None) -> Refused:
    """Makes one of Meta's refusals."""
    return Refused(CODES[code], code, "", "", 400, retry_after)


class Counting(Sender):
    """Counts the requests that have ended."""

    ended = 0

    def _ended(self, sending: Sending, result: SendResult) -> None:
        super()._ended(sending, result)
        self.ended += 1


class Clerk:
    """A sender at work."""

    unreachable = NotSent("connect")

    def __init__(self, desk: Desk, client: Scripted) -> None:
        self._desk, self._client = desk, client
        self._answered = 0
        self.sender = Counting(desk.stage.pool, VAULT, client, **desk.settings)

    async def begins(self, *, later: float = 0.0) -> int:
        """Does rounds until nothing more begins; gives how many did."""
        self._desk.now += later
        self.sender.wake()  # as whoever queues something does
        while await self.sender.step():
            pass
        asked = await self._client.begun(self._answered + self.sender.in_flight)
        return len(asked) - self._answered

    async def answers(self, result: SendResult | None = None) -> None:
        """Ends what is on its way, and waits until the sender has heard of all of it."""
        fresh = self._client.asked[self._answered :]
        for n, asked in enumerate(fresh):
            asked.answer.set_result(result or Accepted(f"w{self._answered + n}"))
        self._answered += len(fresh)
        async with asyncio.timeout(20):
            while self.sender.ended < self._answered:
                self._desk.rung.clear()
                await self._desk.rung.wait()
