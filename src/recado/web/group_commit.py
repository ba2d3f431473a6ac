"""Group commit: everything that arrives while one commit runs goes into the next.

Many small durable transactions cost fifteen times what one of fifty rows costs, so the posts of one moment share
one. A single commit runs at a time; each caller gets its own result, or the error of the commit that held it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    result: "asyncio.Future[Result]"
    withdrawn: bool = False


class GroupCommit(Generic[Item, Result]):
    """A queue in memory in front of `commit`, which gets a batch of items and gives a result for each."""

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        limits: Limits | None = None,
    ) -> None:
        self._commit = commit
        self._limits = limits or Limits()
        self._waiting: deque[_Waiter[Item, Result]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._rows = 0
        self._bytes = 0

    @property
    def waiting_rows(self) -> int:
        """Counts the rows that wait, or are being committed."""
        return self._rows

    async def submit(self, item: Item, *, rows: int, size: int) -> Result:
        """Waits until the item is committed; a caller that gives up takes it back unless its commit has begun."""
        if self._rows + rows > self._limits.waiting_rows:
            raise Overloaded("rows")
        if self._bytes + size > self._limits.waiting_bytes:
            raise Overloaded("bytes")
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(item, rows, size, result)
        self._rows += rows
        self._bytes += size
        self._waiting.append(waiter)
        self._pump()
        try:
            return await waiter.result
        finally:
            self._rows -= rows
            self._bytes -= size
            waiter.withdrawn = True

    async def drain(self) -> None:
        """Waits until nothing is waiting or running."""
        while self._running is not None:
            await asyncio.wait({self._running})

    def _pump(self) -> None:
        if self._running is None and self._waiting:
            self._running = asyncio.create_task(self._run(), name="group_commit")

    async def _run(self) -> None:
        # Taken when the task starts, not when it is made, so that posts of the same moment come along.
        batch = self._take()
        if batch:
            committing = asyncio.ensure_future(self._commit([waiter.item for waiter in batch]))
            await asyncio.wait({committing})
            for index, waiter in enumerate(batch):
                _settle(waiter, committing, index)
        self._running = None
        self._pump()

    def _take(self) -> list[_Waiter[Item, Result]]:
        batch: list[_Waiter[Item, Result]] = []
        rows = size = 0
        while self._waiting:
            rows, size = rows + self._waiting[0].rows, size + self._waiting[0].size
            if batch and (rows > self._limits.commit_rows or size > self._limits.commit_bytes):
                break
            waiter = self._waiting.popleft()
            if not waiter.withdrawn:
                batch.append(waiter)
        return batch


def _settle(
    waiter: _Waiter[Item, Result], committing: "asyncio.Future[Sequence[Result]]", index: int
) -> None:
    if waiter.result.done():  # its caller gave up
        return
    problem = committing.exception()
    if problem is None:
        waiter.result.set_result(committing.result()[index])
    else:
        waiter.result.set_exception(problem)
