"""Meta's side of the webhook: builds posts, signs them, and repeats what was not answered 2xx."""

import asyncio
import hashlib
import hmac
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools
import msgspec

Answered = Callable[[int | None], None]
APP_SECRET = "bench-app-secret"
WABA_ID = "102290129340398"
FIRST_NUMBER = 106_540_352_242_922


def number_id(index: int) -> str:
    """Gives the phone_number_id of the benchmark's n-th number."""
    return str(FIRST_NUMBER + index)


def shown_phone(index: int) -> str:
    """Gives the phone that the benchmark's n-th number has."""
    return f"+55119400{index:05d}"


@dataclass(frozen=True, slots=True)
class Retrying:
    """How long after a failure a webhook comes again; None: never."""

    after: float | None = 0.5


class Webhooks:
    """Posts webhooks; `statuses` counts every answer, `acks` are the seconds that accepted ones took."""

    def __init__(
        self, url: str, *, connections: int = 256, retrying: Retrying | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("the harness only plays Meta on this machine")
        host, port = parts.hostname, parts.port or 80
        self._head = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {host}:{port}\r\n".encode()
        self._pool = _Pool(host, port, connections)
        self._retry_after = (retrying or Retrying()).after
        self._run = f"{time.time_ns() & 0xFFFFFFFF:08X}"
        self._made = 0
        self.acks: list[float] = []
        self.statuses: Counter[int | None] = Counter()
        self.retries = 0
        self.open = 0

    @property
    def connections(self) -> int:
        """Says how many connections there were at most."""
        return self._pool.peak

    def say(self, number: int, phone: str, name: str, text: str) -> None:
        """Posts what a customer says."""
        self._made += 1
        user_id = f"BR.{phone}"
        message = {
            "from": phone,
            "from_user_id": user_id,
            "id": f"wamid.HBgL{self._run}{self._made:016d}",
            "timestamp": str(int(time.time())),
            "text": {"body": text},
            "type": "text",
        }
        contact = {"profile": {"name": name}, "wa_id": phone, "user_id": user_id}
        self._post(_envelope(number, {"contacts": [contact], "messages": [message]}))

    def status(self, number: int, phone: str, wamid: str, status: str, opaque: str | None) -> None:
        """Posts what became of a message."""
        value = {
            "id": wamid,
            "status": status,
            "timestamp": str(int(time.time())),
            "recipient_id": phone,
        }
        if opaque:
            value["biz_opaque_callback_data"] = opaque
        self._post(_envelope(number, {"statuses": [value]}))

    def close(self) -> None:
        """Drops the connections; nothing is repeated any more."""
        self._retry_after = None
        self._pool.close()

    def _post(self, body: bytes) -> None:
        signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        data = self._head + (
            b"User-Agent: facebookexternalua\r\nAccept: */*\r\nContent-Type: application/json\r\n"
            b"X-Hub-Signature-256: sha256=%s\r\nContent-Length: %d\r\n\r\n%s"
            % (signature.encode(), len(body), body)
        )
        self.open += 1
        self._try(data)

    def _try(self, data: bytes) -> None:
        began = time.perf_counter()

        def answered(status: int | None) -> None:
            self.statuses[status] += 1
            if status is not None and 200 <= status < 300:
                self.acks.append(time.perf_counter() - began)
                self.open -= 1
            elif self._retry_after is None:
                self.open -= 1
            else:
                self.retries += 1
                asyncio.get_running_loop().call_later(self._retry_after, self._try, data)

        self._pool.send(data, answered)


def _envelope(number: int, value: dict[str, object]) -> bytes:
    metadata = {
        "display_phone_number": shown_phone(number).lstrip("+"),
        "phone_number_id": number_id(number),
    }
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    changes = [{"value": value, "field": "messages"}]
    entry = [{"id": WABA_ID, "changes": changes}]
    return msgspec.json.encode({"object": "whatsapp_business_account", "entry": entry})


class _Connection(asyncio.Protocol):
    """A connection that is kept; one request at a time."""

    def __init__(self, pool: "_Pool") -> None:
        self._pool = pool
        self._answered: Answered | None = None

    @property
    def usable(self) -> bool:
        return not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)

    def request(self, data: bytes, answered: Answered) -> None:
        self._answered = answered
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_message_complete(self) -> None:
        answered, self._answered = self._answered, None
        status = self._parser.get_status_code()
        if self._parser.should_keep_alive():
            self._parser = httptools.HttpResponseParser(self)
            self._pool.release(self)
        else:
            self.transport.close()
        if answered:
            answered(status)

    def connection_lost(self, exc: Exception | None) -> None:
        answered, self._answered = self._answered, None
        self._pool.lost(self)
        if answered:
            answered(None)


class _Pool:
    """So many connections to one address; a request beyond them waits."""

    def __init__(self, host: str, port: int, limit: int) -> None:
        self._host, self._port, self._limit = host, port, limit
        self._idle: list[_Connection] = []
        self._waiting: deque[tuple[bytes, Answered]] = deque()
        self._open: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self.peak = 0

    def send(self, data: bytes, answered: Answered) -> None:
        """Sends; `answered` gets the status, or None when the connection was refused or lost."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                connection.request(data, answered)
                return
        self._waiting.append((data, answered))
        self._grow()

    def release(self, connection: _Connection) -> None:
        """Takes a connection back."""
        if self._waiting:
            connection.request(*self._waiting.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Forgets a connection."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting and not self._idle:
            self._grow()

    def close(self) -> None:
        """Drops all connections and what waits for one."""
        self._waiting.clear()
        for connection in list(self._open):
            connection.transport.abort()

    def _grow(self) -> None:
        if len(self._open) + len(self._opening) < self._limit:
            task = asyncio.get_running_loop().create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(self), self._host, self._port
            )
        except OSError:
            if self._waiting:
                self._waiting.popleft()[1](None)
            return
        self._open.add(connection)
        self.peak = max(self.peak, len(self._open))
        self.release(connection)
