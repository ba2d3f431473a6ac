"""Bodies that are still arriving: how many bytes of them we hold, in all and for one client.

Nobody has vouched for them yet, so they have a budget of their own: whoever stalls in the middle of a body takes room
from other unfinished bodies, first from the same client's, and never from what waits for its commit.
"""

from collections import Counter
from dataclasses import dataclass

from recado.web.group_commit import Overloaded


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bytes of unfinished bodies. Meta posts at most 3 MB at a time, and each is here in a moment."""

    all_clients: int = 64 * 1024 * 1024
    one_client: int = 16 * 1024 * 1024


class Uploads:
    """Counts what arrives; a client is known by its address."""

    def __init__(self, limits: UploadLimits | None = None) -> None:
        self._limits = limits or UploadLimits()
        self._held: Counter[str] = Counter()
        self._all = 0

    def hold(self, client: str, size: int) -> None:
        """Counts bytes that have arrived; raises `Overloaded` when there are too many unfinished ones."""
        if self._held[client] + size > self._limits.one_client:
            raise Overloaded("uploads of one client")
        if self._all + size > self._limits.all_clients:
            raise Overloaded("uploads")
        self._held[client] += size
        self._all += size

    def let_go(self, client: str, size: int) -> None:
        """Takes back what `hold` counted: the body is whole, or will never be."""
        self._held[client] -= size
        self._all -= size
        if not self._held[client]:
            del self._held[client]
