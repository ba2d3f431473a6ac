"""One sample of the queues for all processes, taken anew after ten seconds."""

import asyncio

import pytest

from recado.store.pool import Pool
from recado.store.queues import MOST_COUNTED, Queue, sample
from tests.worker.stage import Stage, set_up

pytestmark = pytest.mark.asyncio
NAMES = {"inbox", "parked", "outbox", "bulk", "calls", "status_inbox"}


async def looked(stage: Stage) -> dict[str, Queue]:
    async with stage.pool.acquire() as db:
        return await sample(db)


async def test_queues_are_counted_with_the_age_of_their_oldest(pool: Pool) -> None:
    stage = await set_up(pool)
    ana = await stage.customer()
    for text in ("1", "2"):
        await stage.hears(ana, text)
    await stage.sql(
        "update inbox set received_at = received_at - interval '1 minute' where seq = 1"
    )
    await stage.says(ana, "Olá")

    found = await looked(stage)

    assert found.keys() == NAMES
    assert {name: queue.depth for name, queue in found.items() if queue.depth} == {
        "inbox": 2,
        "outbox": 1,
    }
    assert found["inbox"].age >= 60
    assert found["outbox"].age < 60
    assert found["calls"] == Queue(0, 0.0)


async def test_parked_and_bulk_are_queues_of_their_own(pool: Pool) -> None:
    stage = await set_up(pool)
    ana = await stage.customer()
    await stage.hears(ana, "1")
    await stage.sql("update inbox set parked_at = clock_timestamp()")
    await stage.says(ana, "Olá")
    await stage.sql("update outbox set origin = 'bulk'")

    found = await looked(stage)

    depths = {name: queue.depth for name, queue in found.items()}
    assert depths == {**dict.fromkeys(NAMES, 0), "parked": 1, "bulk": 1}


async def test_within_ten_seconds_everybody_sees_the_same_sample(pool: Pool) -> None:
    stage = await set_up(pool)
    ana = await stage.customer()
    first = await looked(stage)

    await stage.hears(ana, "1")
    soon = await asyncio.gather(*(looked(stage) for _ in range(3)))
    await stage.sql("update queue_sample set taken_at = taken_at - interval '11 seconds'")
    later = await asyncio.gather(*(looked(stage) for _ in range(3)))

    assert first["inbox"].depth == 0
    assert soon == [first] * 3
    assert [found["inbox"].depth for found in later] == [1] * 3
    assert await stage.value("select count(*) from queue_sample") == 1


async def test_counting_ends_at_a_bound(pool: Pool) -> None:
    stage = await set_up(pool)
    await stage.sql(
        """insert into status_inbox (phone_number_id, wamid, status, at, payload)
           select '100', 'wamid', 'sent', now(), '{}' from generate_series(1, $1)""",
        MOST_COUNTED + 1,
    )

    assert (await looked(stage))["status_inbox"].depth == MOST_COUNTED
