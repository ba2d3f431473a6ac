"""What a database gives as JSON: rows collected up to a count and a size, each value in its plainest exact form."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from recado.calls.sql_errors import SqlFailed
from recado.engine.events import Json
from recado.engine.flow import MAX_VALUE_BYTES

# JSON numbers beyond these are read as something else by many programs, JavaScript first.
MOST_EXACT = 2**53
DEEPEST = 64


class Rows:
    """Collects rows until there are more than are wanted; raises `SqlFailed` when they are too large to be kept."""

    def __init__(self, columns: Sequence[str], most: int) -> None:
        self.columns = _distinct(columns)
        self.rows: list[dict[str, Json]] = []
        self.more = False
        self._most = most
        self._bytes = 0

    def take(self, rows: Iterable[Sequence[object]]) -> bool:
        """Takes rows in; says whether it wants more."""
        for row in rows:
            if len(self.rows) == self._most:
                self.more = True
                return False
            values = {name: as_json(v) for name, v in zip(self.columns, row, strict=True)}
            self._bytes += len(msgspec.json.encode(values))
            if self._bytes > MAX_VALUE_BYTES:
                raise SqlFailed("too_large", f"The result is larger than {MAX_VALUE_BYTES} bytes.")
            self.rows.append(values)
        return True


def as_json(value: object, depth: int = 0) -> Json:
    """Gives a database's value as JSON: exact numbers, ISO dates, base64 for bytes, text for everything else."""
    if depth > DEEPEST:
        raise SqlFailed("too_large", "The result is nested too deep.")
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= MOST_EXACT else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return _decimal(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return _span(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case UUID():
            return str(value)
        case Mapping():
            return {str(name): as_json(member, depth + 1) for name, member in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_json(item, depth + 1) for item in value]
    return str(value)


def _decimal(value: Decimal) -> Json:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and abs(value) <= MOST_EXACT:
        return int(value)
    near = float(value)
    # As text where a number would be another one: 19.90 is 19.9, thirty digits stay digits.
    return near if math.isfinite(near) and Decimal(repr(near)) == value else str(value)


def _span(value: timedelta) -> str:
    """Writes a span as hours, minutes and seconds, which is also what MySQL means by TIME."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.days * 86_400 + value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}{parts}"


def _distinct(columns: Sequence[str]) -> list[str]:
    """Gives every column a name of its own: the second `id` is `id_2`."""
    names: list[str] = []
    for column in columns:
        name, count = column, 1
        while name in names:
            count += 1
            name = f"{column}_{count}"
        names.append(name)
    return names
