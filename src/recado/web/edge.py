"""The first thing a request meets: its id, its path without trailing slash, the limit of its body, the headers."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recado.web.errors import Refusal, refusal_response

MAX_BODY = 6 * 1024 * 1024  # a flow document may have 5 MB
# A document of another builder may have 10 MB; a little more, so that its own refusal says so.
MAX_IMPORT = 11 * 1024 * 1024
IMPORT = "/api/v1/flows/import"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
API_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Edge:
    """Names every request, takes the trailing slash off its path, bounds its body, sets the safety headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers.get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        _take_slash_off(scope)
        answer = _with_headers(send, request_id, api=scope["path"].startswith("/api/"))
        most = MAX_IMPORT if scope["path"] == IMPORT else MAX_BODY
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            await refusal_response(Request(scope), _too_large(most))(scope, receive, answer)
            return
        await self._app(scope, _bounded(receive, most), answer)


def _request_id(given: str | None) -> str:
    if given is not None and REQUEST_ID.fullmatch(given):
        return given
    return secrets.token_hex(8)


def _take_slash_off(scope: Scope) -> None:
    path: str = scope["path"]
    if path.endswith("/") and path != "/":
        scope["path"] = path.rstrip("/") or "/"
        scope["raw_path"] = scope.get("raw_path", b"").rstrip(b"/") or b"/"


def _bounded(receive: Receive, most: int) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise _too_large(most)
        return message

    return bounded


def _with_headers(send: Send, request_id: str, *, api: bool) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = request_id
            for name, value in {**HEADERS, **(API_HEADERS if api else {})}.items():
                headers.setdefault(name, value)
        await send(message)

    return dressed


def _too_large(most: int) -> Refusal:
    return Refusal(413, "body_too_large", limit=most)
