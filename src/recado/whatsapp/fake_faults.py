"""The fault plan: what should go wrong, how often and for whom; the luck is seeded."""

import random
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from recado.whatsapp.fake_errors import FakeError, by_code
from recado.whatsapp.fake_records import customer_key

Kind = Literal[
    "error",  # refuse with Meta's error object of `code`
    "http_500",  # answer `http` (500) without a body, not accepted
    "reset_before",  # reset the connection after the request was read, not accepted
    "reset_after",  # accept, then reset the connection: the answer is lost
    "delay",  # wait `ms` before accepting
    "delay_answer",  # accept (statuses go out), then wait `ms` before answering
    "fail_later",  # accept, then report a failed status with `code`
    "no_statuses",  # accept, but no status ever comes
    "duplicate",  # post a webhook twice at the same time
    "reorder",  # let the next webhook of the same customer overtake this one
]
Endpoint = Literal["messages", "receipts", "media", "message_templates"]
_WEBHOOK: frozenset[Kind] = frozenset({"duplicate", "reorder"})
_OUTCOMES: frozenset[Kind] = frozenset({"error", "http_500", "reset_before", "reset_after"})


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong: with a probability, for the next `count` times or for ever."""

    kind: Kind
    probability: float = 1.0
    count: int | None = None
    code: int = 131000
    http: int | None = None
    ms: int = 0
    to: str | None = None  # only for this customer
    number: str | None = None  # only for this phone_number_id
    # All but messages know only outcomes without an acceptance, receipts also `delay`.
    on: Endpoint = "messages"
    details: str | None = None


@dataclass(slots=True)
class Drawn:
    """What goes wrong with one message."""

    error: FakeError | None = None
    http: int | None = None
    reset_before: bool = False
    reset_after: bool = False
    delay: float = 0.0
    delay_answer: float = 0.0
    fail_later: FakeError | None = None
    no_statuses: bool = False


@dataclass(slots=True)
class _Active:
    fault: Fault
    left: int | None
    hits: int = 0


@dataclass(slots=True)
class FaultPlan:
    """The faults in force; the same seed draws the same luck."""

    seed: int = 0
    _active: list[_Active] = field(default_factory=list)
    _luck: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._luck = random.Random(self.seed)

    def add(self, *faults: Fault) -> None:
        """Puts faults in force, after those already there; they take effect in this order."""
        for fault in faults:
            to = None if fault.to is None else customer_key(fault.to)
            self._active.append(_Active(msgspec.structs.replace(fault, to=to), fault.count))

    def clear(self) -> None:
        """Ends all faults and starts the luck over."""
        self._active.clear()
        self._luck = random.Random(self.seed)

    def listed(self) -> list[tuple[Fault, int | None, int]]:
        """Lists the faults in force with how many times are left and how often each has hit."""
        return [(active.fault, active.left, active.hits) for active in self._active]

    def draw(self, *, number: str, to: str, on: Endpoint = "messages") -> Drawn:
        """Decides what goes wrong with a message that the business posts, or another request of hers.

        A message has one outcome, so queued refusals come one a message, in their order.
        """
        drawn = Drawn()
        settled = False
        for active in self._active:
            kind = active.fault.kind
            if kind in _WEBHOOK or active.fault.on != on or (settled and kind in _OUTCOMES):
                continue
            if self._hits(active, number, to):
                settled = settled or kind in _OUTCOMES
                _apply(drawn, active.fault)
        return drawn

    def draw_webhook(self, *, number: str, to: str) -> frozenset[Kind]:
        """Decides what goes wrong with a webhook about a customer."""
        return frozenset(
            active.fault.kind
            for active in self._active
            if active.fault.kind in _WEBHOOK and self._hits(active, number, to)
        )

    def _hits(self, active: _Active, number: str, to: str) -> bool:
        fault = active.fault
        if active.left == 0 or fault.number not in (None, number) or fault.to not in (None, to):
            return False
        if fault.probability < 1.0 and self._luck.random() >= fault.probability:
            return False
        active.hits += 1
        if active.left is not None:
            active.left -= 1
        return True


def _apply(drawn: Drawn, fault: Fault) -> None:
    match fault.kind:
        case "error":
            drawn.error = by_code(fault.code, fault.details, status=fault.http)
        case "http_500":
            drawn.http = fault.http or 500
        case "reset_before":
            drawn.reset_before = True
        case "reset_after":
            drawn.reset_after = True
        case "delay":
            drawn.delay += fault.ms / 1000
        case "delay_answer":
            drawn.delay_answer += fault.ms / 1000
        case "fail_later":
            drawn.fail_later = by_code(fault.code, fault.details)
        case "no_statuses":
            drawn.no_statuses = True
        case "duplicate" | "reorder":
            pass
