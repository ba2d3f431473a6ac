"""The short way of a webhook post: from the socket to the group commit and back, without ASGI.

A connection speaks uvicorn's HTTP as ever. Only a plain post that is here in one piece is taken out before the parser
sees it, and answered once it is committed. Everything else goes the long way, through the route in `web/webhook.py`:
other requests, other posts (long, in chunks, slow), and whatever is not answered 200: a refusal is written there, for a
post that was judged here already.
"""

import asyncio
import secrets
from time import perf_counter

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from recado.web import metrics
from recado.web.edge import API_HEADERS, HEADERS, REQUEST_ID
from recado.web.group_commit import Overloaded
from recado.web.post_heads import MOST_AT_ONCE, Head, is_post, read_head
from recado.web.receiver import Receiver
from recado.whatsapp.webhook import BadPayload

HELD = 0.2  # seconds that we wait for the rest of a short post; then it goes the long way, where bodies are counted
VERDICT = "webhook_verdict"

_BODY = b'{"status":"ok"}'
_ANSWERED_200 = metrics.answers.of("200")


def _fixed(headers: dict[str, str]) -> bytes:
    return "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items()).encode()


_FIXED = (b"content-length: %d\r\ncontent-type: application/json\r\n" % len(_BODY)) + _fixed(
    HEADERS
)
_OF_API = _FIXED + _fixed(API_HEADERS)


class PostProtocol(HttpToolsProtocol):
    """One connection; `receiver` is set by `protocol_of`."""

    receiver: Receiver

    _post: "asyncio.Future[bool | Exception] | None" = None  # the one under way
    _began = 0.0
    _taken = b""  # its bytes, for the long way
    _head: Head
    _behind = b""  # what came after it
    _held: bytearray | None = None  # the beginning of a post that is not whole yet
    _patience: asyncio.TimerHandle | None = None
    _idle_since = 0.0
    _ending = False
    _in_message = False
    _verdict: bool | Exception | None = None

    def data_received(self, data: bytes) -> None:
        """Takes plain posts out of what arrives."""
        if self._post is not None:
            self._behind += data
            self.flow.pause_reading()
            return
        if self._held is not None:
            self._held += data
            if len(self._held) >= self._head.ends:
                self._take(self._let_go())
            return
        if not is_post(data) or self._is_busy():
            super().data_received(data)
            return
        head = read_head(data)
        if head is None or head.ends > MOST_AT_ONCE or self._ending:
            super().data_received(data)
            return
        self._head = head
        if head.ends > len(data):
            self._hold(data)
        else:
            self._take(data)

    def on_message_begin(self) -> None:
        """Hands the verdict over a post that goes the long way to its route."""
        self._in_message = True
        super().on_message_begin()
        if self._verdict is not None:
            self.scope["state"] = {**self.scope["state"], VERDICT: self._verdict}
            self._verdict = None

    def on_message_complete(self) -> None:
        """Notes that the parser stands between two messages."""
        super().on_message_complete()
        self._in_message = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets the route count a post that was cut off; one under way is committed all the same."""
        if self._held is not None:
            self._go_on()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Ends the connection, after the answer where one is owed."""
        if self._post is None:
            super().shutdown()
        else:
            self._ending = True

    def timeout_keep_alive_handler(self) -> None:
        """Ends a connection that was idle for long enough: the clock is not set anew by each post."""
        self.timeout_keep_alive_task = None
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self._post is not None or left > 0:
            self._watch_idleness(max(left, self.timeout_keep_alive / 2))
        else:
            super().timeout_keep_alive_handler()

    def _is_busy(self) -> bool:
        """Says whether uvicorn is in the middle of something, so that whatever comes is its own."""
        under_way = self.cycle is not None and not self.cycle.response_complete
        return self._in_message or under_way or self.flow.write_paused

    def _hold(self, data: bytes) -> None:
        # One wait for the whole post, however its pieces come: who drips must not be held here.
        self._unset_keepalive_if_required()
        self._held = bytearray(data)
        self._patience = self.loop.call_later(HELD, self._go_on)

    def _let_go(self) -> bytes:
        held, self._held = bytes(self._held or b""), None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        return held

    def _go_on(self) -> None:
        super().data_received(self._let_go())

    def _take(self, data: bytes) -> None:
        head, self._began = self._head, perf_counter()
        body = data[head.begins : head.ends]
        try:
            post = self.receiver.submit(body, signature=head.signature, token=head.token)
        except (BadPayload, Overloaded):
            super().data_received(data)
            return
        self._post = post
        self._taken, self._behind = data[: head.ends], data[head.ends :]
        post.add_done_callback(self._answer)

    def _answer(self, post: "asyncio.Future[bool | Exception]") -> None:
        problem = post.exception()
        verdict = post.result() if problem is None else problem
        taken, behind = self._taken, self._behind
        self._post, self._taken, self._behind = None, b"", b""
        if self.transport.is_closing():
            return
        if verdict is True:
            self._write_ok()
        else:
            self._verdict = verdict if isinstance(verdict, Exception) else False
            super().data_received(taken)
            if self._ending:
                self.shutdown()
        if behind and not self.transport.is_closing():
            self.data_received(behind)

    def _write_ok(self) -> None:
        metrics.ANSWER_SECONDS.observe(perf_counter() - self._began)
        _ANSWERED_200.inc()
        self.server_state.total_requests += 1
        self.transport.write(self._ok())
        if self._ending:
            self.transport.close()
            return
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch_idleness(self.timeout_keep_alive)

    def _watch_idleness(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _ok(self) -> bytes:
        given = self._head.request_id
        request_id = given if given and REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        return b"".join(
            (
                b"HTTP/1.1 200 OK\r\n",
                *(b"%b: %b\r\n" % header for header in self.server_state.default_headers),
                _OF_API if self._head.api else _FIXED,
                b"connection: close\r\n" if self._ending else b"",
                b"x-request-id: %b\r\n\r\n" % request_id.encode(),
                _BODY,
            )
        )


def protocol_of(receiver: Receiver) -> type[PostProtocol]:
    """Gives the protocol that uvicorn is to speak, so that posts go to this receiver."""
    return type("PostProtocol", (PostProtocol,), {"receiver": receiver})
