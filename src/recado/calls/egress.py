"""The one way out to addresses that an author can choose.

Theory of operation. A request passes three gates, and each of them alone would do:

- the text of the address: http or https, no user name, no doubtful sign, one spelling of the host (`urls.py`);
- the addresses that its name resolves to: only public ones are handed on (`gate.py`, `public_addresses.py`);
- the socket: the gate is asked once more, for the very address that it is about to connect to, so that no literal, no cache and
  no name server that answers differently the second time gets round the first two.

What the operator opens (`allow.py`) passes all three. Redirects are followed by hand, each through the same gates
(`redirects.py`). No cookies are kept, no proxy or password of the environment is used, nothing is read without end.
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict

from recado.calls.allow import NONE, Allow
from recado.calls.bodies import ACCEPTED, read_body
from recado.calls.egress_errors import EgressError, EgressFailed, EgressRefused, EgressTimeout
from recado.calls.gate import Address, Gate
from recado.calls.look_up import LookUp, Resolver
from recado.calls.redirects import MOST, Headers, Hop, next_hop
from recado.calls.urls import read_url

METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
# They belong to the connection, which is ours; an author's would contradict what we send.
# fmt: off
OURS = frozenset([
    "accept-encoding", "connection", "content-length", "expect", "host", "http2-settings", "keep-alive",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
])
# fmt: on
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Controls would end the line, and half a surrogate has no bytes.
BROKEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
MOST_CONNECTIONS = 512
MOST_TO_ONE_HOST = 64
# Less than the 5 s after which many servers hang up: a POST that meets a closed connection cannot be repeated.
KEPT_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, unpacked; `url` is where from, after redirects."""

    status: int
    headers: Headers
    body: bytes
    url: str

    def header(self, name: str) -> str:
        """Gives the first header of a name, or an empty text."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")


class Egress:
    """A guarded session. Make it inside a running event loop; close it at the end."""

    def __init__(self, allow: Allow = NONE, *, look_up: LookUp | None = None) -> None:
        self._gate = Gate(allow, look_up or Resolver())
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MOST_CONNECTIONS,
                limit_per_host=MOST_TO_ONE_HOST,
                keepalive_timeout=KEPT_SECONDS,
                resolver=self._gate,
                use_dns_cache=False,
                socket_factory=self._gate.open_socket,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type"),
            trust_env=False,
        )

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        timeout: float,  # noqa: ASYNC109 the limit is part of what is asked, redirects and all
        max_bytes: int = 1_000_000,
        secret_headers: Collection[str] = (),
        secret_body: bool = False,
    ) -> Response:
        """Makes a request and follows its redirects; raises `EgressRefused`, `EgressTimeout` or `EgressFailed`.

        Headers in `secret_headers` are dropped at a redirect to another origin; with a `secret_body` such a redirect
        is followed only if it sends no body.
        """
        hop = Hop(
            method=_checked_method(method),
            url=read_url(url),
            headers=_checked_headers(headers),
            body=body,
            secret_headers=frozenset(name.lower() for name in secret_headers),
            secret_body=secret_body,
        )
        try:
            async with asyncio.timeout(timeout):
                return await self._follow(hop, max_bytes)
        except TimeoutError:
            raise EgressTimeout from None

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Resolves a host and gives the addresses that may be reached, for whoever connects to exactly these."""
        return await self._gate.addresses(host, port)

    async def _follow(self, hop: Hop, max_bytes: int) -> Response:
        for _ in range(MOST + 1):
            outcome = await self._exchange(hop, max_bytes)
            if isinstance(outcome, Response):
                return outcome
            hop = outcome
        raise EgressRefused("redirects")

    async def _exchange(self, hop: Hop, max_bytes: int) -> Response | Hop:
        with self._gate.aimed_at(hop.url.raw_host or "") as aim:
            try:
                await self._gate.check_literal(aim.host, hop.url.port or 0)
                return await self._send(hop, max_bytes)
            except TimeoutError:
                raise
            except (aiohttp.ClientError, OSError) as error:
                # The error itself stays here: the request it quotes holds the author's headers.
                reason = EgressRefused(aim.refused) if aim.refused else _failure(error)
        raise reason

    async def _send(self, hop: Hop, max_bytes: int) -> Response | Hop:
        headers = CIMultiDict([*hop.headers, ("Accept-Encoding", ACCEPTED)])
        async with self._session.request(
            hop.method, hop.url, headers=headers, data=hop.body, allow_redirects=False
        ) as response:
            onward = next_hop(hop, response.status, response.headers.get("Location"))
            if onward is not None:
                return onward
            body = await read_body(response, max_bytes)
            return Response(
                status=response.status,
                headers=tuple(response.headers.items()),
                body=body,
                url=str(hop.url),
            )


def _checked_method(method: str) -> str:
    if method.upper() not in METHODS:
        raise EgressRefused("method")
    return method.upper()


def _checked_headers(headers: Sequence[tuple[str, str]]) -> Headers:
    for name, value in headers:
        if not TOKEN.fullmatch(name) or BROKEN.search(value):
            raise EgressRefused("header")
    return tuple((name, value) for name, value in headers if name.lower() not in OURS)


def _failure(error: Exception) -> EgressError:
    """Says in a word of ours what went wrong: the library's words may quote headers."""
    match error:
        case aiohttp.ClientSSLError():
            return EgressFailed("tls")
        case aiohttp.ClientConnectorDNSError():
            return EgressFailed("dns")
        case aiohttp.ClientConnectorError():
            return EgressFailed("connect")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return EgressRefused("bad_url")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | OSError():
            return EgressFailed("disconnected")
    return EgressFailed("broken_answer")
