"""What every endpoint of the fake shares: who may call, how JSON is read and answered."""

import hmac
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from recado.whatsapp.fake_errors import FakeError, Refused, by_code, no_such_object
from recado.whatsapp.fake_faults import Drawn
from recado.whatsapp.fake_records import FakeNumber
from recado.whatsapp.fake_world import FakeWorld

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class Access:
    """Finds out whom a bearer token belongs to, and refuses the rest in Meta's words."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def number(self, request: web.Request) -> FakeNumber:
        """Gives the number in the path, if the token is its own."""
        phone_number_id = request.match_info["id"]
        number = self._world.numbers.get(phone_number_id)
        header = request.headers.get("Authorization", "")
        # The short cut keeps the busy path free of a search through all numbers.
        if number is not None and header == f"Bearer {number.access_token}":
            return number
        token = self.token(request)
        if number is None or not may(token, number):
            raise Refused(no_such_object(phone_number_id))
        return number

    def waba(self, request: web.Request) -> str:
        """Gives the WABA in the path, if the token belongs to one of its numbers."""
        token, waba_id = self.token(request), request.match_info["id"]
        if not any(may(token, number) for number in self._world.numbers_of(waba_id)):
            raise Refused(no_such_object(waba_id))
        return waba_id

    def token(self, request: web.Request) -> str:
        """Gives the request's token, if it belongs to anybody."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        token = given or request.query.get("access_token", "")
        if not token:
            raise Refused(by_code(104))
        if not any(may(token, number) for number in self._world.numbers.values()):
            raise Refused(by_code(190))
        return token


def may(token: str, number: FakeNumber) -> bool:
    """Says whether a token speaks for a number."""
    return hmac.compare_digest(token.encode(), number.access_token.encode())


def read(raw: bytes) -> object:
    """Reads a JSON body; what isn't JSON counts as an empty object, as Graph sees no parameters."""
    try:
        found: object = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found


def answer(found: object, *, status: int = 200) -> web.Response:
    """Answers JSON."""
    return web.Response(body=_encoder.encode(found), status=status, content_type="application/json")


def refuse(error: FakeError) -> web.Response:
    """Answers an error object with its HTTP status."""
    return answer(error.answer(f"A{secrets.token_urlsafe(16)}"), status=error.status)


def refusal(request: web.Request, drawn: Drawn) -> web.Response | None:
    """Answers as the fault plan says where it says that nothing is accepted; else None."""
    if drawn.error is not None:
        return refuse(drawn.error)
    if drawn.http is not None:
        return web.Response(status=drawn.http)
    return reset(request) if drawn.reset_before else None


def reset(request: web.Request) -> web.Response:
    """Hangs up as a gateway does that dies; nobody sees the answer that this gives."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        # Lingering for 0 seconds makes the close a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


@web.middleware
async def in_metas_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals and unknown paths into Meta's error objects."""
    try:
        return await handler(request)
    except Refused as refused:
        return refuse(refused.error)
    except web.HTTPNotFound:
        if request.match_info.http_exception is None:
            raise
        return refuse(FakeError(2500, f"Unknown path components: {request.path}", status=404))
    except web.HTTPMethodNotAllowed:
        return refuse(no_such_object(request.path.rsplit("/", 1)[-1]))
    except web.HTTPRequestEntityTooLarge:
        return refuse(by_code(100, "Request body is too large", status=413))
