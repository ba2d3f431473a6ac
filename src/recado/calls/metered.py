"""Ends a connection that brings more than it may: a driver keeps whatever a server sends in memory, however much."""

import asyncio


class Meter(asyncio.Protocol):
    """Stands between a transport and its protocol, and hangs up once more than `most` bytes have come."""

    def __init__(self, transport: asyncio.Transport, *, most: int) -> None:
        self.is_full = False
        self._left = most
        self._transport = transport
        self._inner = transport.get_protocol()
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Hands data on, as long as there is not too much of it."""
        self._left -= len(data)
        if self._left < 0:
            self.is_full = True
            self._transport.abort()
        else:
            self._inner.data_received(data)  # type: ignore[attr-defined]

    def eof_received(self) -> bool | None:
        """Hands the end on."""
        return self._inner.eof_received()  # type: ignore[attr-defined, no-any-return]

    def connection_lost(self, exc: Exception | None) -> None:
        """Hands the loss on."""
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hands the request to write slowly on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hands the permission to write on."""
        self._inner.resume_writing()
