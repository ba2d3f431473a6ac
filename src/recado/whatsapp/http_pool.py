"""The kept connections to Meta: who asks gets one that is free, or a new one.

Until the first byte of a request is handed to a connection it provably was not sent, whatever goes wrong; from then
on nobody knows without an answer.
"""

import asyncio
import socket
import ssl
from collections import deque
from math import inf
from typing import NamedTuple

import aiohappyeyeballs

from recado.whatsapp.http_addresses import Addresses
from recado.whatsapp.http_connection import Connection
from recado.whatsapp.outcomes import Answer, NotSent, Unknown

IDLE_SECONDS = 15.0  # then a server is likely to hang up while a request is on its way to it
SECOND_ADDRESS_AFTER = (
    0.25  # seconds; RFC 8305: a network whose IPv6 leads nowhere must not stop us
)


class Origin(NamedTuple):
    """Where connections lead to."""

    tls: bool
    host: str
    port: int


class Connections:
    """All connections of a process to all its Graph hosts. Make it inside a running event loop."""

    def __init__(
        self,
        *,
        connect_seconds: float,
        total_seconds: float,
        most: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._most = most
        self._tls = tls
        self._tls_made = asyncio.Lock()
        self._addresses = Addresses()
        self._open: dict[Connection, Origin] = {}
        self._opening = 0
        self._idle: dict[Origin, deque[Connection]] = {}
        self._reaper: asyncio.TimerHandle | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._deadlines: dict[Connection, float] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        self._closed = False

    async def ask(
        self, origin: Origin, request: bytes, within: float | None = None
    ) -> Answer | NotSent | Unknown:
        """Makes one request, once; `within` so many seconds, if that is sooner than the limit of all."""
        seconds = self._total_seconds if within is None else min(within, self._total_seconds)
        deadline = self._loop.time() + seconds
        connection = self._kept(origin)
        if connection is None:
            found = await self._found(origin, seconds)
            if isinstance(found, NotSent):
                return found
            connection = found
        waiter = connection.ask(request)
        self._watch(connection, deadline)
        try:
            return await waiter
        except asyncio.CancelledError:
            if connection.carries(waiter):  # and not another's request by now
                connection.give_up("cancelled")
            raise

    async def close(self) -> None:
        """Closes every connection; requests on their way become Unknown."""
        self._closed = True
        for timer in (self._alarm, self._reaper):
            if timer:
                timer.cancel()
        for connection in list(self._open):
            connection.abort()
        while self._waiting:
            self._wake_one()
        while self._open:
            await self._change()  # transports tell of their end a little later

    # One that is there.

    def _kept(self, origin: Origin) -> Connection | None:
        """Gives the connection that was used last, which is the likeliest to be alive."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_free:
                return connection
        return None

    def _is_free(self, connection: Connection) -> None:
        self._deadlines.pop(connection, None)
        connection.idle_since = self._loop.time()
        self._idle.setdefault(self._open[connection], deque()).append(connection)
        if self._reaper is None:
            self._reaper = self._loop.call_later(IDLE_SECONDS, self._reap)
        if self._waiting:
            self._wake_one()

    def _is_gone(self, connection: Connection) -> None:
        self._deadlines.pop(connection, None)
        origin = self._open.pop(connection, None)
        idle = self._idle.get(origin) if origin else None
        if idle and connection in idle:
            idle.remove(connection)
        self._wake_one()

    def _reap(self) -> None:
        """Hangs up what nobody has used for a while."""
        self._reaper = None
        old = self._loop.time() - IDLE_SECONDS
        oldest = inf
        for idle in self._idle.values():
            while idle and idle[0].idle_since <= old:
                idle.popleft().abort()
            if idle:
                oldest = min(oldest, idle[0].idle_since)
        if oldest < inf:
            self._reaper = self._loop.call_at(oldest + IDLE_SECONDS, self._reap)

    # A new one.

    async def _found(self, origin: Origin, within: float) -> Connection | NotSent:
        limit = min(self._connect_seconds, within)
        try:
            async with asyncio.timeout(limit):
                return await self._kept_or_new(origin)
        except TimeoutError:
            return NotSent("connect_timeout" if limit < within else "timeout")
        except (OSError, RuntimeError) as error:  # RuntimeError: uvloop's word for some failures
            return NotSent(_reason(error))

    async def _kept_or_new(self, origin: Origin) -> Connection | NotSent:
        while not self._closed:
            if connection := self._kept(origin):
                return connection
            if len(self._open) + self._opening < self._most:
                return await self._new(origin)
            self._make_room()
            await self._change()
        return NotSent("closed")

    async def _new(self, origin: Origin) -> Connection | NotSent:
        self._opening += 1
        try:
            connection = await self._connect(origin)
        except BaseException:
            self._wake_one()
            raise
        finally:
            self._opening -= 1
        self._open[connection] = origin
        if self._closed:
            connection.abort()
            return NotSent("closed")
        return connection

    async def _connect(self, origin: Origin) -> Connection:
        tls = await self._context() if origin.tls else None
        addresses = await self._addresses.of(origin.host, origin.port)
        sock = await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=SECOND_ADDRESS_AFTER, loop=self._loop
        )
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:  # from the next step on the transport closes it
            sock.close()
            raise
        _, connection = await self._loop.create_connection(
            lambda: Connection(free=self._is_free, gone=self._is_gone),
            sock=sock,
            ssl=tls,
            server_hostname=origin.host if origin.tls else None,
        )
        if not connection.is_free:
            raise ConnectionResetError
        return connection

    async def _context(self) -> ssl.SSLContext:
        """Reads the machine's certificates once, when the first connection needs them, and beside the loop."""
        async with self._tls_made:
            if self._tls is None:
                self._tls = await asyncio.to_thread(ssl.create_default_context)
            return self._tls

    # Where there are too many.

    def _make_room(self) -> None:
        """Hangs up a connection to another host that nobody uses."""
        for idle in self._idle.values():
            if idle:
                idle.popleft().abort()
                return

    async def _change(self) -> None:
        """Waits until a connection comes free or is gone."""
        change = self._loop.create_future()
        self._waiting.append(change)
        try:
            await change
        except asyncio.CancelledError:
            if not change.cancelled():  # was woken as well, so somebody else must be
                self._wake_one()
            raise

    def _wake_one(self) -> None:
        while self._waiting:
            change = self._waiting.popleft()
            if not change.done():
                change.set_result(None)
                return

    # Time: one timer for all requests.

    def _watch(self, connection: Connection, deadline: float) -> None:
        self._deadlines[connection] = deadline
        if deadline < self._alarm_at:
            self._set_alarm(deadline)

    def _set_alarm(self, at: float) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = None if at == inf else self._loop.call_at(at, self._end_late)

    def _end_late(self) -> None:
        now = self._loop.time()
        next_at = inf
        for connection, deadline in list(self._deadlines.items()):
            if deadline <= now:
                connection.give_up("timeout")
            else:
                next_at = min(next_at, deadline)
        self._set_alarm(next_at)


def _reason(error: Exception) -> str:
    """Names in one word why there is no connection."""
    match error:
        case socket.gaierror():
            return "dns"
        case ssl.SSLError():
            return "tls"
        case _:
            return "connect"
