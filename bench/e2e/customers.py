"""Customers who talk to a bot by a script, and judge every word that comes back."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from bench.e2e.graph_sim import Taken
from bench.e2e.webhooks import Webhooks

# What a customer says, and what each reply must contain; {name} is the customer's own.
Turn = tuple[str, tuple[str, ...]]
SCRIPT: tuple[Turn, ...] = (
    ("oi", ("nome",)),
    ("{name}", ("idade",)),
    ("25", ("{name} liberado",)),
)
STATUSES = ("sent", "delivered", "read")
_RUNS = count()  # of this process: two may begin in one second
KEPT = 50_000  # who had their whole conversation so long ago is forgotten


@dataclass(eq=False, slots=True)
class Customer:
    """One person: where they are in the script, and what they wait for."""

    index: int
    phone: str
    name: str
    turn: int = 0
    expected: list[str] = field(default_factory=list)
    got: int = 0
    said_at: float = 0.0
    heard: list[str] = field(default_factory=list)
    impatience: asyncio.TimerHandle | None = None

    def fill(self, text: str) -> str:
        """Puts the name into a text."""
        return text.replace("{name}", self.name)


class Customers:
    """Everybody who ever wrote.

    `counts`: said, replied, conversations; lost (no right reply in time), duplicate (a reply heard before),
    unexpected (after the end), wrong_text, stranger. `latencies` are seconds from the moment a message was due to the
    arrival of its last reply. `turn_over` is called for whoever may speak again.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        *,
        numbers: int = 1,
        statuses: int = 0,
        timeout: float = 10.0,
        script: Sequence[Turn] = SCRIPT,
    ) -> None:
        self._webhooks = webhooks
        self._numbers = numbers
        self._statuses = STATUSES[:statuses]
        self.timeout = timeout
        self._script = script
        # Other phones in each run, so that what an earlier one left behind does not matter.
        run = int(time.time()) + next(_RUNS)
        self._first = 5_510_000_000_000 + run % 10_000 * 1_000_000
        self._made = 0
        self._gone: deque[Customer] = deque()
        self.everybody: dict[str, Customer] = {}
        self.counts: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.complaints: list[str] = []
        self.turn_over: Callable[[Customer], None] = lambda _: None

    def new(self) -> Customer:
        """Lets somebody in who never wrote before."""
        index, self._made = self._made, self._made + 1
        customer = Customer(index, str(self._first + index), f"Ana{index:06d}")
        self.everybody[customer.phone] = customer
        return customer

    def say(self, customer: Customer, due: float | None = None) -> None:
        """Lets a customer say the next thing of the script and wait for the replies."""
        text, replies = self._script[customer.turn]
        customer.expected, customer.got = [customer.fill(each) for each in replies], 0
        customer.said_at = due or time.perf_counter()
        self.counts["said"] += 1
        loop = asyncio.get_running_loop()
        customer.impatience = loop.call_later(self.timeout, self._give_up, customer)
        self.post(customer, text)

    def post(self, customer: Customer, text: str) -> None:
        """Posts a customer's words without waiting for anything."""
        number = customer.index % self._numbers
        self._webhooks.say(number, customer.phone, customer.name, customer.fill(text))

    def hear(self, taken: Taken) -> None:
        """Judges a message that Meta took from the bot, and posts its statuses."""
        customer = self.everybody.get(taken.to)
        if customer is None:
            self.counts["stranger"] += 1
            return
        number = customer.index % self._numbers
        for status in self._statuses:
            self._webhooks.status(number, taken.to, taken.wamid, status, taken.opaque)
        self._judge(customer, taken.text, taken.at)
        customer.heard.append(taken.text)

    @property
    def waiting(self) -> int:
        """Counts those who wait for a reply."""
        return self.counts["said"] - self.counts["replied"] - self.counts["lost"]

    def _judge(self, customer: Customer, text: str, at: float) -> None:
        if customer.expected and customer.expected[customer.got] in text:
            customer.got += 1
            if customer.got == len(customer.expected):
                self._answered(customer, at)
        elif text in customer.heard:
            self.counts["duplicate"] += 1
        elif customer.expected:
            self._wrong(customer, text)
        else:
            self.counts["unexpected"] += 1

    def _answered(self, customer: Customer, at: float) -> None:
        self.latencies.append(at - customer.said_at)
        self.counts["replied"] += 1
        customer.expected = []
        if customer.impatience:
            customer.impatience.cancel()
        customer.turn += 1
        if customer.turn == len(self._script):
            self._bid_farewell(customer)
            customer = self.new()
        # Not from inside the bot's own request: its answer goes first.
        asyncio.get_running_loop().call_soon(self.turn_over, customer)

    def _bid_farewell(self, customer: Customer) -> None:
        self.counts["conversations"] += 1
        self._gone.append(customer)
        if len(self._gone) > KEPT:
            del self.everybody[self._gone.popleft().phone]

    def _give_up(self, customer: Customer) -> None:
        """Counts a loss; the bot's state of this customer is unknown, so somebody else takes the place."""
        self.counts["lost"] += 1
        self.complaints.append(f"{customer.phone} waits for {customer.expected!r}")
        customer.expected = []
        self.turn_over(self.new())

    def _wrong(self, customer: Customer, text: str) -> None:
        self.counts["wrong_text"] += 1
        wanted = customer.expected[customer.got]
        self.complaints.append(f"{customer.phone} wants {wanted!r}, got {text[:80]!r}")
