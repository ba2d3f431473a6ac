"""Tells those who watch the fake that something happened: tests that wait, pages that listen."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
_BEHIND = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """One open feed; `events` ends with None when its reader fell too far behind."""

    customer: str | None
    number: str | None
    events: asyncio.Queue[Mapping[str, object] | None] = field(
        default_factory=lambda: asyncio.Queue(_BEHIND)
    )


class Watchers:
    """Wakes waiting tests and feeds open pages; costs nothing when nobody watches."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[object], Callable[[], object]] = {}
        self._listeners: set[Listener] = set()

    async def until(self, predicate: Callable[[], T], *, within: float) -> T:
        """Waits until the predicate gives something true and gives it back.

        It is asked after each change, never on a clock; TimeoutError after `within` seconds.
        """
        found = predicate()
        if found:
            return found
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting[future] = predicate  # type: ignore[index]
        try:
            return await asyncio.wait_for(future, within)
        finally:
            del self._waiting[future]  # type: ignore[arg-type]

    def changed(self) -> None:
        """Asks the waiting predicates again."""
        for future, predicate in list(self._waiting.items()):
            if not future.done() and (found := predicate()):
                future.set_result(found)

    def listen(self, *, customer: str | None, number: str | None) -> Listener:
        """Opens a feed of what happens to one customer, or to everybody."""
        listener = Listener(customer, number)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Closes a feed."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Ends all feeds."""
        for listener in list(self._listeners):
            self._end(listener)

    def tell(self, number: str, customer: str, event: Callable[[], Mapping[str, object]]) -> None:
        """Sends an event to the feeds that it concerns and wakes who waits."""
        for listener in list(self._listeners):
            if listener.customer not in (None, customer) or listener.number not in (None, number):
                continue
            if listener.events.qsize() >= _BEHIND - 1:
                self._end(listener)
            else:
                listener.events.put_nowait(event())
        self.changed()

    def _end(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        listener.events.put_nowait(None)
