"""What is measured of turns, sends, statuses, calls and receipts.

The paths that every message takes count once a batch, on lines that were looked up before. What must never happen is
there from the start, as 0.
"""

from collections import Counter as Count
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from recado.nodes import NODE_TYPES
from recado.store.metrics import OTHER, Lines
from recado.whatsapp.errors import CODES
from recado.worker.fate import RANK
from recado.worker.node_times import NodeTimes

TURN_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)  # seconds
CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

TURNS = Counter("recado_turns", "Turns that sessions have made.")
TURN_SECONDS = Histogram(
    "recado_turn_seconds",
    "How long a take-up takes, of many conversations at once, from their claim to the commit.",
    buckets=TURN_BUCKETS,
)
TURN_CONVERSATIONS = Histogram(
    "recado_turn_conversations", "Conversations in a take-up.", buckets=(1, 2, 5, 10, 20, 50)
)
NODE_VISITS = Counter("recado_node_visits", "Visits to nodes.", ["type"])
NODE_SECONDS = Counter("recado_node_seconds", "Time spent in nodes.", ["type"])
STEP_FAILURES = Counter("recado_step_failures", "Steps of loops that failed.", ["loop"])
SENDS = Counter("recado_sends", "What came of sending a message.", ["number", "outcome"])
IN_DOUBT = Counter(
    "recado_sends_in_doubt",
    "Sends whose fate nobody knew (began), and how their doubt ended.",
    ["step"],
)
DELIVERY_FAILURES = Counter(
    "recado_delivery_failures", "Messages that Meta took and failed to deliver.", ["code"]
)
STATUSES = Counter("recado_statuses", "Statuses of Meta's that were merged.", ["status"])
LOST = Counter("recado_lost", "Messages that were given up.", ["how"])
DOUBLED = Counter("recado_doubled", "Messages that went out twice.")
CALLS = Counter("recado_calls", "Calls of flows to the world outside.", ["kind", "outcome"])
CALL_SECONDS = Histogram(
    "recado_call_seconds", "How long these calls take.", ["kind"], buckets=CALL_BUCKETS
)
RECEIPTS = Counter("recado_receipts", "Read receipts, and why they were dropped.", ["outcome"])

_visits = {type: NODE_VISITS.labels(type) for type in NODE_TYPES}
_seconds = {type: NODE_SECONDS.labels(type) for type in NODE_TYPES}
_sends = Lines(SENDS)
_failures = Lines(DELIVERY_FAILURES)
_statuses = Lines(STATUSES)
_receipts = {
    outcome: RECEIPTS.labels(outcome)
    for outcome in ("marked", "refused", "failed", "late", "answered", "crowded", "held")
}
for _how in ("parked", "expired", "status_dropped"):
    LOST.labels(_how)
for _step in ("began", "sent_again", "given_up", "adopted"):
    IN_DOUBT.labels(_step)


def took_up(conversations: int, turns: int, nodes: NodeTimes, seconds: float) -> None:
    """Counts a take-up that is committed."""
    TURN_SECONDS.observe(seconds)
    TURN_CONVERSATIONS.observe(conversations)
    TURNS.inc(turns)
    for type, visits, spent in nodes.spent():
        if type in _visits:
            _visits[type].inc(visits)
            _seconds[type].inc(spent)


def sent(outcomes: Iterable[tuple[UUID, str]], *, doubled: int) -> None:
    """Counts what came of sends, of a whole round: the number, and accepted, again, failed or unknown."""
    for (number, outcome), count in Count(outcomes).items():
        _sends.of(str(number), outcome).inc(count)
        if outcome == "unknown":
            IN_DOUBT.labels("began").inc(count)
    if doubled:
        DOUBLED.inc(doubled)


def merged(statuses: Iterable[str]) -> None:
    """Counts the statuses of a batch, by Meta's words; one that we do not know is `other`."""
    known = (each if each in RANK or each == "failed" else OTHER for each in statuses)
    for status, count in Count(known).items():
        _statuses.of(status).inc(count)


def not_delivered(code: int | None) -> None:
    """Counts a message that failed at Meta after she had taken it."""
    _failures.of(str(code) if code in CODES else OTHER).inc()


def receipt(outcome: str) -> None:
    """Counts a read receipt."""
    _receipts[outcome].inc()


def called(kind: str, error: str | None, seconds: float) -> None:
    """Counts a call that is over."""
    CALLS.labels(kind, error or "ok").inc()
    CALL_SECONDS.labels(kind).observe(seconds)


class Breakers(Collector):
    """Shows which breakers are open: asked when somebody looks, of whoever knows."""

    NAME = "recado_breaker_open"

    def __init__(self) -> None:
        self._feeds: dict[str, Callable[[], Mapping[str, float]]] = {}

    def feed(self, who: str, states: Callable[[], Mapping[str, float]]) -> None:
        """Lets `states` say of each number or host: 0 closed, 0.5 trying again, 1 open."""
        self._feeds[who] = states

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Asks everybody."""
        family = GaugeMetricFamily(
            self.NAME,
            "Whether sending is broken off: 0 no, 0.5 being tried again, 1 yes.",
            labels=["what", "name"],
        )
        for what, states in self._feeds.items():
            for name, state in states().items():
                family.add_metric([what, name], state)
        yield family


BREAKERS = Breakers()
REGISTRY.register(BREAKERS)
