"""Draining ends in its time, whatever the database does meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from tests.worker.stage import ASK_NAME, set_up
from tests.worker.town import Town, open_town

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"


@pytest_asyncio.fixture
async def town(pool: Pool, database_url: str) -> AsyncIterator[Town]:
    async with open_town(await set_up(pool, ASK_NAME), pool, database_url) as town:
        yield town


@pytest.mark.parametrize("table", ["workers", "number_senders", "inbox", "outbox", "messages"])
async def test_a_drain_does_not_wait_for_a_table_that_is_locked(town: Town, table: str) -> None:
    worker = await town.worker()
    town.meta.say(ANA, "oi")
    await town.got(ANA, 1)

    async with town.stage.pool.acquire() as db, db.transaction():
        await db.execute(f"lock table {table} in access exclusive mode")
        await asyncio.wait_for(worker.drain(1.0), 15)
    town.workers.remove(worker)

    await town.worker()
    town.meta.say(ANA, "Ana")
    assert (await town.got(ANA, 2))[-1] == "E a idade, Ana?"


async def test_a_drain_does_not_wait_for_a_request_that_does_not_end(town: Town) -> None:
    town.meta.fail(Fault(kind="delay_answer", ms=60_000))
    worker = await town.worker()
    town.meta.say(ANA, "oi")
    await town.got(ANA, 1)

    await asyncio.wait_for(worker.drain(0.5), 15)
    town.workers.remove(worker)

    assert await town.stage.value("select status from outbox") == "sending"
    assert await town.stage.value("select count(*) from workers") == 0
