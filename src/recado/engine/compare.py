"""Comparison as an author means it: `"18" >= 18` holds, `"007"` is not `7`, `"São"` is `"sao"`. It never fails.

Both sides are read as one kind, the first that fits: booleans if one side is a boolean, numbers if both read as
numbers, dates if both read as dates, else text. An unset variable is empty text: it equals nothing but emptiness, it is
neither smaller nor greater than anything, and nothing contains, starts or ends with it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any, Final

import re2

from recado.engine.addresses import read_email, read_phone
from recado.engine.dates import read_moment
from recado.engine.events import Json
from recado.engine.fold import fold
from recado.engine.lists import is_empty, read_list
from recado.engine.numbers import plain, read_number
from recado.engine.patterns import bad_pattern, compiled
from recado.engine.values import as_text

TRUE = frozenset({"true", "sim", "yes", "1"})
FALSE = frozenset({"false", "nao", "no", "0"})
SMALL = 2**53
UNREAD: Final = object()
BETWEEN = re.compile(r"\s+(?:e|a|and|to)\s+|\.\.", re.IGNORECASE)


class Operator(StrEnum):
    """How a condition compares."""

    EQ = "=="
    NE = "!="
    GT = ">"
    LT = "<"
    GE = ">="
    LE = "<="
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    IN = "in"
    NOT_IN = "not_in"
    BETWEEN = "between"
    MATCHES = "matches"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"
    IS_NUMBER = "is_number"
    IS_EMAIL = "is_email"
    IS_PHONE = "is_phone"
    IS_DATE = "is_date"
    HAS_TAG = "has_tag"


Rank = Callable[[int, int], bool]
RANKS: Mapping[Operator, Rank] = {
    Operator.GT: gt,
    Operator.LT: lt,
    Operator.GE: ge,
    Operator.LE: le,
}


def needs_value(operator: Operator) -> bool:
    """Says whether an operator compares with a value; the `is_*` look at one side only."""
    return not operator.value.startswith("is_")


def compare(
    left: Json,
    operator: Operator,
    right: Json = None,
    *,
    timezone: str = "UTC",
    exact: bool = False,
) -> bool:
    """Says whether the comparison holds. `exact` minds case and accents; `timezone` is that of dates without one."""
    return _comparison(timezone, exact).holds(left, operator, right)


def as_boolean(value: Json) -> bool | None:
    """Reads true, sim, yes, 1 and false, não, no, 0; None for everything else."""
    if isinstance(value, bool):
        return value
    word = fold(as_text(value)) if isinstance(value, str | int | float) else ""
    return True if word in TRUE else False if word in FALSE else None


def as_number(value: Json) -> int | float | None:
    """Reads a number by the rules of comparison; None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = read_number(value)
    return None if number is None else plain(number)


class _Side:
    """One side of a comparison, read in each way when that is asked for, and once: a list is compared in linear time."""

    __slots__ = ("_moment", "_number", "_text", "_value", "_way", "is_boolean")

    def __init__(self, value: Json, way: "_Comparison") -> None:
        self._value = value
        self._way = way
        self.is_boolean = isinstance(value, bool)
        self._number: Any = UNREAD
        self._moment: Any = UNREAD
        self._text: str | None = None

    @property
    def boolean(self) -> bool | None:
        """Gives it as a boolean."""
        return as_boolean(self._value)

    @property
    def number(self) -> Decimal | None:
        """Gives it as a number."""
        if self._number is UNREAD:
            self._number = read_number(self._value)
        number: Decimal | None = self._number
        return number

    @property
    def moment(self) -> datetime | None:
        """Gives it as a moment."""
        if self._moment is UNREAD:
            self._moment = read_moment(self._value, self._way.timezone)
        moment: datetime | None = self._moment
        return moment

    @property
    def text(self) -> str:
        """Gives its words as they are compared."""
        if self._text is None:
            self._text = self._way.text(self._value)
        return self._text


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A way of comparing: the zone of dates, and whether case and accents count."""

    timezone: str
    exact: bool

    def holds(self, left: Json, operator: Operator, right: Json) -> bool:
        """Does what the operator says."""
        if rank := RANKS.get(operator):
            return self.ranks(left, rank, right)
        match operator:
            case Operator.EQ | Operator.NE:
                same = self.order(left, right) == 0
                return same is (operator is Operator.EQ)
            case Operator.CONTAINS | Operator.NOT_CONTAINS:
                return self.contains(left, right) is (operator is Operator.CONTAINS)
            case Operator.STARTS_WITH | Operator.ENDS_WITH:
                return self.affixed(left, operator, right)
            case Operator.IN | Operator.NOT_IN:
                return self.among(left, read_list(right)) is (operator is Operator.IN)
            case Operator.BETWEEN:
                return self.is_between(left, right)
            case Operator.MATCHES:
                return _matches(as_text(left), as_text(right))
            case Operator.HAS_TAG:
                return self.has_tag(left, right)
            case _:
                return _is(operator, left, self.timezone)

    def side(self, value: Json) -> _Side:
        """Makes a value a side of this comparison."""
        return _Side(value, self)

    def text(self, value: Json) -> str:
        """Gives the words of a value as they are compared."""
        return as_text(value).strip() if self.exact else fold(as_text(value))

    def order(self, left: Json, right: Json) -> int | None:
        """Gives -1, 0 or 1, or None when a boolean meets something that is none."""
        # Most comparisons are of two small numbers, which no other way of reading would order otherwise.
        if type(left) is int and type(right) is int and max(abs(left), abs(right)) < SMALL:
            return (left > right) - (left < right)
        return _order(self.side(left), self.side(right))

    def ranks(self, left: Json, rank: Rank, right: Json) -> bool:
        """Says whether the one comes before or after the other as the operator wants it."""
        if is_empty(left) or is_empty(right):
            return False
        order = self.order(left, right)
        return order is not None and rank(order, 0)

    def contains(self, left: Json, right: Json) -> bool:
        """Says whether a text has the part in it, or a list the item, or an object the key."""
        if is_empty(right):
            return False
        if isinstance(left, list | tuple | dict):
            return self.among(right, list(left))
        return self.text(right) in self.text(left)

    def affixed(self, left: Json, operator: Operator, right: Json) -> bool:
        """Says whether a text starts or ends with the part."""
        whole, part = self.text(left), self.text(right)
        if not part:
            return False
        return whole.startswith(part) if operator is Operator.STARTS_WITH else whole.endswith(part)

    def among(self, one: Json, items: list[Json]) -> bool:
        """Says whether a value equals one of the items."""
        side = self.side(one)
        return any(_order(side, self.side(item)) == 0 for item in items)

    def is_between(self, left: Json, right: Json) -> bool:
        """Says whether a value lies within two limits, both included."""
        match read_list(right, BETWEEN):
            case [low, high]:
                return self.ranks(left, ge, low) and self.ranks(left, le, high)
        return False

    def has_tag(self, left: Json, right: Json) -> bool:
        """Says whether the tag is one of the list's."""
        tag = self.text(right)
        return bool(tag) and any(self.text(item) == tag for item in read_list(left))


@lru_cache(maxsize=1_000)
def _comparison(timezone: str, exact: bool) -> _Comparison:
    return _Comparison(timezone, exact)


def _order(left: _Side, right: _Side) -> int | None:
    """Gives -1, 0 or 1, or None when a boolean meets something that is none."""
    if left.is_boolean or right.is_boolean:
        if left.boolean is None or right.boolean is None:
            return None
        return left.boolean - right.boolean
    if (one := left.number) is not None and (other := right.number) is not None:
        return (one > other) - (one < other)
    if (first := left.moment) is not None and (second := right.moment) is not None:
        return (first > second) - (first < second)
    return (left.text > right.text) - (left.text < right.text)


def _is(operator: Operator, value: Json, timezone: str) -> bool:
    match operator:
        case Operator.IS_EMPTY:
            return is_empty(value)
        case Operator.IS_NOT_EMPTY:
            return not is_empty(value)
        case Operator.IS_NUMBER:
            return read_number(value) is not None
        case Operator.IS_EMAIL:
            return read_email(as_text(value)) is not None
        case Operator.IS_PHONE:
            return read_phone(as_text(value)) is not None
        case _:
            return read_moment(value, timezone) is not None


def _matches(text: str, pattern: str) -> bool:
    """Searches by RE2; without ^ and $ a match anywhere will do."""
    if not pattern or bad_pattern(pattern):
        return False
    try:
        return compiled(pattern).search(text) is not None
    except (re2.error, UnicodeEncodeError):
        return False
