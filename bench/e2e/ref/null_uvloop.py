"""The null bot: raw uvloop protocols both ways, state in a dict, nothing durable.

It checks the signature, parses, answers 200, then sends the reply on a few kept connections. It is the practical limit
of one Python process, and what everything else is divided by: `null_uvloop.py PORT GRAPH_PORT`.
"""

import asyncio
import hashlib
import hmac
import sys
from collections import deque
from typing import Any, cast

import httptools
import msgspec
import uvloop

SECRET = b"bench-app-secret"
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nOK"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
CONNECTIONS = 64

state: dict[str, str] = {}
idle: list["Outgoing"] = []
waiting: deque[bytes] = deque()
opened: set["asyncio.Future[Any] | None"] = set()
graph_port = 9100


def flow(phone: str, text: str) -> str:
    """Asks for the name, then the age, then says who may come in."""
    name = state.get(phone)
    if name is None:
        state[phone] = ""
        return "Qual é o seu nome?"
    if name == "":
        state[phone] = text
        return "Qual é a sua idade?"
    del state[phone]
    return f"{name} liberado" if text.isdigit() and int(text) >= 18 else f"{name} bloqueado"


class Outgoing(asyncio.Protocol):
    """A connection to the Graph API."""

    def __init__(self) -> None:
        self.opening: asyncio.Future[Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the first request that waits."""
        self.transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Reads an answer."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Goes on with what waits."""
        self._parser = httptools.HttpResponseParser(self)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Is not used any more."""
        opened.discard(self.opening)
        if self in idle:
            idle.remove(self)

    def _next(self) -> None:
        if waiting:
            self.transport.write(waiting.popleft())
        else:
            idle.append(self)


def send(number: str, to: str, text: str) -> None:
    """Sends a text on an idle connection, or a new one while there are few."""
    body = msgspec.json.encode(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": "text",
            "text": {"body": text},
        }
    )
    request = (
        b"POST /v25.0/%s/messages HTTP/1.1\r\nHost: graph\r\nAuthorization: Bearer x\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    ) % (number.encode(), len(body), body)
    if idle:
        idle.pop().transport.write(request)
        return
    waiting.append(request)
    if len(opened) < CONNECTIONS:
        outgoing = Outgoing()
        loop = asyncio.get_running_loop()
        opening = loop.create_connection(lambda: outgoing, "127.0.0.1", graph_port)
        outgoing.opening = asyncio.ensure_future(opening)
        opened.add(outgoing.opening)


class Incoming(asyncio.Protocol):
    """A connection of Meta's."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._body = self._signature = b""

    def data_received(self, data: bytes) -> None:
        """Reads a webhook."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps the signature."""
        if name.lower() == b"x-hub-signature-256":
            self._signature = value

    def on_body(self, body: bytes) -> None:
        """Gathers the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answers, then lets the flow reply."""
        body, self._body = self._body, b""
        wanted = b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(wanted, self._signature):
            self._transport.write(REFUSED)
            return
        self._transport.write(TAKEN)
        for entry in msgspec.json.decode(body)["entry"]:
            for change in entry["changes"]:
                value = change["value"]
                number = value["metadata"]["phone_number_id"]
                for message in value.get("messages", ()):
                    phone = message["from"]
                    send(number, phone, flow(phone, message["text"]["body"]))


async def main(port: int) -> None:
    """Serves until it is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Incoming, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    graph_port = int(sys.argv[2])
    uvloop.run(main(int(sys.argv[1])))
