"""One evaluation of an expression: what it may read, what it may still spend, and how its values are taken.

A number is a Decimal while an expression calculates with it, so that 0.1 + 0.2 is 0.3 and 1 / 3 * 3 is 1, and a JSON
number as soon as anything else looks at it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation, Overflow

from recado.engine.events import Json
from recado.engine.expression_mistakes import Failed
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.moments import Moment, read_value
from recado.engine.numbers import plain, read_number
from recado.engine.values import MISSING, as_text, find

# JSON, or a Decimal.
Value = Json
# What may be looked at in one evaluation: characters and items, all uses counted.
FUEL = 500_000
# Numbers past 1E+308 are none in JSON.
EXACT = Context(prec=34, Emin=-307, Emax=307, traps=[Overflow, InvalidOperation])
# A few digits fewer than EXACT: what they hide is the error of a division.
ROUNDED = Context(prec=28)


@dataclass(frozen=True, slots=True)
class Code:
    """A part of an expression, ready to run: how deep it is, the paths it reads, and its own path if it is one."""

    run: Callable[["Evaluation"], Value]
    depth: int = 1
    names: frozenset[str] = frozenset()
    path: str | None = None


class Evaluation:
    """What one run of an expression reads, and what is left of its fuel."""

    def __init__(self, scope: Mapping[str, Json], timezone: str, locale: str) -> None:
        self.timezone = timezone
        self.locale = locale
        self.read: dict[str, Json] = {}
        self._scope = scope
        self._fuel = FUEL

    def look_up(self, path: str) -> Json:
        """Gives the value of a path, null where nothing is there, and remembers that it was read."""
        if path not in self.read:
            found = find(path, self._scope)
            self.read[path] = None if found is MISSING else found
        return self.read[path]

    def take(self, code: Code) -> Json:
        """Runs a part and gives its value as JSON, at the price of its size."""
        return self.paid(json_of(code.run(self)))

    def paid(self, value: Json) -> Json:
        """Takes the price of looking at a value from the fuel."""
        self._fuel -= weigh(value, self._fuel)
        if self._fuel < 0:
            raise Failed("too_costly")
        return value

    def moment(self, value: Json) -> Moment:
        """Reads a date, or fails."""
        moment = read_value(value, self.timezone)
        if moment is None:
            raise Failed("not_a_date", quoted(value))
        return moment


def json_of(value: Value) -> Json:
    """Gives a value as JSON has it; a number without the last digits of its calculation."""
    return plain(ROUNDED.plus(value)) if isinstance(value, Decimal) else value


def decimal_of(value: Value) -> Decimal | None:
    """Reads a number by the rules of comparison; None when it is none."""
    return value if isinstance(value, Decimal) else read_number(value)


def number_of(value: Value) -> Decimal:
    """Reads a number, or fails."""
    number = decimal_of(value)
    if number is None:
        raise Failed("not_a_number", quoted(value))
    return number


def bounded(value: Value) -> Value:
    """Gives a value back unless it is larger than a variable may be."""
    if weigh(value, MAX_VALUE_BYTES) > MAX_VALUE_BYTES:
        raise Failed("too_large")
    return value


def weigh(value: Value, most: int) -> int:
    """Counts the characters and items of a value, and stops counting soon after `most`."""
    weight, todo = 0, [value]
    while todo and weight <= most:
        weight += 1
        match todo.pop():
            case str() as text:
                weight += len(text)
            case list() as items:
                todo += items
            case dict() as members:
                weight += sum(map(len, members))
                todo += members.values()
    return weight


def quoted(value: Value) -> str:
    """Shows a value in a failure: texts in quotes, nothing as null."""
    match value:
        case None:
            return "null"
        case str():
            return f"“{value[:100]}”"
        case list() | dict() if weigh(value, 1_000) > 1_000:
            return "[…]" if isinstance(value, list) else "{…}"
    return as_text(json_of(value))
