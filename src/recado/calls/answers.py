"""Reads the body of an answer: JSON as a value, everything else as text; and takes the parts out that are asked for."""

import asyncio
import json
import re

import msgspec

from recado.calls.egress import Response
from recado.calls.masks import Mask, TooDeep
from recado.engine.events import CallResult, Json
from recado.engine.flow import MAX_VALUE_BYTES, MAX_VARIABLES_BYTES
from recado.engine.json_paths import find_by_path, too_much_work
from recado.engine.requests import Http

LONGEST_WORDS = 500
# By name, because Python knows codecs that are no character sets and some that take very long.
CHARSETS = frozenset(
    ["ascii", "iso-8859-1", "iso-8859-15", "latin1", "us-ascii", "utf-16", "utf-8", "windows-1252"]
)


async def result_of(request: Http, response: Response, mask: Mask) -> CallResult:
    """Gives what a flow gets of an answer: the whole where it keeps it, and the parts that it asks for."""
    value, status = value_of(response, mask), response.status
    fits = _size(value) <= MAX_VALUE_BYTES
    whole = value if request.keep and fits else None
    if not 200 <= status < 300:
        detail = words_of(value)
        return CallResult(ok=False, value=whole, error="bad_status", detail=detail, status=status)
    # On a thread of its own: expressions over a large answer take their time.
    parts = await asyncio.to_thread(_parts, request.extract, value, len(response.body))
    if parts is None or (request.keep and not fits):
        return CallResult(ok=False, error="too_large", status=status)
    return CallResult(ok=True, value=whole, status=status, extracted=parts or None)


def _parts(paths: tuple[str, ...], value: Json, size: int) -> dict[str, Json] | None:
    """Gives what the expressions find; None when it is more than variables hold, or takes too long to find."""
    if too_much_work(paths, size):
        return None
    found = {path: find_by_path(path, value) for path in paths}
    sizes = [_size(each) for each in found.values()]
    if max(sizes, default=0) > MAX_VALUE_BYTES or sum(sizes) > MAX_VARIABLES_BYTES:
        return None
    return found


def _size(value: Json) -> int:
    return len(msgspec.json.encode(value))


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


def words_of(value: Json) -> str:
    """Gives the beginning of a body's value on one line."""
    match value:
        case None:
            return ""
        case str():
            text = value
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())[:LONGEST_WORDS]


def _text(response: Response) -> str:
    named = re.search(r"charset\s*=\s*\"?([\w-]+)", response.header("Content-Type"), re.IGNORECASE)
    charset = named[1].lower() if named else "utf-8"
    text = response.body.decode(charset if charset in CHARSETS else "utf-8", "replace")
    return text.removeprefix("\ufeff")


def _may_be_json(response: Response) -> bool:
    kind = response.header("Content-Type").partition(";")[0].strip().lower()
    return not kind or kind.endswith(("/json", "+json"))
