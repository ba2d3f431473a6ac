"""The one way out to Meta: posts a body and says what is known about its fate, never more.

There is no idempotency key, so the difference between "not sent" and "unknown" decides whether a person gets a message
twice. A message cannot exist at Meta before the first byte of its body is written; from then on only an answer tells.

Messages and receipts go out on raw connections (`http_pool.py`), as every turn pays for them. Uploads and reads are
rare and go by aiohttp.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from types import SimpleNamespace, TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import msgspec

from recado.engine.events import Json
from recado.whatsapp import metrics
from recado.whatsapp.http_connection import LARGEST_ANSWER
from recado.whatsapp.http_pool import Connections
from recado.whatsapp.media import Upload, form
from recado.whatsapp.messages import read_receipt
from recado.whatsapp.outcomes import (
    Accepted,
    Answer,
    Marked,
    MarkResult,
    NotSent,
    Refused,
    SendResult,
    Unknown,
    UploadResult,
    impossible_token,
    mark_result,
    send_result,
    upload_result,
)
from recado.whatsapp.route import Account, Route, can_be_token, route

__all__ = [
    "Accepted",
    "Account",
    "GraphClient",
    "MarkResult",
    "Marked",
    "NotSent",
    "Refused",
    "SendResult",
    "Unknown",
]

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
MOST_CONNECTIONS = 1_000
MOST_ROUTES = 10_000  # kept in memory; each is a few hundred bytes


@dataclass(slots=True)
class _Progress:
    """How far a request got. Set right before the body's first byte is written, so it errs towards Unknown."""

    writing: bool = False


class GraphClient:
    """The connections to the Graph API for all numbers. Make it inside a running event loop; close it at the end.

    `tls` replaces the machine's own certificates for messages and receipts.
    """

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        most_connections: int = MOST_CONNECTIONS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._connections = Connections(
            connect_seconds=connect_seconds,
            total_seconds=total_seconds,
            most=most_connections,
            tls=tls,
        )
        self._routes: dict[Account, Route | Refused | NotSent] = {}
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, connect=connect_seconds)
        self._kept_session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Hands out the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes every connection."""
        await self.close()

    async def close(self) -> None:
        """Closes every connection; requests on their way become Unknown."""
        await self._connections.close()
        if self._kept_session:
            await self._kept_session.close()

    async def send(self, number: Account, body: Mapping[str, Json]) -> SendResult:
        """Posts one message, once: no retry, no redirect followed, no exception for anything that Meta does."""
        began = perf_counter()
        answer = await self._post(number, body)
        result = send_result(answer) if isinstance(answer, Answer) else answer
        metrics.asked("message", result, perf_counter() - began)
        return result

    async def upload(self, number: Account, file: Upload) -> UploadResult:
        """Gives Meta a file of this number's; nobody sees it until a message names its id."""
        began = perf_counter()
        address = _address(number, number.phone_number_id, "media")
        answer = await self._ask("POST", number, address, data=form(file))
        result = upload_result(answer) if isinstance(answer, Answer) else answer
        metrics.asked("upload", result, perf_counter() - began)
        return result

    async def read(
        self, number: Account, *path: str, query: Mapping[str, str]
    ) -> Answer | Refused | NotSent | Unknown:
        """Reads what stands under a path of the Graph API, for instance an account's templates."""
        began = perf_counter()
        answer = await self._ask("GET", number, _address(number, *path), query=query)
        metrics.asked("read", answer, perf_counter() - began)
        return answer

    async def mark_read(self, number: Account, wamid: str, *, typing: bool = False) -> MarkResult:
        """Marks a message as read and, if asked, shows that we type."""
        began = perf_counter()
        answer = await self._post(number, read_receipt(wamid, typing=typing))
        result = mark_result(answer) if isinstance(answer, Answer) else answer
        metrics.asked("receipt", result, perf_counter() - began)
        return result

    # Messages and receipts.

    async def _post(
        self, number: Account, body: Mapping[str, Json]
    ) -> Answer | Refused | NotSent | Unknown:
        encoded = msgspec.json.encode(body)
        way = self._routes.get(number) or self._learn(number)
        if not isinstance(way, Route):
            return way
        return await self._connections.ask(way.origin, way.request(encoded))

    def _learn(self, number: Account) -> Route | Refused | NotSent:
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()  # tokens and addresses that were replaced go with it
        way = self._routes[number] = route(number)
        return way

    # Uploads and reads.

    def _session(self) -> aiohttp.ClientSession:
        if self._kept_session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_chunk_sent.append(_note_writing)
            self._kept_session = aiohttp.ClientSession(
                timeout=self._timeout,
                trace_configs=[trace],
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity"},
                trust_env=False,
            )
        return self._kept_session

    async def _ask(
        self, method: str, number: Account, address: str, **parts: Any
    ) -> Answer | Refused | NotSent | Unknown:
        if not can_be_token(number.access_token):
            return impossible_token()
        progress = _Progress()
        try:
            return await self._exchange(method, number, address, progress=progress, **parts)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The error itself stays here: the request it quotes holds the token.
            reason = _reason(error)
        return Unknown(reason) if progress.writing else NotSent(reason)

    async def _exchange(
        self,
        method: str,
        number: Account,
        address: str,
        *,
        progress: _Progress,
        data: aiohttp.FormData | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        async with self._session().request(
            method,
            address,
            data=data,
            params=query,
            headers={"Authorization": f"Bearer {number.access_token}"},
            allow_redirects=False,
            trace_request_ctx=progress,
        ) as response:
            return Answer(
                status=response.status,
                raw=await _read(response),
                retry_after=response.headers.get("Retry-After"),
            )


async def _note_writing(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    chunk: aiohttp.TraceRequestChunkSentParams,
) -> None:
    context.trace_request_ctx.writing = True


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """Reads a body of up to 1 MB; None when it is longer or breaks off. The status is known all the same."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    return bytes(body)


def _address(number: Account, *path: str) -> str:
    parts = "/".join(quote(part, safe="") for part in path)
    return f"{number.graph_url.rstrip('/')}/{number.version}/{parts}"


def _reason(error: Exception) -> str:
    """Names a failure for the log in one word, and in none of its own: they may quote headers."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "dns"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ConnectionTimeoutError():
            return "connect_timeout"
        case aiohttp.ClientConnectorError():
            return "connect"
        case TimeoutError():
            return "timeout"
        case aiohttp.ServerDisconnectedError():
            return "disconnected"
        case OSError():
            return "reset"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "bad_address"
        case _:
            return "broken_answer"
