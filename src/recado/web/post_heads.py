"""The head of a plain post to the webhook, read without an HTTP parser: what is not plain is left to one.

Nearly every post of Meta's arrives in one piece, with a handful of harmless headers. Only such a head is read here, and
strictly: whatever could change where the body ends, or how it must be answered, is not plain.
"""

import re
from dataclasses import dataclass

MOST_AT_ONCE = 64 * 1024  # bytes of head and body; a longer post pays for the long way

_LINE = re.compile(
    rb"POST (?P<path>(?P<api>/api/v1)?/whatsapp/webhook(?:/(?P<token>[A-Za-z0-9._~-]+))?/?) HTTP/1\.1"
)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_END = b"\r\n\r\n"
# `origin` is answered by CORS, `connection` says what becomes of the connection; the others change the framing.
_NOT_PLAIN = frozenset(
    (b"transfer-encoding", b"expect", b"upgrade", b"trailer", b"te", b"origin", b"connection")
)
_MINE = frozenset((b"content-length", b"x-hub-signature-256", b"x-request-id"))


@dataclass(frozen=True, slots=True)
class Head:
    """What is worth knowing of a plain post; `begins` and `ends` are the places of its body."""

    api: bool
    token: str | None
    signature: str | None
    request_id: str | None
    begins: int
    ends: int


def is_post(data: bytes) -> bool:
    """Says whether bytes may begin a post to the webhook; anything else is not even looked at."""
    return data.startswith((b"POST /api/v1/whatsapp/webhook", b"POST /whatsapp/webhook"))


def read_head(data: bytes) -> Head | None:
    """Reads the head at the beginning of some bytes; None when it is not whole, or not plain."""
    end = data.find(_END, 0, MOST_AT_ONCE)
    if end < 0:
        return None
    lines = data[:end].split(b"\r\n")
    asked = _LINE.fullmatch(lines[0])
    mine = None if asked is None else _headers(lines[1:])
    if asked is None or mine is None:
        return None
    length = mine.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 6:
        return None
    begins = end + len(_END)
    token = asked["token"]
    return Head(
        api=asked["api"] is not None,
        token=None if token is None else token.decode(),
        signature=_text(mine.get(b"x-hub-signature-256")),
        request_id=_text(mine.get(b"x-request-id")),
        begins=begins,
        ends=begins + int(length),
    )


def _headers(lines: list[bytes]) -> dict[bytes, bytes] | None:
    mine: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _MINE:
            if name in mine:
                return None
            mine[name] = value.strip(b" \t")
        elif name in _NOT_PLAIN or not _TOKEN.fullmatch(name):
            return None
        if b"\n" in value or b"\r" in value or b"\0" in value:
            return None
    return mine


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
