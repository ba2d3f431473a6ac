"""One kept HTTP/1.1 connection that carries one request after the other, and what became of each.

It is raw (transport and parser, no library's client) because every message pays for it: about a tenth of what a
general client costs. It knows nothing of Meta; all it says is an answer, or why there is none.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import cast

import httptools

from recado.whatsapp.outcomes import Answer, Unknown

LARGEST_ANSWER = 1024 * 1024
_ZLIB_OR_GZIP = zlib.MAX_WBITS + 32


class Connection(asyncio.Protocol):
    """A connection; `ask` only while it `is_free`. Its owner hears when it may be used again, and when it is gone."""

    __slots__ = (
        "_body",
        "_compressed",
        "_ends",
        "_free",
        "_gone",
        "_loop",
        "_parser",
        "_read",
        "_retry_after",
        "_status",
        "_transport",
        "_waiter",
        "idle_since",
    )

    def __init__(
        self, *, free: Callable[["Connection"], None], gone: Callable[["Connection"], None]
    ) -> None:
        self._free = free
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer | Unknown] | None = None
        self._retry_after: str | None = None
        self.idle_since = 0.0
        self._forget()

    @property
    def is_free(self) -> bool:
        """Says whether a request written now would have this connection for itself, as far as anybody knows."""
        return (
            self._waiter is None
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def ask(self, request: bytes) -> "asyncio.Future[Answer | Unknown]":
        """Writes a request; from here on only its answer tells whether it arrived."""
        assert self._transport is not None
        self._waiter = waiter = self._loop.create_future()
        self._forget()
        self._transport.write(request)
        return waiter

    def carries(self, waiter: "asyncio.Future[Answer | Unknown]") -> bool:
        """Says whether the request of this future is still under way."""
        return self._waiter is waiter

    def give_up(self, reason: str) -> None:
        """Ends the request under way, and the connection with it: an answer that comes late must not meet another."""
        # With its head read an answer has a status, whatever its body was to say.
        answered = self._status >= 200
        result = Answer(self._status, None, self._retry_after) if answered else Unknown(reason)
        self._end(result, keep=False)

    def abort(self) -> None:
        """Hangs up at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Is ready for requests."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Reads a part of an answer; what nobody asked for ends the connection."""
        if self._waiter is None:
            self.abort()
            return
        if self._status == 0:
            self._read += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.give_up("broken_answer")
            return
        if self._read > LARGEST_ANSWER and self._waiter is not None:
            self.give_up("broken_answer")

    def eof_received(self) -> None:
        """Ends an answer that says its length by ending; the transport then closes."""
        if self._waiter is not None and self._status >= 200 and not self._ends:
            self._end(self._answer(), keep=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the request under way, if one is."""
        self.give_up("disconnected" if exc is None else "reset")
        self._gone(self)

    # What the parser tells.

    def on_message_begin(self) -> None:
        """Notices a second answer behind the one that was asked for."""
        if self._waiter is None:
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps how the body ends, and how long Meta wants to be left alone."""
        match name.lower():
            case b"content-length" | b"transfer-encoding":
                self._ends = True
            case b"content-encoding":
                self._compressed = value.lower() in (b"gzip", b"x-gzip", b"deflate")
            case b"retry-after":
                self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Knows the status."""
        self._status = self._parser.get_status_code()
        self._read = 0

    def on_body(self, body: bytes) -> None:
        """Gathers the body, up to a limit."""
        self._body.append(body)
        self._read += len(body)

    def on_message_complete(self) -> None:
        """Ends the request; after an interim answer (1xx) the real one is still to come."""
        if self._status < 200:
            self._forget()
        elif self._waiter is not None:
            keep = self._parser.should_keep_alive() and self._read <= LARGEST_ANSWER
            self._end(self._answer(), keep=keep)

    # Between requests.

    def _answer(self) -> Answer:
        raw = b"".join(self._body) if self._read <= LARGEST_ANSWER else None
        if raw and self._compressed:
            raw = _decompressed(raw)
        return Answer(self._status, raw, self._retry_after)

    def _end(self, result: Answer | Unknown, *, keep: bool) -> None:
        waiter, self._waiter = self._waiter, None
        if keep:
            self._free(self)
        else:
            self.abort()
        if waiter is not None and not waiter.done():
            waiter.set_result(result)

    def _forget(self) -> None:
        self._status = self._read = 0
        self._ends = self._compressed = False
        self._retry_after = None
        self._body: list[bytes] = []


def _decompressed(body: bytes) -> bytes | None:
    """Undoes what nobody asked for but a proxy may do; None when it breaks off or is too long, as with any body."""
    stream = zlib.decompressobj(_ZLIB_OR_GZIP)
    try:
        plain = stream.decompress(body, LARGEST_ANSWER + 1)
    except zlib.error:
        return None
    return plain if stream.eof and len(plain) <= LARGEST_ANSWER else None
