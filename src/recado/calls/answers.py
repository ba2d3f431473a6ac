"""Reads the body of an answer: JSON as a value, everything else as text."""

import re

import msgspec

from recado.calls.egress import Response
from recado.calls.masks import Mask, TooDeep
from recado.engine.events import Json

LONGEST_WORDS = 500
# By name, because Python knows codecs that are no character sets and some that take very long.
CHARSETS = frozenset(
    ["ascii", "iso-8859-1", "iso-8859-15", "latin1", "us-ascii", "utf-16", "utf-8", "windows-1252"]
)


def value_of(response: Response, mask: Mask) -> Json:
    """Gives the body's value, secrets masked: None when it is empty, text when it is no JSON after all."""
    if not response.body.strip():
        return None
    text = _text(response)
    if _may_be_json(response):
        try:
            return mask.value(msgspec.json.decode(text))
        except (msgspec.MsgspecError, RecursionError, TooDeep):
            pass
    return mask.value(text)


def words_of(response: Response, mask: Mask) -> str:
    """Gives the beginning of the body on one line, secrets masked."""
    # Masked before it is cut: half a secret is no match.
    return " ".join(mask.text(_text(response)).split())[:LONGEST_WORDS]


def _text(response: Response) -> str:
    named = re.search(r"charset\s*=\s*\"?([\w-]+)", response.header("Content-Type"), re.IGNORECASE)
    charset = named[1].lower() if named else "utf-8"
    text = response.body.decode(charset if charset in CHARSETS else "utf-8", "replace")
    return text.removeprefix("\ufeff")


def _may_be_json(response: Response) -> bool:
    kind = response.header("Content-Type").partition(";")[0].strip().lower()
    return not kind or kind.endswith(("/json", "+json"))
