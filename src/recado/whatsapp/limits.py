"""How fast we may send, and when not at all: plain state machines that are told the time.

`now` is in monotonic seconds and never goes back. Meta's figures: 80 messages a second from a number, 1,000 after her
upgrade, 20 from one that is also in the WhatsApp Business app; one in 6 seconds to the same person, of which 45 may be
borrowed from the future.
"""

import math
from collections import deque
from typing import Literal
from uuid import UUID

STANDARD, UPGRADED, COEXISTENCE = 80, 1_000, 20  # messages a second
BURST_SECONDS = 0.25  # of a number's rate, after a pause
RECOVERY_SECONDS = (
    120.0  # from nothing to the full rate, so that a halved one is back in half of it
)
HALVE_EVERY = 1.0  # seconds: requests on their way together are refused together

ROUNDING = 1e-9  # of a message: ten tenths of a second are not quite one

PAIR_GAP, PAIR_BURST = 6.0, 45


def per_second(limit: int | None, *, coexistence: bool) -> int | None:
    """Gives the rate that holds; None is none, which whoever set it must have meant."""
    return min(limit, COEXISTENCE) if coexistence and limit is not None else limit


class TokenBucket:
    """Lets `rate` a second pass, and `burst` at once after a pause: in t seconds never more than rate * t + burst."""

    def __init__(self, rate: float, burst: float, *, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, now

    def set(self, rate: float, burst: float, *, now: float) -> None:
        """Changes the rate from now on."""
        self._refill(now)
        self._rate, self._burst = rate, burst
        self._tokens = min(self._tokens, burst)

    def available(self, now: float) -> int:
        """Says how many may pass at once."""
        self._refill(now)
        return max(math.floor(self._tokens + ROUNDING), 0)

    def take(self, count: int, now: float) -> None:
        """Notes that so many have passed."""
        self._refill(now)
        self._tokens -= count

    def wait(self, count: int, now: float) -> float:
        """Says in how many seconds so many may pass, or as many as ever may at once."""
        self._refill(now)
        return max(min(count, self._burst) - self._tokens, 0.0) / self._rate

    def _refill(self, now: float) -> None:
        self._tokens = min(self._tokens + (now - self._at) * self._rate, self._burst)
        self._at = now


class NumberRate:
    """A number's rate: as set, half of it whenever Meta finds it too much, and slowly back.

    `full` None is no limit, until Meta refuses: then half of `level`, what she gives such numbers.
    """

    def __init__(self, full: int | None, *, level: int = STANDARD, now: float) -> None:
        self._full, self._level = full, level
        self._slow: float | None = None
        self._slowed_at = -math.inf
        self._bucket = TokenBucket(self.rate(now) or level, self._burst(now), now=now)

    def set(self, full: int | None, *, level: int, now: float) -> None:
        """Changes the rate as people or Meta have set it."""
        self._full, self._level = full, level
        self._adjust(now)

    def rate(self, now: float) -> float | None:
        """Gives how many messages a second may go now; None: any."""
        top = float(self._full or self._level)
        if self._slow is not None:
            risen = self._slow + top * max(now - self._slowed_at, 0.0) / RECOVERY_SECONDS
            if risen < top:
                return risen
            self._slow = None
        return None if self._full is None else top

    def slow_down(self, now: float) -> None:
        """Halves the rate, once for all refusals of one moment."""
        if now - self._slowed_at < HALVE_EVERY:
            return
        current = self.rate(now) or float(self._level)
        self._slow, self._slowed_at = max(current / 2, 1.0), now
        self._adjust(now)

    def available(self, now: float) -> int | None:
        """Says how many messages may go at once; None: any."""
        if self.rate(now) is None:
            return None
        self._adjust(now)
        return self._bucket.available(now)

    def take(self, count: int, now: float) -> None:
        """Notes that so many messages go."""
        if self.rate(now) is not None:
            self._adjust(now)
            self._bucket.take(count, now)

    def give_back(self, now: float) -> None:
        """Takes back the note of a message that did not go."""
        if self.rate(now) is not None:
            self._bucket.take(-1, now)

    def wait(self, now: float) -> float:
        """Says in how many seconds a few messages may go that now may not: few, so that nobody looks 80 times a second."""
        rate = self.rate(now)
        if rate is None or self._bucket.available(now) >= 1:
            return 0.0
        return self._bucket.wait(max(int(rate / 20), 1), now)

    def _adjust(self, now: float) -> None:
        rate = self.rate(now)
        if rate is not None:
            self._bucket.set(rate, self._burst(now), now=now)

    def _burst(self, now: float) -> float:
        return max((self.rate(now) or self._level) * BURST_SECONDS, 1.0)


class PairPacing:
    """The pace to one person each: `burst` at once, paid back with one in `gap` seconds.

    Of each pair it keeps when everything borrowed will be paid back, and forgets those that owe nothing.
    """

    def __init__(self, *, gap: float = PAIR_GAP, burst: int = PAIR_BURST) -> None:
        self._gap = gap
        self._credit = (burst - 1) * gap
        self._paid_at: dict[UUID, float] = {}
        self._in_debt: set[UUID] = set()  # among them are all to which nothing may go
        self._look_at = 64  # how many pairs there may be before those without debts are looked for

    def __len__(self) -> int:
        """Counts the pairs that are remembered."""
        return len(self._paid_at)

    def wait(self, pair: UUID, now: float) -> float:
        """Says for how many seconds nothing may go to a person."""
        return max(self._paid_at.get(pair, now) - self._credit - now, 0.0)

    def take(self, pair: UUID, now: float) -> None:
        """Notes a message to a person."""
        self._owes(pair, max(self._paid_at.get(pair, now), now) + self._gap, now)
        if len(self._paid_at) >= self._look_at:
            self.forget_idle(now)

    def give_back(self, pair: UUID) -> None:
        """Takes back the note of a message that did not go."""
        if pair in self._paid_at:
            self._paid_at[pair] -= self._gap

    def hold(self, pair: UUID, seconds: float, now: float) -> None:
        """Lets nothing go to a person for so long, and no burst then: Meta has counted more than we have."""
        owed = now + seconds + self._credit
        self._owes(pair, max(self._paid_at.get(pair, now), owed), now)

    def barred(self, now: float) -> list[UUID]:
        """Lists the pairs to which nothing may go now."""
        self._in_debt = {pair for pair in self._in_debt if self.wait(pair, now) > 0}
        return list(self._in_debt)

    def forget_idle(self, now: float) -> None:
        """Forgets the pairs that owe nothing."""
        self._paid_at = {pair: at for pair, at in self._paid_at.items() if at > now}
        self._look_at = max(2 * len(self._paid_at), 64)

    def _owes(self, pair: UUID, paid_at: float, now: float) -> None:
        self._paid_at[pair] = paid_at
        if paid_at - self._credit > now:
            self._in_debt.add(pair)


class Breaker:
    """Stops what keeps failing, and tries again with one: closed, open, half open.

    It opens after `most` failures in a row, or when `ratio` of the last `last` results are failures; for `first`
    seconds, twice as long each time that the one probe fails, at most `longest`.
    """

    def __init__(
        self,
        *,
        most: int = 5,
        last: int = 20,
        ratio: float = 0.5,
        first: float = 5.0,
        longest: float = 60.0,
    ) -> None:
        self._most, self._ratio = most, ratio
        self._first, self._longest = first, longest
        self._results: deque[bool] = deque(maxlen=last)
        self._in_a_row = 0
        self._era = 0  # results of requests that began in an earlier one count no more
        self._open_for = 0.0
        self._until: float | None = None
        self._probing = False
        self.reason = ""

    def state(self, now: float) -> Literal["closed", "open", "half_open"]:
        """Tells the state."""
        if self._until is None:
            return "closed"
        return "open" if now < self._until else "half_open"

    @property
    def until(self) -> float | None:
        """Tells until when nothing is tried; None while closed. In the past: one may be tried."""
        return self._until

    def room(self, now: float) -> int | None:
        """Says how many requests may begin; None: any."""
        match self.state(now):
            case "closed":
                return None
            case "open":
                return 0
            case "half_open":
                return 0 if self._probing else 1

    def begin(self, now: float) -> int:
        """Notes a request that begins; `end` wants what this gives."""
        if self._until is not None and self.state(now) == "half_open":
            self._probing = True
        return self._era

    def end(self, begun: int, now: float, *, good: bool | None, reason: str = "") -> None:
        """Notes how a request ended: answered, whatever the answer, or not; None says nothing about the other side."""
        if begun != self._era or self.state(now) == "open":
            return
        self._probing = False
        if good is None:
            return
        if self._until is not None:
            self._close() if good else self._open(now, reason)
            return
        self._results.append(good)
        self._in_a_row = 0 if good else self._in_a_row + 1
        if good:
            return
        failures = self._results.count(False)
        full = len(self._results) == self._results.maxlen
        if self._in_a_row >= self._most or (full and failures >= self._ratio * len(self._results)):
            self._open(now, reason)

    def _open(self, now: float, reason: str) -> None:
        self._open_for = min(self._open_for * 2 or self._first, self._longest)
        self._until, self.reason = now + self._open_for, reason
        self._begin_anew()

    def _close(self) -> None:
        self._until, self._open_for, self.reason = None, 0.0, ""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._era += 1
        self._probing = False
        self._in_a_row = 0
        self._results.clear()
