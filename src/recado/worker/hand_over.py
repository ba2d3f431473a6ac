"""Tells those who go on from a turn what it has written for them."""

from collections.abc import Callable
from uuid import UUID

from recado.store.listen import CALLS, OUTBOX
from recado.store.pool import Db
from recado.worker.receipts import Receipts
from recado.worker.send import Sender
from recado.worker.write import Writes


class HandOver:
    """Tells senders and callers what is queued: in memory where this process has one, else by one NOTIFY a commit."""

    def __init__(
        self,
        sender: Sender | None = None,
        *,
        wake_calls: Callable[[], None] | None = None,
        receipts: Receipts | None = None,
    ) -> None:
        self._sender = sender
        self._wake_calls = wake_calls
        self._receipts = receipts

    async def before_commit(self, db: Db, writes: Writes) -> None:
        """Notifies other processes when only they send or call."""
        channels = [OUTBOX] if writes.sends and self._sender is None else []
        channels += [CALLS] if writes.calls and self._wake_calls is None else []
        if channels:
            await db.execute("select pg_notify(c, '') from unnest($1::text[]) c", channels)

    def after_commit(self, writes: Writes) -> None:
        """Wakes this process's sender and caller, and lets the customers see that they were heard."""
        if self._receipts is not None:
            self._receipts.take(writes.receipts)
        self.freed(writes.numbers)
        if writes.calls and self._wake_calls is not None:
            self._wake_calls()

    def freed(self, numbers: set[UUID]) -> None:
        """Wakes this process's sender: these numbers have something that may go now."""
        if numbers and self._sender is not None:
            self._sender.wake(numbers)
