"""Where Meta calls us: the handshake, and the posts that are answered 200 once they are committed, never before."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from recado.web.faults import UNAVAILABLE
from recado.web.group_commit import Overloaded
from recado.web.receiver import Receiver
from recado.whatsapp.webhook import BadPayload

__all__ = ["Receiver", "webhook_routes"]

log = structlog.get_logger(__name__)

PATHS = ("/api/v1/whatsapp/webhook", "/whatsapp/webhook")
MAX_BODY = 4 * 1024 * 1024  # Meta's batches have up to 3 MB
READ_WITHIN = 15.0  # seconds for a body to arrive: who is slower must not hold our memory
RETRY_AFTER = {"Retry-After": "5"}
CLOSE = {"Connection": "close"}


class TooLarge(Exception):
    """The body is longer than anything of Meta's."""


def webhook_routes(receiver: Receiver, *, read_within: float = READ_WITHIN) -> list[BaseRoute]:
    """Lists the routes; the fixed paths must come before any `/whatsapp/{id}`."""

    async def handshake(request: Request) -> Response:
        return await _handshake(receiver, request)

    async def post(request: Request) -> Response:
        return await _post(receiver, request, read_within)

    methods: tuple[tuple[str, Callable[[Request], Awaitable[Response]]], ...] = (
        ("POST", post),
        ("GET", handshake),
    )
    return [
        Route(path + token + slash, endpoint, methods=[method], include_in_schema=False)
        for path in PATHS
        for token in ("", "/{webhook_token}")
        for slash in ("", "/")
        for method, endpoint in methods
    ]


async def _handshake(receiver: Receiver, request: Request) -> Response:
    """Answers Meta's question whether this address is ours: the challenge, exactly, or 403."""
    asked = request.query_params
    try:
        tokens = await receiver.verify_tokens(request.path_params.get("webhook_token"))
    except UNAVAILABLE as problem:
        return _unavailable(problem)
    known = _is_among(asked.get("hub.verify_token", ""), tokens)
    if not known or asked.get("hub.mode") != "subscribe" or "hub.challenge" not in asked:
        log.warning("webhook_handshake_refused", known_token=known)
        return _refusal(403, "wrong_verify_token")
    return PlainTextResponse(asked["hub.challenge"], headers={"X-Content-Type-Options": "nosniff"})


async def _post(receiver: Receiver, request: Request, read_within: float) -> Response:
    """Takes a post of Meta; its bytes count against what may wait from the first one on."""
    body = bytearray()
    try:
        async with asyncio.timeout(read_within):
            await _read(receiver, request, body)
    except TooLarge:
        return _refusal(413, "body_too_large", CLOSE)
    except TimeoutError:
        return _refusal(408, "body_too_slow", CLOSE)
    except ClientDisconnect:
        return _refusal(400, "body_cut_off", CLOSE)
    except Overloaded as problem:
        return _unavailable(problem)
    else:
        return await _take(receiver, request, bytes(body))
    finally:
        receiver.let_go(len(body))


async def _read(receiver: Receiver, request: Request, body: bytearray) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise TooLarge
    async for chunk in request.stream():  # never mind what was declared
        if len(body) + len(chunk) > MAX_BODY:
            raise TooLarge
        receiver.hold(len(chunk))
        body += chunk


async def _take(receiver: Receiver, request: Request, body: bytes) -> Response:
    try:
        believed = await receiver.take(
            body,
            signature=request.headers.get("x-hub-signature-256"),
            token=request.path_params.get("webhook_token"),
        )
    except BadPayload as problem:
        return _refusal(400, problem.reason)
    except (Overloaded, *UNAVAILABLE) as problem:
        return _unavailable(problem)
    return JSONResponse({"status": "ok"}) if believed else _refusal(401, "bad_signature")


def _is_among(given: str, tokens: Sequence[str]) -> bool:
    """Compares with every token, in constant time each; nothing equals an empty one."""
    wanted = given.encode("utf-8", "replace")
    return sum(hmac.compare_digest(wanted, token.encode()) for token in tokens if token) > 0


def _refusal(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(
        {"type": f"urn:recado:problem:{code}", "title": code, "status": status, "code": code},
        status,
        headers,
        media_type="application/problem+json",
    )


def _unavailable(problem: BaseException) -> Response:
    log.warning("webhook_not_taken", reason=f"{type(problem).__name__} {problem}"[:200])
    return _refusal(503, "not_taken", RETRY_AFTER)
