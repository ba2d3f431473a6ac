"""Room for requests: a slow number does not take everybody's."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.worker.send import Sender
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, add_number, queue
from tests.worker.stage import VAULT, set_up

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        yield desk


@pytest_asyncio.fixture
async def slow() -> AsyncIterator[Scripted]:
    async with Scripted() as client:
        yield client


async def test_a_slow_number_has_a_hundred_requests_on_their_way_and_others_go_on(
    desk: Desk, slow: Scripted
) -> None:
    stage = desk.stage
    await queue(stage, stage.number, 110)
    sender = Sender(stage.pool, VAULT, slow, **desk.settings)
    await sender.step()
    await sender.step()
    await queue(stage, await add_number(stage, "101"), 3)
    desk.now += 1

    await sender.step()

    asked = await slow.begun(103)
    assert Counter(each.number for each in asked) == {"100": 100, "101": 3}


async def test_when_slow_numbers_have_taken_all_room_one_more_number_still_has_some(
    desk: Desk, slow: Scripted
) -> None:
    stage = desk.stage
    for name in ("101", "102", "103", "104"):
        await queue(stage, await add_number(stage, name), 101)
    sender = Sender(stage.pool, VAULT, slow, **desk.settings)
    await sender.step()
    await queue(stage, stage.number, 2)
    desk.now += 1

    await sender.step()

    asked = await slow.begun(401)
    assert Counter(each.number for each in asked)["100"] == 1
    assert sender.in_flight == 401
