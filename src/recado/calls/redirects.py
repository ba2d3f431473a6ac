"""Follows a redirect by hand: what goes along to the next address, and what must not."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from yarl import URL

from recado.calls.egress_errors import EgressRefused
from recado.calls.urls import read_url

MOST = 5
REDIRECTS = frozenset([301, 302, 303, 307, 308])
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
Headers = tuple[tuple[str, str], ...]
# Never for a second origin, whoever wrote them.
CREDENTIALS = frozenset(["authorization", "cookie", "proxy-authorization"])


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a chain. `secret_headers` (small letters) and a `secret_body` stay with the first origin."""

    method: str
    url: URL
    headers: Headers = ()
    body: bytes | None = None
    secret_headers: frozenset[str] = frozenset()
    secret_body: bool = False


def next_hop(hop: Hop, status: int, location: str | None) -> Hop | None:
    """Makes the request that a redirect asks for, or None where the answer is none; raises `EgressRefused`."""
    if status not in REDIRECTS or not location:
        return None
    onward = replace(hop, url=_target(hop.url, location))
    if _becomes_get(status, hop.method):
        onward = replace(onward, method="GET", body=None, headers=_without_content(hop.headers))
    if _origin(onward.url) == _origin(hop.url):
        return onward
    if onward.secret_body and onward.body is not None:
        raise EgressRefused("redirects")
    return replace(onward, headers=_without(onward.headers, CREDENTIALS | hop.secret_headers))


def _target(base: URL, location: str) -> URL:
    wanted = location.strip(" ").replace(" ", "%20")
    if SCHEME.match(wanted):
        return read_url(wanted)
    # Joining drops some signs silently.
    if not wanted.isprintable() or "\\" in wanted:
        raise EgressRefused("bad_url")
    try:
        joined = urljoin(str(base), wanted)
    except ValueError:
        raise EgressRefused("bad_url") from None
    return read_url(joined)


def _becomes_get(status: int, method: str) -> bool:
    # As browsers do it (WHATWG Fetch, "HTTP-redirect fetch"); 307 and 308 keep the method.
    if status == 303:
        return method not in ("GET", "HEAD")
    return status in (301, 302) and method == "POST"


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port


def _without(headers: Headers, names: Collection[str]) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def _without_content(headers: Headers) -> Headers:
    return tuple(each for each in headers if not each[0].lower().startswith("content-"))
