"""HTTP servers of a few lines on 127.0.0.1, and name servers that answer what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

from recado.calls.allow import Allow
from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressError
from recado.calls.public_addresses import Ip

HOSTS = {"a.example.com": ["127.0.0.1"], "b.example.com": ["127.0.0.1"]}


@dataclass
class Heard:
    """One request that reached a server, whole."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)

    def names(self) -> set[str]:
        return {name.lower() for name, _ in self.headers}


Answering = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A server, what it heard, and how often somebody connected."""

    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[Server]:
    """Serves on a free port of 127.0.0.1; `answer` writes each response, byte by byte if it likes."""
    server = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            while not writer.is_closing():
                server.heard.append(await _read(reader))
                await answer(server.heard[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


async def _read(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.strip().split("\r\n")
    pairs = [each.split(": ", 1) for each in lines]
    heard = Heard(line, [(name, value) for name, value in pairs], b"")
    heard.body = await reader.readexactly(int(heard.header("Content-Length") or 0))
    return heard


def response(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Writes a whole response."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def always(raw: bytes) -> Answering:
    """Answers everything with the same bytes."""

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return answer


def by_path(answers: Mapping[str, bytes]) -> Answering:
    """Answers by path."""

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[heard.path.partition("?")[0]])

    return answer


@dataclass
class Trap:
    """A port that nobody may connect to."""

    port: int = 0
    connections: int = 0


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    """Listens on 127.0.0.1 and counts who comes."""
    found = Trap()

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        writer.close()

    listener = await asyncio.start_server(count, "127.0.0.1", 0)
    found.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield found


class Names:
    """A name server: answers by name, each look-up the next answer of a list of answers."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {k: list(v) for k, v in answers.items()}
        self.asked: list[str] = []

    @classmethod
    def fixed(cls, names: Mapping[str, Sequence[str]]) -> "Names":
        """Answers always the same."""
        made = cls()
        made.answers = {name: [addresses] for name, addresses in names.items()}
        return made

    async def __call__(self, host: str, port: int) -> list[Ip]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such name")
        answers = self.answers[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ip_address(address) for address in answer]


@asynccontextmanager
async def going_out(allow: str = "", names: Names | None = None) -> AsyncIterator[Egress]:
    """An egress that is closed at the end."""
    egress = Egress(Allow.parse(allow), look_up=names or Names())
    try:
        yield egress
    finally:
        await egress.close()


async def outcome(egress: Egress, url: str, *, timeout: float = 30) -> int | str:  # noqa: ASYNC109
    """Gives the length of the answer, or the code of what went wrong."""
    try:
        return len((await egress.request("GET", url, timeout=timeout)).body)
    except EgressError as error:
        return error.code
