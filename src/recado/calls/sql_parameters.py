"""Turns values of a flow into what the drivers of the databases take for parameters."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from recado.engine.compare import as_boolean, as_number
from recado.engine.dates import read_date, read_moment, read_time
from recado.engine.events import Json
from recado.engine.values import as_text

MOST_INTEGER = 2**63


class Unfit(ValueError):
    """A value cannot be read as what the database wants at its place."""


def for_postgresql(value: Json, type: str) -> object:
    """Gives a value as the type that PostgreSQL infers for its place; raises `Unfit`."""
    if value is None:
        return None
    if type.endswith("[]"):
        if not isinstance(value, list):
            raise Unfit
        return [for_postgresql(item, type.removesuffix("[]")) for item in value]
    return READERS.get(type, _text)(value)


def for_others(value: Json) -> object:
    """Gives a value as MySQL's and SQLite's drivers take it; lists and objects become JSON."""
    match value:
        case bool():
            return int(value)
        case int() if not -MOST_INTEGER <= value < MOST_INTEGER:
            return str(value)
        case None | int() | float():
            return value
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
    return _text(value)


def _text(value: Json) -> str:
    # Halves of surrogates and NUL are in no database's text.
    return as_text(value).replace("\0", "").encode("utf-8", "replace").decode()


def _integer(value: Json) -> int:
    digits = value.strip() if isinstance(value, str) else ""
    number = int(digits) if digits.isdecimal() and len(digits) < 20 else as_number(value)
    if not isinstance(number, int):
        raise Unfit
    return number


def _float(value: Json) -> float:
    number = as_number(value)
    if number is None:
        raise Unfit
    return float(number)


def _decimal(value: Json) -> Decimal:
    try:
        return Decimal(as_text(value).strip())
    except InvalidOperation:
        return Decimal(as_text(_float(value)))


def _boolean(value: Json) -> bool:
    found = as_boolean(value)
    if found is None:
        raise Unfit
    return found


def _date(value: Json) -> date:
    # A date with a year does not depend on which day is today.
    found = read_date(as_text(value), date(1, 1, 1)) or _moment(value).date()
    if found.year == 1:
        raise Unfit
    return found


def _moment(value: Json) -> datetime:
    found = read_moment(value)
    if found is None:
        raise Unfit
    return found


def _time(value: Json) -> object:
    found = read_time(as_text(value))
    if found is None:
        raise Unfit
    return found


def _json(value: Json) -> str:
    # Text that is JSON is meant as it is written, other text as a string.
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return json.dumps(value, ensure_ascii=False)
        return value
    return json.dumps(value, ensure_ascii=False)


READERS: Mapping[str, Callable[[Json], object]] = {
    "bool": _boolean,
    "int2": _integer,
    "int4": _integer,
    "int8": _integer,
    "oid": _integer,
    "float4": _float,
    "float8": _float,
    "numeric": _decimal,
    "date": _date,
    "time": _time,
    "timestamp": lambda value: _moment(value).astimezone(UTC).replace(tzinfo=None),
    "timestamptz": _moment,
    "json": _json,
    "jsonb": _json,
    "bytea": lambda value: _text(value).encode(),
}
