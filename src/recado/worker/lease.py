"""The leases of this process: which numbers it sends for, and until when it may be sure of it.

The database's clock decides who holds a lease; this process trusts it by its own monotonic clock, counted from before
the lease was asked for, so that a process that was paused never writes a request that is no longer its own.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from recado.store import leases
from recado.store.pool import Db

SECONDS = 15.0
RENEW_AFTER = 5.0
# A request may first have to connect (client.CONNECT_SECONDS); it must be written within the lease.
MARGIN = 6.0


@dataclass(frozen=True, slots=True)
class Lease:
    """A number's lease: its epoch, and the moment after which no request may begin."""

    epoch: int
    safe_until: float


class Leases:
    """What this process holds."""

    def __init__(self, owner: UUID, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.owner = owner
        self._monotonic = monotonic
        self._held: dict[UUID, Lease] = {}
        self._renewed_at = monotonic()

    @property
    def epochs(self) -> dict[UUID, int]:
        """Gives the epochs of the numbers held, in the order of their ids."""
        return {number: self._held[number].epoch for number in sorted(self._held)}

    def forget(self) -> None:
        """Trusts nothing any more: after a transaction of which nobody knows whether it was committed."""
        self._held = {}

    def may_send(self, number: UUID) -> bool:
        """Says whether a request of this number may be written now."""
        lease = self._held.get(number)
        return lease is not None and self._monotonic() < lease.safe_until

    def epoch(self, number: UUID) -> int:
        """Gives the epoch of a number that is held."""
        return self._held[number].epoch

    def missing(self, numbers: Iterable[UUID]) -> set[UUID]:
        """Finds numbers that are not held."""
        return set(numbers) - self._held.keys()

    async def acquire(self, db: Db, numbers: Iterable[UUID]) -> dict[UUID, int]:
        """Takes the leases that are free; gives their new epochs."""
        safe_until = self._monotonic() + SECONDS - MARGIN
        got = await leases.acquire(db, self.owner, sorted(numbers), seconds=SECONDS)
        self._held |= {number: Lease(epoch, safe_until) for number, epoch in got.items()}
        return got

    @property
    def due(self) -> bool:
        """Says whether it is time to renew."""
        return self._monotonic() - self._renewed_at >= RENEW_AFTER

    async def renew(self, db: Db, wanted: set[UUID]) -> None:
        """Prolongs the leases that are still wanted, and drops the others and those that were lost."""
        now = self._monotonic()
        epochs = {number: epoch for number, epoch in self.epochs.items() if number in wanted}
        kept = await leases.renew(db, self.owner, epochs, seconds=SECONDS) if epochs else set()
        safe_until = now + SECONDS - MARGIN
        self._held = {number: Lease(epochs[number], safe_until) for number in sorted(kept)}
        self._renewed_at = now
