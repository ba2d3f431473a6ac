"""The functions of expressions. Each takes JSON values and gives one, or fails; none can reach anything else.

`docs/guide/expressions.md` tells them all to authors. Those that templates have as filters do the same as there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from typing import get_args

from recado.engine.compare import Operator, as_boolean, compare
from recado.engine.events import Json
from recado.engine.expression_mistakes import Failed
from recado.engine.expression_values import EXACT, Evaluation, Value, number_of, quoted
from recado.engine.filters import filters
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.lists import read_list
from recado.engine.moments import Moment, Unit, difference, move
from recado.engine.numbers import plain, read_number
from recado.engine.patterns import bad_pattern
from recado.engine.values import as_text


@dataclass(frozen=True, slots=True)
class Function:
    """What a name does with its values, and how many it takes; without `most` any number."""

    call: Callable[..., Value]
    least: int = 1
    most: int | None = 1


def _compares(operator: Operator) -> Function:
    def call(evaluation: Evaluation, left: Json, right: Json = None) -> bool:
        return compare(left, operator, right, timezone=evaluation.timezone)

    values = 1 if operator.value.startswith("is_") else 2
    return Function(call, values, values)


def _filters(name: str, most: int = 1) -> Function:
    def call(evaluation: Evaluation, *values: Json) -> Json:
        return filters(evaluation.locale)[name](*values)

    return Function(call, 1, most)


def _writes_number(name: str) -> Function:
    def call(evaluation: Evaluation, value: Json, *how: Json) -> Json:
        return filters(evaluation.locale)[name](plain(number_of(value)), *how)

    return Function(call, 1, 2)


def _date(evaluation: Evaluation, value: Json, pattern: Json = "%d/%m/%Y") -> Json:
    evaluation.moment(value)
    return filters(evaluation.locale)["date"](value, pattern)


def _matches(evaluation: Evaluation, text: Json, pattern: Json) -> bool:
    wanted = as_text(pattern)
    if bad_pattern(wanted):
        raise Failed("bad_pattern", quoted(wanted))
    return compare(text, Operator.MATCHES, wanted, timezone=evaluation.timezone)


def _replace(_: Evaluation, value: Json, old: Json, new: Json = "") -> str:
    text, wanted, put = as_text(value), as_text(old), as_text(new)
    if not wanted:
        return text
    _check_size(len(text) + text.count(wanted) * (len(put) - len(wanted)))
    return text.replace(wanted, put)


def _join(_: Evaluation, items: Json, separator: Json = ", ") -> str:
    texts, between = [as_text(item) for item in _list(items)], as_text(separator)
    _check_size(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _concat(_: Evaluation, *values: Json) -> str:
    return "".join(map(as_text, values))


def _split(_: Evaluation, value: Json, separator: Json = None) -> list[Json]:
    if separator is None:
        return read_list(value)
    text, sign = as_text(value), as_text(separator)
    return [*text.split(sign)] if sign else [*text]


def _slice(_: Evaluation, value: Json, start: Json, end: Json = None) -> Json:
    items = value if isinstance(value, list) else as_text(value)
    return items[int(number_of(start)) : None if end is None else int(number_of(end))]


def _number(_: Evaluation, value: Json) -> Value:
    return read_number(value)


def _text(_: Evaluation, value: Json) -> str:
    return as_text(value)


def _boolean(_: Evaluation, value: Json) -> bool | None:
    return as_boolean(value)


def _absolute(_: Evaluation, value: Json) -> Decimal:
    return EXACT.abs(number_of(value))


def _whole(rounding: str, _: Evaluation, value: Json) -> Decimal:
    return number_of(value).to_integral_value(rounding)


def _sum(_: Evaluation, *values: Json) -> Decimal:
    total = Decimal(0)
    for item in _spread(values):
        total = EXACT.add(total, number_of(item))
    return total


def _extreme(operator: Operator, evaluation: Evaluation, *values: Json) -> Value:
    best, *others = _spread(values) or [None]
    for item in others:
        # The best one is looked at again with every item.
        evaluation.paid(best)
        if compare(item, operator, best, timezone=evaluation.timezone):
            best = item
    number = read_number(best)
    return best if number is None else number


def _default(_: Evaluation, *values: Json) -> Json:
    return next((value for value in values if value is not None and value != ""), values[-1])


def _moved(unit: Unit, evaluation: Evaluation, value: Json, amount: Json) -> str:
    moment = move(evaluation.moment(value), plain(number_of(amount)), unit)
    if moment is None:
        raise Failed("no_such_date")
    return moment.as_json()


def _between(unit: Unit, evaluation: Evaluation, first: Json, second: Json) -> int:
    return difference(evaluation.moment(first), evaluation.moment(second), unit)


def _part(part: Callable[[Moment], int]) -> Function:
    return Function(lambda evaluation, value: part(evaluation.moment(value)))


def _spread(values: tuple[Json, ...]) -> list[Json]:
    """Gives the values, or those of the one list; what is unset is left out."""
    items = _list(values[0]) if len(values) == 1 and isinstance(values[0], list) else list(values)
    return [item for item in items if item is not None and item != ""]


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise Failed("not_a_list", quoted(value))
    return value


def _check_size(size: int) -> None:
    if size > MAX_VALUE_BYTES:
        raise Failed("too_large")


COMPARING = (
    Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.IS_EMPTY,
    Operator.IS_NUMBER, Operator.IS_EMAIL, Operator.IS_PHONE, Operator.IS_DATE, Operator.HAS_TAG,
)  # fmt: skip
FUNCTIONS: Mapping[str, Function] = {
    **{operator.value: _compares(operator) for operator in COMPARING},
    **{name: _filters(name) for name in ("lower", "upper", "title", "trim", "first", "last")},
    **{f"add_{unit}": Function(partial(_moved, unit), 2, 2) for unit in get_args(Unit)},
    **{f"{unit}_between": Function(partial(_between, unit), 2, 2) for unit in get_args(Unit)},
    "length": _filters("length"),
    "len": _filters("length"),
    "matches": Function(_matches, 2, 2),
    "replace": Function(_replace, 2, 3),
    "join": Function(_join, 1, 2),
    "concat": Function(_concat, 1, None),
    "split": Function(_split, 1, 2),
    "slice": Function(_slice, 2, 3),
    "number": Function(_number),
    "text": Function(_text),
    "boolean": Function(_boolean),
    "abs": Function(_absolute),
    "round": _writes_number("round"),
    "floor": Function(partial(_whole, ROUND_FLOOR)),
    "ceil": Function(partial(_whole, ROUND_CEILING)),
    "sum": Function(_sum, 1, None),
    "min": Function(partial(_extreme, Operator.LT), 1, None),
    "max": Function(partial(_extreme, Operator.GT), 1, None),
    "default": Function(_default, 2, None),
    "coalesce": Function(_default, 1, None),
    "money": _writes_number("money"),
    "format_number": _writes_number("number"),
    "date": Function(_date, 1, 2),
    "year": _part(lambda moment: moment.wall.year),
    "month": _part(lambda moment: moment.wall.month),
    "day": _part(lambda moment: moment.wall.day),
    "weekday": _part(lambda moment: moment.wall.isoweekday()),
    "hour": _part(lambda moment: moment.wall.hour),
    "minute": _part(lambda moment: moment.wall.minute),
}
