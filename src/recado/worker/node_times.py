"""How long nodes take, by type: added up during a batch of turns, and told to the metrics once."""

from collections.abc import Iterator
from time import perf_counter


class NodeTimes:
    """Visits and seconds by node type; the engine's `Watch`."""

    __slots__ = ("_began", "_spent")

    def __init__(self) -> None:
        self._began = 0.0
        self._spent: dict[str, tuple[int, float]] = {}

    def begins(self) -> None:
        """Notes the time."""
        self._began = perf_counter()

    def ended(self, type: str) -> None:
        """Adds the time since then."""
        seconds = perf_counter() - self._began
        visits, before = self._spent.get(type, (0, 0.0))
        self._spent[type] = (visits + 1, before + seconds)

    def spent(self) -> Iterator[tuple[str, int, float]]:
        """Gives each type with its visits and their seconds."""
        for type, (visits, seconds) in self._spent.items():
            yield type, visits, seconds
