"""A contact gets at most twenty turns a minute; the rest waits, in order, and holds nobody else up."""

from uuid import UUID

import pytest
import pytest_asyncio

from recado.store import claims
from recado.store.pool import Pool
from tests.worker.flows import ask, bye, flow
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

ECHO = flow(ask("x", "?", burst="each"), bye(content="{{x}}"), edges="start>x x>x")


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, ECHO)


async def floods(stage: Stage, conversation: UUID, count: int) -> None:
    for number in range(count):
        await stage.hears(conversation, str(number), seconds=-100 + number / 10)


async def heard(stage: Stage, conversation: UUID) -> list[str]:
    return [line[1:] for line in await stage.history(conversation) if line.startswith("<")]


async def test_twenty_turns_a_minute_and_the_rest_in_order(stage: Stage) -> None:
    ana = await stage.customer()
    await floods(stage, ana, 50)
    counts = []

    for _ in range(4):
        await run_until_idle(stage.turns().step)
        counts.append(len(await heard(stage, ana)))
        await stage.pass_time(61)

    assert counts == [20, 40, 50, 50]
    assert await heard(stage, ana) == [str(number) for number in range(50)]
    assert await stage.value("select count(*) from held_conversations") == 1


async def test_turns_taken_one_by_one_count_as_well(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    for number in range(25):
        await stage.hears(ana, str(number))
        await run_until_idle(turns.step)

    assert len(await heard(stage, ana)) == 20


async def test_the_next_turn_may_begin_when_the_oldest_of_twenty_is_a_minute_old(
    stage: Stage,
) -> None:
    ana, turns = await stage.customer(), stage.turns()
    for number in range(20):
        await stage.hears(ana, str(number))
        await run_until_idle(turns.step)
        await stage.pass_time(2)
    await stage.hears(ana, "one more")
    await run_until_idle(turns.step)
    before = len(await heard(stage, ana))

    await stage.pass_time(21)
    await run_until_idle(turns.step)

    assert (before, len(await heard(stage, ana))) == (20, 21)


async def test_a_flood_holds_nobody_else_up(stage: Stage) -> None:
    ana, bia = await stage.customer(), await stage.customer("5511977777777")
    await floods(stage, ana, 450)
    await run_until_idle(stage.turns().step)
    await stage.hears(bia, "oi")
    await floods(stage, ana, 450)

    async with stage.pool.acquire() as db, db.transaction():
        found = await claims.claim_batch(db, 10)

    assert found == [bia]


async def test_what_is_only_history_need_not_wait(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.sql("update conversations set mode = 'human'")
    await floods(stage, ana, 50)

    await run_until_idle(stage.turns().step)

    assert len(await heard(stage, ana)) == 50


async def test_a_timer_does_not_overtake_what_waits(pool: Pool) -> None:
    question = ask("x", "?", burst="each", timeout=30)
    stage = await set_up(
        pool, flow(question, bye(content="tarde demais"), edges="start>x x>x x:timeout>bye")
    )
    ana = await stage.customer()
    await floods(stage, ana, 25)
    await run_until_idle(stage.turns().step)
    await stage.sql(
        """update conversation_states set wake_at = clock_timestamp(), engine = jsonb_set(
               engine::jsonb, '{wait,until}', to_jsonb(clock_timestamp()))"""
    )

    idle_at_once = await run_until_idle(stage.turns().step)
    await stage.pass_time(61)
    await run_until_idle(stage.turns().step)

    assert idle_at_once == 0
    assert len(await heard(stage, ana)) == 25
    assert ">tarde demais" not in await stage.history(ana)


async def test_a_hold_from_before_the_clock_was_set_back_holds_nobody(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.sql(
        "insert into held_conversations values ($1, clock_timestamp() + interval '5 hours')", ana
    )
    await stage.hears(ana, "oi")

    await run_until_idle(stage.turns().step)

    assert await heard(stage, ana) == ["oi"]
