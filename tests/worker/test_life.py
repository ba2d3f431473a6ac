"""The sign of life of a process outlives the connection that holds it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store import workers
from recado.store.pool import Db, Pool
from recado.store.workers import Worker
from recado.worker.life import Life
from tests.worker.stage import ASK_NAME, set_up
from tests.worker.town import Town, open_town

pytestmark = pytest.mark.asyncio

CUT = """select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
          where datname = current_database() and application_name = 'recado life'"""
LOCKS = """select count(*) from pg_locks l join pg_stat_activity a using (pid)
            where a.datname = current_database() and a.application_name = 'recado life'
              and l.locktype = 'advisory'"""


@pytest_asyncio.fixture
async def town(pool: Pool, database_url: str) -> AsyncIterator[Town]:
    async with open_town(await set_up(pool, ASK_NAME), pool, database_url) as town:
        yield town


async def test_a_process_whose_connection_was_cut_is_alive_again_and_not_taken_for_a_dead_one(
    town: Town,
) -> None:
    await town.worker("send")
    cut = await town.stage.value(CUT)
    await town.stage.until(f"select ({LOCKS}) = 1")

    life = await Life.begin(town.url)
    await life.end()

    assert cut == 1
    assert not life.after_crash
    assert await town.stage.value("select count(*) from workers") == 1


async def test_no_failure_ends_the_sign_of_life(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, stop, tries = workers.register, asyncio.Event(), 0

    async def fail_once(db: Db, worker: Worker) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ValueError
        await again(db, worker)
        stop.set()

    life = await Life.begin(town.url)
    monkeypatch.setattr(workers, "register", fail_once)
    monkeypatch.setattr("recado.worker.life.AGAIN", 0)
    await town.stage.value(CUT)

    await life.keep(stop)

    assert tries == 2
    await life.end()


async def test_a_clean_stop_leaves_no_row_though_the_connection_was_cut(town: Town) -> None:
    life = await Life.begin(town.url)
    await town.stage.value(CUT)

    await life.end()

    assert await town.stage.value("select count(*) from workers") == 0
