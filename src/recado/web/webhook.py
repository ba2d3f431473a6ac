"""Where Meta calls us: the handshake, and the posts that are answered 200 once they are committed, never before.

A plain post that was taken goes a shorter way (`web/post_protocol.py`); this is the route of all others and of every
refusal.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from time import perf_counter

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from recado.store.pool import UNAVAILABLE
from recado.web import metrics
from recado.web.errors import Refusal, refusal_response
from recado.web.group_commit import Overloaded
from recado.web.post_protocol import VERDICT
from recado.web.receiver import Receiver
from recado.web.uploads import UploadLimits, Uploads
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


def webhook_routes(
    receiver: Receiver,
    *,
    read_within: float = READ_WITHIN,
    upload_limits: UploadLimits | None = None,
) -> list[BaseRoute]:
    """Lists the routes; the fixed paths must come before any `/whatsapp/{id}`."""
    uploads = Uploads(upload_limits)

    async def handshake(request: Request) -> Response:
        return await _handshake(receiver, request)

    async def post(request: Request) -> Response:
        began = perf_counter()
        response = await _post(receiver, request, uploads, read_within)
        metrics.ANSWER_SECONDS.observe(perf_counter() - began)
        metrics.answers.of(str(response.status_code)).inc()
        return response

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
    given = asked.get("hub.verify_token", "")
    try:
        stored = await receiver.verify_token(_storable(given), _own_part(request))
    except UNAVAILABLE as problem:
        return _unavailable(request, problem)
    known = _is_same(given, stored)
    if not known or asked.get("hub.mode") != "subscribe" or "hub.challenge" not in asked:
        log.warning("webhook_handshake_refused", known_token=known)
        return _refusal(request, 403, "wrong_verify_token")
    return PlainTextResponse(asked["hub.challenge"], headers={"X-Content-Type-Options": "nosniff"})


async def _post(
    receiver: Receiver, request: Request, uploads: Uploads, read_within: float
) -> Response:
    """Takes a post of Meta, once it is whole; one that was judged on the short way is only answered."""
    try:
        async with asyncio.timeout(read_within):
            body = await _read(request, uploads)
    except TooLarge:
        refusal = Refusal(413, "body_too_large", headers=CLOSE, limit=MAX_BODY)
        return refusal_response(request, refusal)
    except TimeoutError:
        return _refusal(request, 408, "body_too_slow", headers=CLOSE)
    except ClientDisconnect:
        return _refusal(request, 400, "body_cut_off", headers=CLOSE)
    except Overloaded as problem:
        return _unavailable(request, problem)
    return await _take(receiver, request, body)


async def _read(request: Request, uploads: Uploads) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise TooLarge
    client, body = request.client.host if request.client else "", bytearray()
    try:
        async for chunk in request.stream():  # never mind what was declared
            if len(body) + len(chunk) > MAX_BODY:
                raise TooLarge
            uploads.hold(client, len(chunk))
            body += chunk
    finally:
        uploads.let_go(client, len(body))
    return bytes(body)


async def _take(receiver: Receiver, request: Request, body: bytes) -> Response:
    try:
        believed = await _verdict(receiver, request, body)
    except BadPayload as problem:
        return _refusal(request, 400, problem.reason)
    except (Overloaded, *UNAVAILABLE) as problem:
        return _unavailable(request, problem)
    if not believed:
        return _refusal(request, 401, "bad_signature")
    return JSONResponse({"status": "ok"})


async def _verdict(receiver: Receiver, request: Request, body: bytes) -> bool:
    judged: bool | Exception | None = request.scope["state"].get(VERDICT)
    match judged:
        case Exception():
            raise judged
        case bool():
            return judged
    signature = request.headers.get("x-hub-signature-256")
    return await receiver.take(body, signature=signature, token=_own_part(request))


def _is_same(given: str, stored: str | None) -> bool:
    """Compares tokens in constant time; nothing equals an empty one."""
    wanted = given.encode("utf-8", "replace")
    return bool(stored) and hmac.compare_digest(wanted, (stored or "").encode())


def _own_part(request: Request) -> str | None:
    """Gives the part of the address that is a number's own, where it has one."""
    token = request.path_params.get("webhook_token")
    return None if token is None else _storable(token)


def _storable(text: str) -> str:
    """Leaves out what PostgreSQL cannot even be asked for."""
    return text.replace("\x00", "")


def _refusal(
    request: Request, status: int, code: str, *, headers: dict[str, str] | None = None
) -> Response:
    return refusal_response(request, Refusal(status, code, headers=headers))


def _unavailable(request: Request, problem: BaseException) -> Response:
    log.warning("webhook_not_taken", reason=f"{type(problem).__name__} {problem}"[:200])
    return _refusal(request, 503, "not_taken", headers=RETRY_AFTER)
