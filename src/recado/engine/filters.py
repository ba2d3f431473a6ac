"""The filters of template texts: `{{ total | money("BRL") }}`. Each takes any value, never fails, and stays small.

- `upper`, `lower`, `title`, `trim`: the text so written; `title` begins every word with a capital.
- `default(text)`: the given text where the value is missing, null or empty.
- `money(currency="BRL")`: `1234.5` is `R$ 1.234,50`. `number(decimals)`: `1.234,5`, or with so many decimals.
- `round(decimals=0)`: the number, halves away from zero.
- `date(pattern="%d/%m/%Y")`: a date or moment by %d %m %Y %y %H %M %S %I %p %A %a %B %b %j, or short, medium, long, full.
- `length`: items of a list or object, characters of a text. `first`, `last`: item or character.
- `join(separator=", ")`: the items of a list in one text. `replace(old, new="")`: every occurrence.

What does not read as a number or a date is left as it is.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache, partial
from string import capwords

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from recado.engine.dates import MOMENT, read_moment
from recado.engine.events import Json
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.numbers import plain, read_number
from recado.engine.values import as_text

Filter = Callable[..., Json]
MAX_DECIMALS = 15
# Wide enough for the largest float written out.
EXACT = Context(prec=400)
NAMED_PATTERNS = frozenset({"short", "medium", "long", "full"})
DIRECTIVES: Mapping[str, str] = {
    "%d": "dd", "%m": "MM", "%Y": "yyyy", "%y": "yy", "%H": "HH", "%M": "mm", "%S": "ss", "%I": "hh",
    "%p": "a", "%A": "EEEE", "%a": "EEE", "%B": "MMMM", "%b": "MMM", "%j": "DDD",
}  # fmt: skip


@lru_cache(maxsize=64)
def filters(locale: str) -> Mapping[str, Filter]:
    """Gives every filter by name, writing numbers and dates as the locale does."""
    place = _locale(locale)
    return {
        "upper": lambda value: as_text(value).upper(),
        "lower": lambda value: as_text(value).lower(),
        "title": lambda value: capwords(as_text(value)),
        "trim": lambda value: as_text(value).strip(),
        "default": _default,
        "money": partial(_money, place),
        "number": partial(_number, place),
        "round": _round,
        "date": partial(_date, place),
        "length": _length,
        "first": partial(_item, 0),
        "last": partial(_item, -1),
        "join": _join,
        "replace": _replace,
    }


def is_filter(name: str) -> bool:
    """Says whether there is a filter of this name."""
    return name in filters("en")


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _default(value: Json, fallback: Json = "", /) -> Json:
    return fallback if value is None or value == "" else value


def _money(locale: Locale, value: Json, currency: Json = "BRL", /) -> Json:
    number = read_number(value)
    if number is None:
        return value
    code = as_text(currency).strip().upper()[:3] or "BRL"
    written = _written(format_currency, _rounded(number, 2), code, locale=locale)
    # A no-break space looks the same and makes `== "R$ 10,00"` false.
    return written.replace("\N{NO-BREAK SPACE}", " ")


def _number(locale: Locale, value: Json, decimals: Json = None, /) -> Json:
    number = read_number(value)
    if number is None:
        return value
    if decimals is None:
        return _written(format_decimal, number, locale=locale, decimal_quantization=False)
    places = _places(decimals)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return _written(format_decimal, _rounded(number, places), pattern, locale=locale)


def _written(write: Callable[..., str], *what: object, **how: object) -> str:
    # Babel rounds in the context it finds, and the usual one fails beyond 28 digits.
    with localcontext(EXACT):
        return write(*what, **how)


def _round(value: Json, decimals: Json = 0, /) -> Json:
    number = read_number(value)
    return value if number is None else plain(_rounded(number, _places(decimals)))


def _date(locale: Locale, value: Json, pattern: Json = "%d/%m/%Y", /) -> Json:
    moment = _local_moment(value)
    if moment is None:
        return value
    wanted = as_text(pattern)[:100]
    if wanted in NAMED_PATTERNS:
        return format_date(moment, wanted, locale=locale)
    return _by_directives(moment, wanted, locale)


def _length(value: Json, /) -> Json:
    return len(value) if isinstance(value, list | dict) else len(as_text(value))


def _item(place: int, value: Json, /) -> Json:
    items = value if isinstance(value, list) else as_text(value)
    return items[place] if items else None


def _join(value: Json, separator: Json = ", ", /) -> Json:
    if not isinstance(value, list):
        return value
    between, parts, size = as_text(separator)[:100], [], 0
    for item in value:
        parts.append(as_text(item))
        size += len(parts[-1]) + len(between)
        if size > MAX_VALUE_BYTES:
            break
    return between.join(parts)[:MAX_VALUE_BYTES]


def _replace(value: Json, old: Json, new: Json = "", /) -> Json:
    text, wanted, put = as_text(value), as_text(old), as_text(new)
    if not wanted:
        return text
    most = MAX_VALUE_BYTES // max(1, len(put)) + 1
    return text.replace(wanted, put, most if len(put) > len(wanted) else -1)[:MAX_VALUE_BYTES]


def _places(decimals: Json) -> int:
    number = read_number(decimals)
    return 0 if number is None else max(0, min(MAX_DECIMALS, int(number)))


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def _local_moment(value: Json) -> datetime | None:
    # A date is shown as it was written: in its own zone, which `now` already has.
    if not isinstance(value, str):
        return None
    found = MOMENT.fullmatch(value.strip())
    return read_moment(f"{found['date']}T{found['time'] or '00:00'}") if found else None


def _by_directives(moment: datetime, pattern: str, locale: Locale) -> str:
    written, rest = [], pattern
    while rest:
        if rest[:2] in DIRECTIVES:
            written.append(format_datetime(moment, DIRECTIVES[rest[:2]], locale=locale))
        else:
            written.append("%" if rest[:2] == "%%" else rest[0])
        rest = rest[2:] if rest[:2] in DIRECTIVES or rest[:2] == "%%" else rest[1:]
    return "".join(written)
