"""Numbers as people write them, Brazilian and plain."""

import re
from decimal import Decimal

from recado.engine.events import Json

MAX_DIGITS = 15
# 1.234 and 1.234,56: groups of three, the first without a leading 0.
GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?")
# 18, 18.5, 18,5, 0,5: no leading zero, so that 007 and a postal code stay text.
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:[.,][0-9]+)?")


def read_number(value: Json) -> Decimal | None:
    """Reads a JSON number, or a text that is one; None for everything else, booleans included.

    Text with a leading zero or over 15 digits stays text: it is a code, not a quantity.
    """
    match value:
        case bool():
            return None
        case int():
            # Beyond any float it is no quantity either.
            return Decimal(value) if value.bit_length() <= 1_023 else None
        case float():
            number = Decimal(repr(value))
            return number if number.is_finite() else None
        case str():
            return _read_text(value.strip())
    return None


def plain(number: Decimal) -> int | float:
    """Gives a number as JSON has it: whole ones as integers."""
    # A float is whole from 2^53 on anyway, and 1E+300 must not become 300 digits.
    small = number.is_zero() or number.adjusted() < 21
    return whole if small and (whole := int(number)) == number else float(number)


def _read_text(text: str) -> Decimal | None:
    if len(text) > MAX_DIGITS and (
        len(text) > 2 * MAX_DIGITS or sum(sign.isdigit() for sign in text) > MAX_DIGITS
    ):
        return None
    if "." in text and GROUPED.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    return Decimal(text.replace(",", ".")) if PLAIN.fullmatch(text) else None
