"""Counts attempts per key in a window of time, in this process' memory, which stays bounded."""

from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil


@dataclass(slots=True)
class Attempts:
    """At most `limit` attempts a key and `window` seconds; of more than `keys` keys the oldest is forgotten."""

    limit: int = 10
    window: float = 900.0
    keys: int = 10_000
    _seen: "OrderedDict[str, tuple[float, int]]" = field(default_factory=OrderedDict)

    def take(self, key: str, now: float) -> int | None:
        """Counts an attempt; gives None, or the seconds to wait when there were too many."""
        since, count = self._seen.get(key, (now, 0))
        if now - since >= self.window:
            since, count = now, 0
        if count >= self.limit:
            return ceil(since + self.window - now)
        self._seen[key] = (since, count + 1)
        if len(self._seen) > self.keys:
            self._seen.popitem(last=False)
        return None

    def forget(self, key: str) -> None:
        """Starts a key afresh, for example after a right password."""
        self._seen.pop(key, None)
