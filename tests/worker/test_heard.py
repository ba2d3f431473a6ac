"""What a message changes on its conversation once a turn takes it up: unread, the 24 hours, when somebody last wrote."""

from typing import Any

import pytest
import pytest_asyncio

from recado.store.notices import Stopped
from recado.store.parked import retake
from recado.store.pool import Pool
from tests.worker.bad_nodes import BAD_TYPES, flow_with
from tests.worker.stage import ASK_NAME, Stage, run_until_idle, set_up
from tests.worker.test_park import run_with_failures

pytestmark = pytest.mark.asyncio

HOUR = 3600
COUNTED = """
select unread, last_inbound_at is null as never,
       round(extract(epoch from clock_timestamp() - last_inbound_at))::int as ago,
       round(extract(epoch from window_expires_at - last_inbound_at))::int as opens,
       last_message_at > clock_timestamp() - interval '1 minute' as moved
  from conversations
"""


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, ASK_NAME)


async def stranger(stage: Stage) -> Any:
    """Adds a conversation that was only just opened."""
    conversation = await stage.customer()
    await stage.sql("update conversations set window_expires_at = null")
    return conversation


async def counted(stage: Stage) -> Any:
    (row,) = await stage.rows(COUNTED)
    return row


async def test_a_message_waits_to_be_read_and_opens_the_window_from_metas_time(
    stage: Stage,
) -> None:
    await stage.hears(await stranger(stage), "oi", seconds=-HOUR)

    await run_until_idle(stage.turns().step)

    row = await counted(stage)
    assert (row["unread"], row["opens"], row["moved"]) == (1, 24 * HOUR, True)
    assert row["ago"] == pytest.approx(HOUR, abs=30)
    ends = await stage.value(
        "select expires_at = (select window_expires_at from conversations) from outbox"
    )
    assert ends


async def test_a_late_message_and_a_clock_that_is_ahead_do_no_harm(stage: Stage) -> None:
    ana, turns = await stranger(stage), stage.turns()
    for seconds in (-10, -500, 1800):
        await stage.hears(ana, "oi", seconds=seconds)
        await run_until_idle(turns.step)

    row = await counted(stage)

    assert (row["unread"], row["opens"]) == (3, 24 * HOUR)
    assert 0 <= row["ago"] < 30


@pytest.mark.parametrize("kind", ["system", "edit", "revoke", "reaction", "request_welcome"])
async def test_what_is_no_word_of_the_person_neither_counts_nor_opens(
    stage: Stage, kind: str
) -> None:
    await stage.hears(await stranger(stage), "", type=kind)

    await run_until_idle(stage.turns().step)

    row = await counted(stage)
    assert (row["unread"], row["never"], row["moved"]) == (0, True, None)


@pytest.mark.parametrize(
    "change",
    [
        "update conversations set mode = 'human'",
        "update conversations set mode = 'waiting'",
        "update whatsapp_numbers set is_active = false",
        "delete from chatbots",
    ],
)
async def test_what_is_history_only_counts_too(stage: Stage, change: str) -> None:
    ana = await stranger(stage)
    await stage.sql(change)
    await stage.hears(ana, "oi")
    await stage.hears(ana, "", type="unsupported")

    await run_until_idle(stage.turns().step)

    row = await counted(stage)
    assert (row["unread"], row["opens"], row["moved"]) == (2, 24 * HOUR, True)


async def test_what_is_parked_counts_once_though_it_is_taken_up_again(pool: Pool) -> None:
    stage = await set_up(pool, flow_with("raises"))
    await stage.hears(await stranger(stage), "boom")
    await run_with_failures(stage.turns(BAD_TYPES))
    parked = await counted(stage)
    await stage.publish(ASK_NAME)

    async with pool.acquire() as db:
        await retake(db, stage.workspace, await stage.value("select seq from inbox"))
    await run_with_failures(stage.turns(BAD_TYPES))

    assert (parked["unread"], parked["opens"]) == (1, 24 * HOUR)
    assert await stage.value("select count(*) from inbox") == 0
    assert (await counted(stage))["unread"] == 1


async def test_what_is_no_word_of_the_person_does_not_let_the_bot_begin(stage: Stage) -> None:
    ana = await stranger(stage)
    await stage.hears(ana, "", type="reaction")
    await stage.notices(ana, Stopped("restarted", again=True))

    await run_until_idle(stage.turns().step)

    assert await stage.lane(ana) == []
