"""Group commit: everything that arrives while one commit runs goes into the next.

Many small durable transactions cost fifteen times what one of fifty rows costs, so the posts of one moment share
one. A single commit runs at a time; each caller gets its own result, or the error of the commit that held it. A commit
may settle some of its items before it is done with the others.
"""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Settle = Callable[[int, Result], None]  # by the place of an item in its batch


class Overloaded(Exception):
    """More waits for a commit than this process is willing to hold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and how much one commit takes at most (a larger item goes alone)."""

    waiting_rows: int = 10_000
    waiting_bytes: int = 32 * 1024 * 1024
    commit_rows: int = 500
    commit_bytes: int = 8 * 1024 * 1024


@dataclass(slots=True, eq=False)
class _Waiter(Generic[Item, Result]):
    item: Item
    rows: int
    size: int
    due: float  # of the loop's clock
    result: "asyncio.Future[Result]"


class GroupCommit(Generic[Item, Result]):
    """A queue in memory in front of `commit`, which gets a batch of items and gives a result for each.

    It also gets a function by which it may tell an item's result early, whatever becomes of the others.

    Who is not answered `within` so many seconds gets a TimeoutError, and is not committed if that has not begun.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item], Settle[Result]], Awaitable[Sequence[Result]]],
        *,
        limits: Limits | None = None,
        within: float = math.inf,
    ) -> None:
        self._commit = commit
        self._limits = limits or Limits()
        self._within = within
        self._waiting: deque[_Waiter[Item, Result]] = deque()
        self._committing: Sequence[_Waiter[Item, Result]] = ()
        self._running: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._rows = 0
        self._bytes = 0

    @property
    def waiting_rows(self) -> int:
        """Counts the rows that wait, or are being committed."""
        return self._rows

    def submit(self, item: Item, *, rows: int, size: int) -> "asyncio.Future[Result]":
        """Lets an item wait for its commit; a caller that cancels takes it back unless its commit has begun."""
        if self._rows + rows > self._limits.waiting_rows:
            raise Overloaded("rows")
        if self._bytes + size > self._limits.waiting_bytes:
            raise Overloaded("bytes")
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        due = loop.time() + self._within
        self._rows += rows
        self._bytes += size
        self._waiting.append(_Waiter(item, rows, size, due, result))
        if self._alarm is None and self._within < math.inf:
            self._alarm = loop.call_at(due, self._give_up)
        if self._running is None:
            self._running = loop.create_task(self._run(), name="group_commit")
        return result

    async def drain(self) -> None:
        """Waits until nothing is waiting or running."""
        while self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        try:
            # Taken when the task runs, not when it is made, so that posts of the same moment come along.
            while batch := self._take():
                await self._commit_batch(batch)
        finally:
            self._running = None

    async def _commit_batch(self, batch: Sequence[_Waiter[Item, Result]]) -> None:
        def settle(place: int, result: Result) -> None:
            _settle([batch[place]], [result])

        self._committing = batch
        try:
            _settle(batch, await self._commit([waiter.item for waiter in batch], settle))
        except Exception as problem:  # noqa: BLE001 - each caller gets it
            _fail(batch, problem)
        finally:
            _fail(batch, Overloaded("stopped"))  # nobody is left unless the commit was cancelled
            self._committing = ()
            self._let_go(batch)

    def _take(self) -> list[_Waiter[Item, Result]]:
        batch: list[_Waiter[Item, Result]] = []
        rows = size = 0
        while self._waiting:
            rows, size = rows + self._waiting[0].rows, size + self._waiting[0].size
            if batch and (rows > self._limits.commit_rows or size > self._limits.commit_bytes):
                break
            waiter = self._waiting.popleft()
            if waiter.result.done():  # its caller gave up
                self._let_go([waiter])
            else:
                batch.append(waiter)
        return batch

    def _let_go(self, waiters: Sequence[_Waiter[Item, Result]]) -> None:
        for waiter in waiters:
            self._rows -= waiter.rows
            self._bytes -= waiter.size

    def _give_up(self) -> None:
        """Tells everybody who has waited too long; one alarm is enough, since all wait equally long."""
        loop = asyncio.get_running_loop()
        now, everybody = loop.time(), (*self._committing, *self._waiting)
        late = [each for each in everybody if each.due <= now]
        _fail(late, TimeoutError("not committed in time"))
        while self._waiting and self._waiting[0].result.done():
            self._let_go([self._waiting.popleft()])
        next_due = everybody[len(late)].due if len(late) < len(everybody) else None
        self._alarm = None if next_due is None else loop.call_at(next_due, self._give_up)


def _settle(waiters: Sequence[_Waiter[Item, Result]], results: Sequence[Result]) -> None:
    for waiter, result in zip(waiters, results, strict=True):
        if not waiter.result.done():
            waiter.result.set_result(result)


def _fail(waiters: Sequence[_Waiter[Item, Result]], problem: Exception) -> None:
    for waiter in waiters:
        if not waiter.result.done():
            waiter.result.set_exception(problem)
