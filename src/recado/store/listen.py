"""Hears PostgreSQL's NOTIFY on one connection of its own, made again whenever it is lost.

A notification is only a hint that there is work, and those sent while the connection was down are lost: so after each
(re)connect every callback is called once, as if it had been notified. Callers poll slowly besides.
"""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog

from recado.store.pool import UNAVAILABLE, Db, connect

INBOX = "recado_inbox"
OUTBOX = "recado_outbox"
STATUS = "recado_status"
CALLS = "recado_calls"

Callback = Callable[[str], None]

_FIRST_PAUSE = 0.1  # seconds
_LONGEST_PAUSE = 10.0
_PROBE_EVERY = 30.0  # seconds: finds a connection that died without a word
_PROBE_PATIENCE = 10.0
_LOST = (asyncpg.PostgresError, *UNAVAILABLE)

_log = structlog.get_logger(__name__)


async def notify(db: Db, channel: str) -> None:
    """Tells whoever listens that there is work, once this transaction is committed."""
    await db.execute("select pg_notify($1, '')", channel)


class Listener:
    """One LISTEN connection; `on` the callbacks first, then `run`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._callbacks: dict[str, list[Callback]] = {}

    def on(self, channel: str, callback: Callback) -> None:
        """Calls `callback` with the payload of each notification of a channel, and with "" after each connect."""
        self._callbacks.setdefault(channel, []).append(callback)

    async def run(self, stop: asyncio.Event) -> None:
        """Listens until `stop` is set."""
        pause = _FIRST_PAUSE
        while not stop.is_set():
            try:
                connection = await connect(self._url, application_name="recado listen")
            except _LOST as problem:
                _log.warning("listener_cannot_connect", error=str(problem), retry_in=pause)
                await _set_within(stop, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            if await self._listen(connection, stop):
                pause = _FIRST_PAUSE

    async def _listen(self, connection: Db, stop: asyncio.Event) -> bool:
        """Listens on a connection until it is lost or `stop` is set; tells whether it ever listened."""
        over = asyncio.Event()
        connection.add_termination_listener(lambda _: over.set())
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: over.set())
        listened = False
        try:
            for channel in self._callbacks:
                await connection.add_listener(channel, self._heard)
            listened = True
            self._call_all()
            while not await _set_within(over, _PROBE_EVERY):
                await connection.execute("select 1", timeout=_PROBE_PATIENCE)
        except _LOST as problem:
            _log.warning("listener_lost", error=str(problem))
        finally:
            stopping.cancel()
            await _close(connection)
        return listened

    def _heard(self, _: object, __: int, channel: str, payload: str) -> None:
        for callback in self._callbacks[channel]:
            callback(payload)

    def _call_all(self) -> None:
        for callbacks in self._callbacks.values():
            for callback in callbacks:
                callback("")


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _close(connection: Db) -> None:
    try:
        await connection.close(timeout=1)
    except _LOST:
        connection.terminate()
