"""The head of a plain post to the webhook, read without an HTTP parser: what is not plain is left to one.

Nearly every post of Meta's arrives in one piece, with a handful of harmless headers. Only such a head is read here, and
strictly: whatever could change where the body ends, or how it must be answered, is not plain.
"""

import re
from dataclasses import dataclass

MOST_NAMES = 1_000  # of headers, remembered
LONGEST_KEPT = 64  # bytes of such a name
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
_PLAIN, _NOT_OURS = b"plain", b"not ours"
_NAMES: dict[bytes, bytes] = {}
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
    # Within a line there is neither end of one nor NUL, whatever others may think of them.
    ends = len(lines) - 1
    whole = data.count(b"\n", 0, end) == ends == data.count(b"\r", 0, end)
    asked = _LINE.fullmatch(lines[0]) if whole and data.find(b"\0", 0, end) < 0 else None
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
        given, _, value = line.partition(b":")
        name = _NAMES.get(given)
        if name is None:
            name = _name(given)
        if name is _PLAIN:
            continue
        if name not in _MINE or name in mine:
            return None
        mine[name] = value.strip(b" \t")
    return mine


def _name(given: bytes) -> bytes:
    """Tells what a header's name is to us, and remembers it: clients have few, and write them alike.

    Anybody may send us names: what is kept is bounded in bytes too, and who fills it up does not stay in it.
    """
    name = given.lower()
    if name not in _MINE:
        name = _NOT_OURS if name in _NOT_PLAIN or not _TOKEN.fullmatch(name) else _PLAIN
    if len(given) <= LONGEST_KEPT:
        if len(_NAMES) >= MOST_NAMES:
            _NAMES.clear()
        _NAMES[given] = name
    return name


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
