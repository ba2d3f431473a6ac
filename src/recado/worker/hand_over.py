"""Tells those who go on from a turn what it has written for them."""

from collections.abc import Callable
from uuid import UUID

from recado.store.listen import CALLS, OUTBOX
from recado.store.pool import Db
from recado.worker.receipts import Receipts
from recado.worker.send import Sender
from recado.worker.write import Writes


class HandOver:
    """Tells senders and callers what is queued: in memory where this process has one, else by one NOTIFY a commit.

    This process's own sender may begin messages with the very commit (`direct.py`).
    """

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

    def before_write(self, writes: Writes) -> None:
        """Says which messages may begin with the commit.

        None where the turn calls messages back: what it locks then comes before the leases.
        """
        called_back = any(not consent.granted for consent in writes.consents)
        if self._sender is not None and writes.sends and not called_back:
            writes.offer = self._sender.offer(writes.sends)

    async def before_commit(self, db: Db, writes: Writes) -> None:
        """Notifies other processes when only they send or call; opens the tokens of what begins."""
        channels = [OUTBOX] if writes.sends and self._sender is None else []
        channels += [CALLS] if writes.calls and self._wake_calls is None else []
        if channels:
            await db.execute("select pg_notify(c, '') from unnest($1::text[]) c", channels)
        if self._sender is not None and writes.begun:
            await self._sender.tokens.load(db, writes.begun)

    def after_commit(self, writes: Writes) -> None:
        """Begins and wakes what this process has to do now, and lets the customers see that they were heard."""
        if self._receipts is not None:
            self._receipts.take(writes.receipts)
        if self._sender is not None:
            self._sender.direct.commit(writes.begun)
        self.freed(writes.numbers)
        if writes.calls and self._wake_calls is not None:
            self._wake_calls()

    def undone(self) -> None:
        """Hears that a turn failed: nothing of it begins."""
        if self._sender is not None:
            self._sender.direct.undo()

    def freed(self, numbers: set[UUID]) -> None:
        """Wakes this process's sender: these numbers have something that may go now."""
        if numbers and self._sender is not None:
            self._sender.wake(numbers)
