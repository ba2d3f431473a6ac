"""A Graph API that costs next to nothing: raw asyncio protocols, one record a call, faults on demand.

It takes `POST .../{phone_number_id}/messages` as Meta does and answers 200 to everything else. Unlike the product's
own fake it checks nothing: it is made to be cheaper than any bot that is measured against it.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

import httptools
import msgspec

SUCCESS = b'{"success":true}'


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, each drawn for every message in this order; probabilities from 0 to 1, delays in milliseconds.

    `reset_before` is not accepted, `reset_after` is accepted and the answer is lost.
    """

    latency_ms: float = 0.0
    jitter_ms: float = 0.0  # mean of an exponential distribution, added
    reset_before: float = 0.0
    http_500: float = 0.0
    too_many: float = 0.0  # 429, code 130429
    pair_limit: float = 0.0  # 400, code 131056
    reset_after: float = 0.0

    @property
    def delayed(self) -> bool:
        """Says whether answers take time."""
        return bool(self.latency_ms or self.jitter_ms)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was accepted."""

    at: float
    number: str
    to: str
    text: str
    wamid: str
    opaque: str | None


def _answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _error(status: str, code: int) -> bytes:
    error = {"message": f"(#{code})", "type": "OAuthException", "code": code, "fbtrace_id": "sim"}
    return _answer(status, msgspec.json.encode({"error": error}))


OUTCOMES: tuple[tuple[str, bytes | None], ...] = (
    ("reset_before", None),
    ("http_500", _error("500 Internal Server Error", 131000)),
    ("too_many", _error("429 Too Many Requests", 130429)),
    ("pair_limit", _error("400 Bad Request", 131056)),
)


class GraphSim:
    """The state that all connections share; `on_message` hears of every message that is accepted."""

    def __init__(
        self, on_message: Callable[[Taken], None] | None = None, *, faults: Faults | None = None
    ) -> None:
        self.faults = faults or Faults()
        self.on_message = on_message
        self.counts: Counter[str] = Counter()
        self._made = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()
        self._under_way: Counter[str] = Counter()

    async def serve(self, port: int, host: str = "127.0.0.1") -> None:
        """Begins to listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)

    def close(self) -> None:
        """Stops listening and hangs up, as a server does that ends."""
        if self._server:
            self._server.close()
        for transport in list(self._open):
            transport.close()

    def meet(self, transport: asyncio.Transport) -> None:
        """Notes a new connection."""
        self.counts["connections"] += 1
        self._open.add(transport)

    def part(self, transport: asyncio.Transport) -> None:
        """Forgets a connection that is gone."""
        self._open.discard(transport)

    def answer(self, number: str, body: bytes) -> tuple[bytes | None, str]:
        """Answers a post to `/messages`; gives the bytes, None to reset the connection, and whom it was for."""
        asked = msgspec.json.decode(body)
        if asked.get("status") == "read":
            self.counts["read_receipts"] += 1
            return _answer("200 OK", SUCCESS), ""
        to = str(asked.get("to") or asked.get("recipient")).lstrip("+")
        for name, refusal in OUTCOMES:
            if self._strikes(name):
                self.counts[name] += 1
                return refusal, to
        return self._accept(number, to, asked), to

    def begin(self, to: str) -> float:
        """Notes that an answer is on its way and gives how long it takes; two for one customer overlap."""
        if to and self._under_way[to]:
            self.counts["overlapping_sends"] += 1
        self._under_way[to] += 1
        jitter = self.faults.jitter_ms
        return (self.faults.latency_ms + (random.expovariate(1 / jitter) if jitter else 0)) / 1000

    def end(self, to: str) -> None:
        """Notes that it has arrived."""
        self._under_way[to] -= 1
        if not self._under_way[to]:
            del self._under_way[to]

    def _accept(self, number: str, to: str, asked: Mapping[str, Any]) -> bytes | None:
        self._made += 1
        self.counts["accepted"] += 1
        wamid = f"wamid.SIM{self._made:016d}"
        if self.on_message:
            opaque = asked.get("biz_opaque_callback_data")
            self.on_message(Taken(time.perf_counter(), number, to, text_of(asked), wamid, opaque))
        if self._strikes("reset_after"):
            self.counts["reset_after"] += 1
            return None
        said = f'{{"messaging_product":"whatsapp","contacts":[{{"input":"{to}","wa_id":"{to}"}}],"messages":[{{"id":"{wamid}"}}]}}'
        return _answer("200 OK", said.encode())

    def _strikes(self, name: str) -> bool:
        probability: float = getattr(self.faults, name)
        return probability > 0 and random.random() < probability


def text_of(message: Mapping[str, Any]) -> str:
    """Gives what the customer reads of an outgoing message."""
    match message:
        case {"text": {"body": str(text)}} | {"interactive": {"body": {"text": str(text)}}}:
            return text
    return str(message.get("type", ""))


class _Connection(asyncio.Protocol):
    def __init__(self, sim: GraphSim) -> None:
        self._sim = sim
        self._url = self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._sim.meet(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sim.part(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_message_begin(self) -> None:
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        sim, parts = self._sim, self._url.partition(b"?")[0].split(b"/")
        if parts[-1] == b"messages" and self._parser.get_method() == b"POST":
            out, to = sim.answer(parts[-2].decode(), self._body)
        else:
            sim.counts["other_calls"] += 1
            out, to = _answer("200 OK", SUCCESS), ""
        if sim.faults.delayed:
            asyncio.get_running_loop().call_later(sim.begin(to), self._late, out, to)
        else:
            self._send(out)

    def _late(self, out: bytes | None, to: str) -> None:
        self._sim.end(to)
        self._send(out)

    def _send(self, out: bytes | None) -> None:
        if out is None:
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(out)


FAULT_NAMES = tuple(field.name for field in fields(Faults))
