"""The pace of the numbers that this process sends for, all in its memory: rates, pairs, breakers, room for requests.

Nothing here waits or asks the database. What a number may do is told once a second (`know`); what has become of
requests, as they end. Whoever takes the numbers over begins with what Meta allows after a pause.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from recado.store.grants import Room, Rooms
from recado.store.holds import Hold, Speed
from recado.store.outbox import NewSend, Sending
from recado.whatsapp.errors import PAIR_RATE
from recado.whatsapp.limits import (
    COEXISTENCE,
    STANDARD,
    UPGRADED,
    Breaker,
    NumberRate,
    PairPacing,
    per_second,
)
from recado.whatsapp.outcomes import Refused, SendResult
from recado.worker.verdict import answered, pair_wait

IN_FLIGHT = 400
EACH = 100  # of one number: a slow one must not take all the room
# The share that bulk may take, so that a reply finds room at once however slow Meta is.
BULK_IN_FLIGHT, BULK_EACH = 300, 80


@dataclass(frozen=True, slots=True)
class Opened:
    """A number whose breaker is open for so many seconds, and why; None: it is closed again."""

    number_id: UUID
    workspace_id: UUID
    seconds: float | None
    reason: str


@dataclass(slots=True)
class _Number:
    workspace_id: UUID
    host: str
    rate: NumberRate
    breaker: Breaker = field(default_factory=Breaker)
    held_until: float = -math.inf


class _Begun(NamedTuple):
    """What the breakers of a request on its way want to hear at its end."""

    number: Breaker
    host: Breaker
    eras: tuple[int, int]


class Throttle:
    """Grants room for requests, and learns from how they end. `graph_url` is of numbers without one of their own."""

    def __init__(self, *, graph_url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._graph_url = graph_url
        self._monotonic = monotonic
        self._numbers: dict[UUID, _Number] = {}
        self._hosts: dict[str, Breaker] = {}
        self._pairs = PairPacing()
        self._begun: dict[UUID, _Begun] = {}
        self._flying: Counter[UUID] = Counter()
        self._flying_bulk: Counter[UUID] = Counter()
        self._thirsty: set[UUID] = set()  # have sent all that their rates allowed
        self._told: dict[UUID, float] = {}
        self._news = False

    # What holds for a number.

    def know(self, speeds: Iterable[Speed]) -> None:
        """Takes over how fast numbers may send."""
        now = self._monotonic()
        for speed in speeds:
            host = urlsplit(speed.graph_url or self._graph_url).netloc
            full = per_second(speed.messages_per_second, coexistence=speed.coexistence)
            number = self._numbers.get(speed.number_id)
            if number is None:
                rate = NumberRate(full, level=_level(speed), now=now)
                number = _Number(speed.workspace_id, host, rate)
                self._numbers[speed.number_id] = number
            else:
                number.host = host
                number.rate.set(full, level=_level(speed), now=now)
            number.held_until = now + speed.held

    def forget(self, numbers: Collection[UUID]) -> None:
        """Forgets all numbers but these, and the people to whom nothing was sent lately."""
        now = self._monotonic()
        self._pairs.forget_idle(now)
        for id in self._numbers.keys() - set(numbers) - self._flying.keys():
            del self._numbers[id]
            self._told.pop(id, None)
        hosts = {number.host for number in self._numbers.values()}
        self._hosts = {host: each for host, each in self._hosts.items() if host in hosts}

    # Room.

    def rooms(self, epochs: Mapping[UUID, int]) -> Rooms:
        """Says how many requests each number may begin, and all together.

        A number that has none on its way may always begin one, however many others have.
        """
        free = max(IN_FLIGHT - self._flying.total(), 0)
        free_bulk = max(min(BULK_IN_FLIGHT - self._flying_bulk.total(), free), 0)
        idle = sum(id not in self._flying for id in epochs)
        rooms = []
        for id, epoch in epochs.items():
            flying, first = self._flying[id], int(id not in self._flying)
            most, probe = self._allowed(id, max(min(EACH - flying, free), first))
            if most > 0:
                of_bulk = max(min(BULK_EACH - self._flying_bulk[id], free_bulk), first)
                rooms.append(Room(id, epoch, most, min(of_bulk, most), probe))
        return Rooms(rooms, max(free, idle), max(free_bulk, idle))

    def may_begin(self, send: NewSend) -> bool:
        """Says whether a new message may go at once, and takes its room if it may."""
        number, now, conversation = (
            self._numbers.get(send.number_id),
            self._monotonic(),
            send.conversation_id,
        )
        if number is None or number.held_until > now or self._broken(number):
            return False
        if self._flying[send.number_id] >= EACH or self._flying.total() >= IN_FLIGHT:
            return False
        if number.rate.available(now) == 0 or self._pairs.wait(conversation, now) > 0:
            return False
        self._take(number, send, now)
        return True

    def give_back(self, send: NewSend) -> None:
        """Gives the room back that a message did not need after all."""
        number = self._numbers.get(send.number_id)
        if number is not None:
            number.rate.give_back(self._monotonic())
        self._pairs.give_back(send.conversation_id)
        self._land(send)

    def hold(self, numbers: Mapping[UUID, Hold]) -> None:
        """Notes that numbers were held just now."""
        now = self._monotonic()
        for id in numbers.keys() & self._numbers.keys():
            number, seconds = self._numbers[id], numbers[id].seconds
            number.held_until = max(
                number.held_until, now + (math.inf if seconds is None else seconds)
            )

    def is_held(self, number_id: UUID) -> bool:
        """Says whether a number is held, as far as is known."""
        number = self._numbers.get(number_id)
        return number is None or number.held_until > self._monotonic()

    def _allowed(self, id: UUID, wanted: int) -> tuple[int, int | None]:
        """Says how many of the requests wanted may begin, and with whom the number shares a single probe."""
        number, now = self._numbers.get(id), self._monotonic()
        if number is None or wanted <= 0:
            return 0, None
        host, allowed = self._host(number.host), number.rate.available(now)
        if allowed == 0:
            self._thirsty.add(id)
        for room in (allowed, number.breaker.room(now), host.room(now)):
            wanted = wanted if room is None else min(wanted, room)
        half_open = host.state(now) == "half_open"
        return wanted, (list(self._hosts).index(number.host) if half_open else None)

    def barred(self) -> list[UUID]:
        """Lists the conversations that must be left alone for a while."""
        return self._pairs.barred(self._monotonic())

    def wait(self) -> float | None:
        """Says in how many seconds a number that has sent all it might may send again; None: none has."""
        now = self._monotonic()
        known = [id for id in self._thirsty if id in self._numbers]
        waits = {id: self._numbers[id].rate.wait(now) for id in known}
        self._thirsty = {id for id, wait in waits.items() if wait > 0}
        return min((waits[id] for id in self._thirsty), default=None)

    # Requests.

    def begin(self, sending: Sending, *, taken: bool = False) -> None:
        """Notes a request that begins; `taken`: its room was taken before."""
        now, number = self._monotonic(), self._numbers.get(sending.number_id)
        if not taken:
            self._take(number, sending, now)
        if number is not None:
            host = self._host(number.host)
            eras = number.breaker.begin(now), host.begin(now)
            self._begun[sending.id] = _Begun(number.breaker, host, eras)

    def end(self, sending: Sending, result: SendResult) -> None:
        """Learns from how a request ended."""
        now, begun = self._monotonic(), self._begun.pop(sending.id, None)
        self._land(sending)
        if begun is not None:
            good, reason = answered(result)
            begun.number.end(begun.eras[0], now, good=good, reason=reason)
            begun.host.end(begun.eras[1], now, good=good, reason=reason)
            self._news |= good is False or bool(self._told)
        if not isinstance(result, Refused):
            return
        if result.rule.halve and sending.number_id in self._numbers:
            self._numbers[sending.number_id].rate.slow_down(now)
        if result.code == PAIR_RATE:
            wait = max(pair_wait(sending, result.rule), result.retry_after or 0.0)
            self._pairs.hold(sending.conversation_id, wait, now)

    def _take(self, number: _Number | None, message: NewSend | Sending, now: float) -> None:
        self._flying[message.number_id] += 1
        if message.origin == "bulk":
            self._flying_bulk[message.number_id] += 1
        if number is None:
            return
        number.rate.take(1, now)
        if number.rate.available(now) == 0:
            self._thirsty.add(message.number_id)
        self._pairs.take(message.conversation_id, now)

    def _land(self, message: NewSend | Sending) -> None:
        for flying in (
            (self._flying, self._flying_bulk) if message.origin == "bulk" else (self._flying,)
        ):
            flying[message.number_id] -= 1
            if not flying[message.number_id]:
                del flying[message.number_id]

    # Breakers, for others to see.

    @property
    def has_news(self) -> bool:
        """Says whether `opened` may tell something."""
        return self._news

    def opened(self) -> list[Opened]:
        """Lists the numbers whose breaker has opened, opened again or closed since this was last asked."""
        if not self._news:
            return []
        self._news = False
        news, now = [], self._monotonic()
        for id, number in self._numbers.items():
            breaker = self._worst(number)
            until = breaker.until if breaker else None
            if until == self._told.get(id):
                continue
            if breaker is None or until is None:
                del self._told[id]
                news.append(Opened(id, number.workspace_id, None, ""))
            else:
                self._told[id] = until
                news.append(Opened(id, number.workspace_id, until - now, breaker.reason))
        return news

    def tell_anew(self) -> None:
        """Forgets what it told: nobody knows whether it was written down."""
        self._told.clear()
        self._news = True

    def states(self) -> dict[str, float]:
        """Gives every number's breaker by id: 0 closed, 0.5 half open, 1 open."""
        return {str(id): self._shown(each.breaker) for id, each in self._numbers.items()}

    def host_states(self) -> dict[str, float]:
        """Gives every host's breaker by name, likewise."""
        return {host: self._shown(each) for host, each in self._hosts.items()}

    def _worst(self, number: _Number) -> Breaker | None:
        """Finds the breaker that keeps a number from sending the longest."""
        both = (number.breaker, self._host(number.host))
        return max((b for b in both if b.until), key=lambda b: b.until or 0.0, default=None)

    def _broken(self, number: _Number) -> bool:
        """Says whether a breaker keeps a number from sending, or lets one message try."""
        return number.breaker.until is not None or self._host(number.host).until is not None

    def _shown(self, breaker: Breaker) -> float:
        return {"closed": 0.0, "half_open": 0.5, "open": 1.0}[breaker.state(self._monotonic())]

    def _host(self, host: str) -> Breaker:
        """Gives a host's breaker: many numbers fail there together, or it is not the host."""
        if host not in self._hosts:
            self._hosts[host] = Breaker(most=10, last=50)
        return self._hosts[host]


def _level(speed: Speed) -> int:
    if speed.coexistence:
        return COEXISTENCE
    return UPGRADED if speed.upgraded else STANDARD
