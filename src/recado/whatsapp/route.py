"""Where a number's messages are posted, and the part of every request that is the same. Pure."""

from typing import NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from recado.whatsapp.http_pool import Origin
from recado.whatsapp.outcomes import NotSent, Refused, impossible_token

BAD_ADDRESS = NotSent("bad_address")
_PORTS = {"http": 80, "https": 443}


class Account(msgspec.Struct, frozen=True):
    """What a request needs to know of a number. The token never shows in a repr."""

    phone_number_id: str
    access_token: str
    graph_url: str = "https://graph.facebook.com"
    version: str = "v25.0"

    def __repr__(self) -> str:
        """Shows all but the token."""
        return f"Account({self.phone_number_id!r}, {self.graph_url!r}, {self.version!r})"


class Route(NamedTuple):
    """Everything of a request up to the length of its body."""

    origin: Origin
    head: bytes

    def request(self, body: bytes) -> bytes:
        """Writes a request whole, so that it goes out in one piece."""
        return b"%b%d\r\n\r\n%b" % (self.head, len(body), body)


def route(number: Account) -> Route | Refused | NotSent:
    """Finds the way to a number's `messages`; or says why nothing can be posted there."""
    if not can_be_token(number.access_token):
        return impossible_token()
    try:
        url = urlsplit(number.graph_url)
        host = (url.hostname or "").encode("idna").decode()
        port = url.port or _PORTS[url.scheme]
    except (ValueError, KeyError):  # UnicodeError, which is for IDNA, is a ValueError
        return BAD_ADDRESS
    if not host or not _can_stand_in_a_header(host) or url.username is not None:
        return BAD_ADDRESS
    parts = (number.version, number.phone_number_id, "messages")
    path = "/".join((url.path.rstrip("/"), *(quote(part, safe="") for part in parts)))
    named = f"[{host}]" if ":" in host else host
    shown = named if port == _PORTS[url.scheme] else f"{named}:{port}"
    head = (
        f"POST {quote(path, safe='/%')} HTTP/1.1\r\n"
        f"Host: {shown}\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: identity\r\n"
        "User-Agent: recado\r\n"
        f"Authorization: Bearer {number.access_token}\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: "
    )
    return Route(Origin(url.scheme == "https", host, port), head.encode())


def can_be_token(token: str) -> bool:
    """Says whether a text could be a token at all: it stands in a header."""
    return bool(token) and _can_stand_in_a_header(token)


def _can_stand_in_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
