"""The session's variables during a turn, within their limits: 64 KB a value, 256 KB in all."""

from collections.abc import Mapping

import msgspec

from recado.engine.events import Json
from recado.engine.flow import MAX_VALUE_BYTES, MAX_VARIABLES_BYTES

SYNTAX = 4  # quotes, colon and comma around a name


class Variables:
    """What a flow has set. All of it is measured once a turn, and only if something is set."""

    def __init__(self, values: Mapping[str, Json]) -> None:
        self.values = dict(values)
        self._bytes: int | None = None

    def put(self, name: str, value: Json) -> bool:
        """Sets a variable; says whether it fits."""
        if self._bytes is None:
            self._bytes = _size(self.values)
        size = _size(value)
        total = self._bytes + size
        if name in self.values:
            total -= _size(self.values[name])
        else:
            total += len(name.encode()) + SYNTAX
        if size > MAX_VALUE_BYTES or total > MAX_VARIABLES_BYTES:
            return False
        self.values[name], self._bytes = value, total
        return True

    def drop(self, name: str) -> None:
        """Unsets a variable."""
        self.values.pop(name, None)
        self._bytes = None


def _size(value: Json) -> int:
    return len(msgspec.json.encode(value))
