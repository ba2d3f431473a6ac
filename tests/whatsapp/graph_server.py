"""A Graph API of a few lines that fails wherever a test wants it to."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from recado.whatsapp.client import Account, GraphClient

TOKEN = "EAAB-secret-token"
BODY = {"messaging_product": "whatsapp", "to": "+5511987654321", "type": "text"}
ACCEPTED = b'{"contacts":[{"input":"x","wa_id":"551187654321"}],"messages":[{"id":"wamid.A"}]}'


@dataclass
class Call:
    """One request that reached the server whole, and the way to answer it."""

    head: str
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def answer(self, status: int, body: bytes, *headers: str, length: int | None = None) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length or len(body)}", *headers]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    def reset(self) -> None:
        """Hangs up as a crash does: no FIN, the peer gets ECONNRESET."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Answering = Callable[[Call], Awaitable[None]]


@dataclass
class Server:
    """The listening side; `answer` decides what happens to each whole request."""

    answer: Answering
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing():
                call = await read_call(reader, writer)
                self.calls.append(call)
                await self.answer(call)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def account(self, scheme: str = "http", **changes: str) -> Account:
        given = {
            "phone_number_id": "100200",
            "access_token": TOKEN,
            "graph_url": f"{scheme}://127.0.0.1:{self.port}",
            "version": "v25.0",
        }
        return Account(**{**given, **changes})


async def read_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lengths = [
        int(line.split(":")[1]) for line in head.split("\r\n") if "content-length" in line.lower()
    ]
    return Call(head, await reader.readexactly(sum(lengths)), reader, writer)


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[Server]:
    server = Server(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


def answering(status: int, body: bytes, *headers: str, length: int | None = None) -> Answering:
    async def answer(call: Call) -> None:
        call.answer(status, body, *headers, length=length)

    return answer


async def sent(answer: Answering, **limits: Any) -> Any:
    """Sends one message to such a server and says what the client makes of it."""
    async with serving(answer) as server, GraphClient(**limits) as client:
        result = await client.send(server.account(), BODY)
        assert len(server.calls) == 1
        assert TOKEN not in repr(result)
        return result
