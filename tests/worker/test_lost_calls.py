"""Calls whose process died, was stopped or was forgotten: made again where they may be, else `interrupted`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from recado.store import calls as store
from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.worker.outside_world import (
    Phone,
    World,
    answered,
    begun,
    claimed,
    open_phone,
    open_world,
    tracking,
)
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import said

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


@pytest_asyncio.fixture
async def stage(pool: Pool, world: World) -> Stage:
    return await set_up(pool, tracking(world.url))


@pytest_asyncio.fixture
async def phone(stage: Stage, tmp_path: Path) -> AsyncIterator[Phone]:
    async with open_phone(stage, tmp_path) as phone:
        yield phone


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_call_that_is_overdue_is_made_again_only_where_it_may_be(
    stage: Stage, phone: Phone, world: World, method: str
) -> None:
    ana = await begun(stage, tracking(world.url, method=method))
    (lost,) = await claimed(stage, new_id())
    await phone.tick()
    young = list(world.asked)
    await stage.sql("update calls set started_at = started_at - interval '1 minute'")

    await phone.tick()
    await phone.tick()

    told = await answered(stage, phone, ana)
    again = method == "GET"
    assert young == []
    assert [asked.key for asked in world.asked] == ([lost.key] if again else [])
    assert told == ["Situação: em trânsito" if again else "Não consegui consultar."]
    if not again:
        result = (
            "select event::jsonb #>> '{result,error}' from journal where event::jsonb ? 'result'"
        )
        assert await stage.value(result) == "interrupted"


async def test_a_post_may_be_made_again_where_the_author_says_so(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage, tracking(world.url, method="POST", repeatable=True))
    await claimed(stage, new_id())
    await stage.sql("update calls set started_at = started_at - interval '1 minute'")

    await phone.tick()
    await phone.tick()

    assert await answered(stage, phone, ana) == ["Situação: em trânsito"]


async def test_what_ends_its_process_again_and_again_is_given_up(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage)
    for _ in range(store.MOST_TRIES):
        assert len(await claimed(stage, new_id())) == 1
        await stage.sql("update calls set started_at = started_at - interval '1 minute'")
        world.open.clear()
        late = phone.another(at_once=0)
        await phone.tick(late)
        await phone.tick(late)

    assert await answered(stage, phone, ana) == ["Não consegui consultar."]
    assert world.asked == []


async def test_a_result_that_comes_after_its_call_was_given_up_counts_for_nothing(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage, tracking(world.url, method="POST"))
    world.open.clear()
    slow = phone.another()
    await slow.step()
    await world.was_asked(1)
    await stage.sql("update calls set started_at = started_at - interval '1 minute'")
    await phone.tick()
    await phone.tick()

    world.open.set()
    await phone.work(slow)

    assert await answered(stage, phone, ana) == ["Não consegui consultar."]
    assert len(world.asked) == 1


async def test_a_claim_of_which_nobody_told_us_was_never_begun(
    stage: Stage, phone: Phone, world: World
) -> None:
    owner = new_id()
    ana = await begun(stage, tracking(world.url, method="POST"))
    await claimed(stage, owner)
    calls = phone.another(owner=owner)

    await phone.work(calls)
    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Situação: em trânsito"]
    assert len(world.asked) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_drain_leaves_calls_that_may_be_repeated_to_others(
    stage: Stage, phone: Phone, world: World, method: str
) -> None:
    ana = await begun(stage, tracking(world.url, method=method))
    world.open.clear()
    await phone.calls.step()
    await world.was_asked(1)

    await phone.calls.drain(0)
    world.open.set()
    await phone.work(phone.another())
    await run_until_idle(stage.turns().step)

    again = method == "GET"
    assert len(world.asked) == (2 if again else 1)
    assert len({asked.key for asked in world.asked}) == 1
    assert await said(stage, ana) == [
        "Situação: em trânsito" if again else "Não consegui consultar."
    ]


async def test_a_drain_waits_for_what_comes_in_time(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage, tracking(world.url, method="POST"))
    world.open.clear()
    await phone.calls.step()
    await world.was_asked(1)

    draining = asyncio.create_task(phone.calls.drain(20))
    world.open.set()
    await draining
    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Situação: em trânsito"]
