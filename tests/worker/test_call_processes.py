"""Calls in whole processes: from a message to its answer, between processes, and through the death of one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.worker.outside_world import World, open_world, tracking
from tests.worker.stage import set_up
from tests.worker.town import Town, kill, open_town

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


@pytest_asyncio.fixture
async def town(pool: Pool, database_url: str) -> AsyncIterator[Town]:
    async with open_town(await set_up(pool), pool, database_url) as town:
        yield town


async def says_hello(town: Town, world: World, **data: Any) -> None:
    await town.stage.publish(tracking(world.url, **data))
    town.meta.say(ANA, "oi")


async def test_from_a_message_to_an_answer(town: Town, world: World) -> None:
    await town.worker()

    await says_hello(town, world)

    assert await town.got(ANA, 1) == ["Situação: em trânsito"]


async def test_one_process_turns_and_another_calls(town: Town, world: World) -> None:
    await town.worker("turn", "send")
    await town.worker("call")

    await says_hello(town, world)

    assert await town.got(ANA, 1) == ["Situação: em trânsito"]


@pytest.mark.parametrize(
    ("method", "said"),
    [("GET", "Situação: em trânsito"), ("POST", "Não consegui consultar.")],
)
async def test_a_process_that_is_killed_in_the_middle_of_a_call(
    town: Town, world: World, method: str, said: str
) -> None:
    killed = await town.process()
    world.open.clear()
    await says_hello(town, world, method=method)
    await world.was_asked(1)

    await kill(killed)
    world.open.set()
    await town.worker()

    assert await town.got(ANA, 1) == [said]
    assert len(world.asked) == (2 if method == "GET" else 1)
    assert len({asked.key for asked in world.asked}) == 1


async def test_a_drained_process_hands_its_calls_on(town: Town, world: World) -> None:
    world.open.clear()
    first = await town.worker()
    await says_hello(town, world)
    await world.was_asked(1)

    await first.drain(0.5)
    town.workers.remove(first)
    left = await town.stage.rows("select status, owner from calls")
    world.open.set()
    await town.worker()

    assert [tuple(row) for row in left] == [("queued", None)]
    assert await town.got(ANA, 1) == ["Situação: em trânsito"]
    assert len({asked.key for asked in world.asked}) == 1
