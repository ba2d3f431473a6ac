"""The listener hears, and after a lost connection it hears again and says that something may have been missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from recado.store import listen
from recado.store.listen import INBOX, OUTBOX, Listener
from recado.store.pool import Pool

pytestmark = pytest.mark.asyncio
PATIENCE = 20


async def test_each_channel_reaches_its_own_callbacks(database_url: str, pool: Pool) -> None:
    async with _listening(database_url) as heard:
        await pool.execute("select pg_notify($1, 'one')", INBOX)
        await pool.execute("select pg_notify($1, 'two')", OUTBOX)

        assert await _next(heard) == (INBOX, "one")
        assert await _next(heard) == (OUTBOX, "two")


async def test_a_lost_connection_is_made_again_and_everybody_is_called(
    database_url: str, pool: Pool
) -> None:
    async with _listening(database_url) as heard:
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'recado listen'"
        )

        assert {await _next(heard), await _next(heard)} == {(INBOX, ""), (OUTBOX, "")}
        await pool.execute("select pg_notify($1, 'after')", INBOX)
        assert await _next(heard) == (INBOX, "after")


async def test_a_database_that_is_not_there_yet_is_waited_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def refuse_twice(url: str, *, application_name: str) -> object:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise ConnectionRefusedError("not yet")
        return await asyncpg.connect(url)

    monkeypatch.setattr(listen, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(listen, "connect", refuse_twice)

    async with _listening(database_url):
        assert tries == 3


async def test_a_silent_connection_is_found_dead(
    database_url: str, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe that fails counts as a lost connection, even when the network says nothing."""

    class Mute(asyncpg.Connection):  # type: ignore[misc]
        async def execute(self, query: str, *args: object, **options: float) -> str:
            if query == "select 1":
                raise TimeoutError("no answer")
            return str(await super().execute(query, *args, **options))

    async def connect_mute(url: str, *, application_name: str) -> object:
        return await asyncpg.connect(url, connection_class=Mute)

    monkeypatch.setattr(listen, "_PROBE_EVERY", 0.001)
    monkeypatch.setattr(listen, "connect", connect_mute)

    async with _listening(database_url) as heard:
        assert {await _next(heard), await _next(heard)} == {(INBOX, ""), (OUTBOX, "")}


async def _next(heard: asyncio.Queue[tuple[str, str]]) -> tuple[str, str]:
    return await asyncio.wait_for(heard.get(), PATIENCE)


@asynccontextmanager
async def _listening(url: str) -> AsyncIterator[asyncio.Queue[tuple[str, str]]]:
    """Runs a listener on two channels, past the calls of its first connect."""
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    listener, stop = Listener(url), asyncio.Event()
    listener.on(INBOX, lambda payload: heard.put_nowait((INBOX, payload)))
    listener.on(OUTBOX, lambda payload: heard.put_nowait((OUTBOX, payload)))
    running = asyncio.create_task(listener.run(stop))
    assert {await _next(heard), await _next(heard)} == {(INBOX, ""), (OUTBOX, "")}
    yield heard
    stop.set()
    await asyncio.wait_for(running, PATIENCE)
