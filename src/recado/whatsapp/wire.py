"""Reads JSON from outside without trusting its shape: texts come out clean, oddities come out as absent."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from recado.engine.events import Json

LONGEST_TEXT = 64 * 1024  # bytes of UTF-8, the limit of a value in the flow language
LONGEST_NAME = 256
LONGEST_ID = 512  # a B-tree key of PostgreSQL ends at 2,704 bytes
DEEPEST = 64

OLDEST = timedelta(days=8)  # Meta delivers again for 7 days
EARLIEST = timedelta(hours=1)  # how far our clock may be behind Meta's

Node = Mapping[str, Json]
NOTHING: Node = {}
NULL = msgspec.Raw(b"null")

# A high surrogate without its low one, or a low one without its high one.
_LONE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_ROUND = bytes.maketrans(b"{}[]", b"()()")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))

_ANY = msgspec.json.Decoder()
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def clean(body: bytes) -> bytes:
    """Takes out of JSON what PostgreSQL and UTF-8 refuse: NULs go, broken characters become U+FFFD."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.isascii():
        body = body.decode("utf-8", "replace").encode()
    if b"\\u" not in body or b"\x01" in body:
        return body  # a bare control character is no JSON anyway
    # An escaped backslash must not lend itself to the text behind it: `\\u0000` is a backslash and `u0000`.
    body = body.replace(b"\\\\", b"\x01").replace(b"\\u0000", b"")
    return _LONE.sub(rb"\\ufffd", body).replace(b"\x01", b"\\\\")


def is_dirty(body: bytes) -> bool:
    """Says whether there is anything to `clean`, apart from lone surrogates, which the decoder refuses."""
    return b"\\u0000" in body or not (body.isascii() or _is_utf8(body))


def is_deep(body: bytes) -> bool:
    """Says whether well-formed JSON nests deeper than anything of Meta's, so that it would trouble those who store it."""
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return False
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(unescaped.split(b'"')[::2])
    brackets = outside.translate(_ROUND, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"()", b"")
    return bool(brackets)


def pieces(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Splits a JSON list into its items, each still unread; anything else has no items."""
    if raw is NULL:
        return []
    try:
        return _LIST.decode(raw)
    except msgspec.DecodeError:
        return []


def loose(raw: bytes | msgspec.Raw) -> Json:
    """Decodes well-formed JSON whatever its numbers; one that no float holds is kept as its text."""
    if raw is NULL:
        return None
    try:
        return _ANY.decode(raw)
    except msgspec.ValidationError:
        return json.loads(bytes(raw), parse_int=_int, parse_float=_float)


def embedded(text: str) -> Json:
    """Decodes JSON that came as a text inside of JSON; None when it is none."""
    body = clean(text.encode())
    try:
        value = loose(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return None if is_deep(body) else value


def scalar(value: Json, limit: int = LONGEST_ID) -> str | None:
    """Takes a text, cut to `limit` characters; a whole number counts as text, an empty text as absent."""
    if isinstance(value, str):
        return value[:limit] or None
    return str(value)[:limit] if isinstance(value, int) and not isinstance(value, bool) else None


def string(node: Node, key: str, limit: int = LONGEST_ID) -> str | None:
    """Reads a member that is a text, as `scalar` takes it."""
    value = node.get(key)
    return None if value is None else scalar(value, limit)


def identity(node: Node, key: str) -> str | None:
    """Reads an id that tells people or messages apart: one too long to be any is absent, never cut."""
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, str) and 0 < len(value) <= LONGEST_ID:
        return value
    text = scalar(value, LONGEST_ID + 1)
    return text if text is None or len(text) <= LONGEST_ID else None


def words(node: Node, key: str) -> str:
    """Reads what a person wrote, at most 64 KB of it; absent is empty."""
    value = string(node, key, LONGEST_TEXT) or ""
    if len(value) * 4 <= LONGEST_TEXT:
        return value
    return value.encode()[:LONGEST_TEXT].decode("utf-8", "ignore")


def part(node: Node, key: str) -> Node:
    """Reads an object; anything else is an empty one."""
    value = node.get(key)
    return value if isinstance(value, dict) else NOTHING


def items(value: Json) -> list[Node]:
    """Reads a list of objects, leaving out what is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def moment(value: Json, received_at: datetime) -> datetime:
    """Reads unix seconds, as a number or in digits; what Meta cannot have meant is the time of receipt."""
    if value is None:
        return received_at
    try:
        at = datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return received_at
    return at if received_at - OLDEST <= at <= received_at + EARLIEST else received_at


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= 64 else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
