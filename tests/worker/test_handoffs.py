"""A flow that calls a person: whom it calls, and what happens when nobody comes in time."""

from typing import Any
from uuid import UUID

import pytest

from recado.store.acts import hold, rest, set_mode
from recado.store.notices import Released
from recado.store.pool import Pool
from tests.worker.flows import bye, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import said, session, tell

pytestmark = pytest.mark.asyncio

HELP = {
    "id": "help",
    "type": "handoff",
    "data": {
        "content": "Um momento.",
        "team": "Vendas",
        "agent": "Rita",
        "priority": "high",
        "note": "Quer {{trigger.text}}",
        "timeout": 600,
    },
}
FLOW = flow(
    HELP,
    say("late", "Ninguém está livre."),
    say("back", "De volta."),
    bye(),
    edges="start>help help:timeout>late help:released>back late>bye back>bye",
)
COLUMNS = "select mode, team, agent, priority, handoff_note from conversations"


async def called(pool: Pool) -> tuple[Stage, UUID]:
    """A conversation that waits for a person."""
    stage = await set_up(pool, FLOW)
    ana = await stage.customer()
    await stage.hears(ana, "um bolo")
    await run_until_idle(stage.turns().step)
    return stage, ana


async def taken_over(stage: Stage, ana: UUID) -> None:
    """Takes the conversation over, as the API does."""
    async with stage.pool.acquire() as db, db.transaction():
        held = await hold(db, stage.workspace, ana)
        assert held
        await set_mode(db, held, mode="human", assignee_id=None)
        await rest(db, held)


async def later(stage: Stage, seconds: float) -> None:
    await stage.pass_time(seconds)
    await run_until_idle(stage.turns().step)


async def columns(stage: Stage) -> list[Any]:
    return list((await stage.rows(COLUMNS))[0].values())


async def test_the_conversation_says_whom_the_flow_called_until_the_bot_has_it_again(
    pool: Pool,
) -> None:
    stage, ana = await called(pool)
    waiting = await columns(stage)

    await tell(stage, ana, Released())

    assert waiting == ["waiting", "Vendas", "Rita", "high", "Quer um bolo"]
    assert await columns(stage) == ["bot", None, None, "normal", None]
    assert await said(stage, ana) == ["Um momento.", "De volta."]


async def test_when_nobody_comes_in_time_the_bot_goes_on(pool: Pool) -> None:
    stage, ana = await called(pool)

    await later(stage, 590)
    early = await said(stage, ana)
    await later(stage, 20)

    assert early == ["Um momento."]
    assert await said(stage, ana) == ["Um momento.", "Ninguém está livre."]
    assert (await columns(stage))[0] == "bot"
    assert (await session(stage))["status"] == "completed"


async def test_a_crash_of_the_handoffs_timer_is_tried_alone(pool: Pool) -> None:
    stage, ana = await called(pool)
    await stage.sql("update conversation_states set tries = 1")

    await later(stage, 700)

    assert (await said(stage, ana))[-1] == "Ninguém está livre."


async def test_who_has_been_taken_over_waits_for_as_long_as_it_takes(pool: Pool) -> None:
    stage, ana = await called(pool)
    await taken_over(stage, ana)

    await later(stage, 700)
    await stage.hears(ana, "parar mensagens")
    await stage.hears(ana, "start")
    await run_until_idle(stage.turns().step)
    await later(stage, 700)

    assert "Ninguém está livre." not in await said(stage, ana)
    # Nothing that cannot fire is left for the search for due waits.
    assert await stage.value("select count(*) from conversation_states where wake_at is not null") == 0  # fmt: skip


async def test_a_session_that_a_turn_touches_while_a_person_has_it_gets_no_time_to_wake(
    pool: Pool,
) -> None:
    wait = {"id": "wait", "type": "delay", "data": {"amount": 1, "unit": "days"}}
    stage = await set_up(pool, flow(wait, say("hi", "Bom dia"), bye()))
    ana = await stage.customer()
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    await taken_over(stage, ana)
    assert stage.flow
    version = await stage.publish_again(stage.flow, flow(wait, say("hi", "Boa noite"), bye()))

    await stage.sql(
        """insert into inbox (workspace_id, conversation_id, kind, key, event, at)
           values ($1, $2, 'migrated', 'migrated:1', $3, clock_timestamp())""",
        stage.workspace,
        ana,
        {"type": "migrated", "flow": str(stage.flow), "version": str(version)},
    )
    await run_until_idle(stage.turns().step)
    asleep = (await session(stage))["wake_at"]
    await tell(stage, ana, Released())
    awake = (await session(stage))["wake_at"]
    await later(stage, 100_000)

    assert asleep is None
    assert awake is not None
    assert await said(stage, ana) == ["Boa noite"]
