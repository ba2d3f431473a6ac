"""Timers on a real database: several moments of one wait, long delays, restarts, clocks that jump, opted-out contacts."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from recado.store.pool import Pool
from tests.worker.flows import ask, bye, flow, say, wait
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

DAY = 86_400
SILENCE = {"inactivity": {"remind_after": 600, "text": "Ainda aí?", "end_after": 3_600}}


async def begun(pool: Pool, document: dict[str, Any]) -> tuple[Stage, UUID]:
    """A stage where a customer has just started a flow."""
    stage = await set_up(pool, document)
    ana = await stage.customer()
    await stage.sql("update conversations set window_expires_at = now() + interval '30 days'")
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    await stage.settles()
    return stage, ana


async def later(stage: Stage, seconds: float) -> None:
    """Lets time pass, and then a process that has only just started work."""
    await stage.pass_time(seconds)
    await run_until_idle(stage.turns().step)


async def said(stage: Stage, conversation: UUID) -> list[str]:
    return [line[1:] for line in await stage.history(conversation) if line.startswith(">")]


async def status(stage: Stage) -> str:
    found: str = await stage.value("select status from conversation_states")
    return found


async def test_a_delay_of_three_days_survives_ten_restarts_and_a_publish(pool: Pool) -> None:
    stage, ana = await begun(pool, flow(wait("d", 3), say("hi", "Três dias depois"), bye()))
    assert stage.flow
    before = []

    for restart in range(10):
        await later(stage, 3 * DAY / 10 - 1)
        before.append(await said(stage, ana))
        if restart == 4:
            await stage.publish_again(stage.flow, flow(say("other", "outra versão"), bye()))
    await later(stage, 10)
    await later(stage, DAY)

    assert before == [[]] * 10
    assert await said(stage, ana) == ["Três dias depois"]
    assert await status(stage) == "completed"


async def test_the_moments_of_a_wait_come_in_order_each_once(pool: Pool) -> None:
    question = ask("nome", "Nome?", timeout=1_800)
    document = flow(
        *(question, say("slow", "Passou meia hora"), ask("x", "X?"), bye()),
        edges="start>nome nome>bye nome:timeout>slow slow>x x>bye",
        settings=SILENCE,
    )
    stage, ana = await begun(pool, document)
    told = []

    for seconds in (599, 2, 1_198, 2, 599, 2, 3_000):
        await later(stage, seconds)
        told.append((await said(stage, ana))[1:])
        await stage.settles()

    assert told == [
        [],
        ["Ainda aí?"],
        ["Ainda aí?"],
        ["Ainda aí?", "Passou meia hora", "X?"],
        ["Ainda aí?", "Passou meia hora", "X?"],
        ["Ainda aí?", "Passou meia hora", "X?", "Ainda aí?"],
        ["Ainda aí?", "Passou meia hora", "X?", "Ainda aí?"],
    ]
    assert await status(stage) == "completed"


async def test_what_became_due_while_nobody_ran_happens_in_order(pool: Pool) -> None:
    stage, ana = await begun(pool, flow(ask("nome", "Nome?"), bye(), settings=SILENCE))

    await later(stage, 2 * 3_600)

    assert await said(stage, ana) == ["Nome?", "Ainda aí?"]
    assert await status(stage) == "completed"


async def test_many_that_are_due_are_woken_once_by_many_processes(pool: Pool) -> None:
    stage = await set_up(pool, flow(wait("d", 1), say("hi", "Bom dia"), bye()))
    people = [await stage.customer(f"55119555500{n:02}") for n in range(20)]
    for person in people:
        await stage.hears(person, "oi")
    await run_until_idle(stage.turns().step)
    await stage.pass_time(2 * DAY)

    loops = [stage.turns(batch=3) for _ in range(3)]
    for turns in loops:
        await turns.step()
    await run_until_idle(loops[0].step)

    assert [await said(stage, person) for person in people] == [["Bom dia"]] * 20


async def test_a_clock_that_is_set_back_harms_nothing(pool: Pool) -> None:
    stage, ana = await begun(pool, flow(wait("d", 1), say("hi", "Bom dia"), ask("x", "X?"), bye()))
    await stage.pass_time(DAY)
    back = timedelta(hours=5)

    def earlier(at: datetime) -> datetime:
        return at - back

    turns = stage.turns(clock=earlier)
    for _ in range(3):
        await turns.step()
    meanwhile = await said(stage, ana)
    await run_until_idle(stage.turns().step)
    await stage.settles()
    await stage.hears(ana, "resposta", seconds=-back.total_seconds())
    await stage.sql("update inbox set received_at = received_at - $1::interval", back)
    await run_until_idle(stage.turns(clock=earlier).step)

    assert meanwhile == []
    assert await said(stage, ana) == ["Bom dia", "X?"]
    assert await stage.value("select variables->>'x' from conversation_states") == "resposta"


async def test_a_burst_is_answered_when_it_has_gone_silent(pool: Pool) -> None:
    question = ask("pedido", "O que deseja?", burst="merge")
    stage, ana = await begun(pool, flow(question, bye(content="Anotado: {{pedido}}")))
    for text in ("uma pizza", "e um suco"):
        await stage.hears(ana, text)
    await run_until_idle(stage.turns().step)
    gathering = await said(stage, ana)

    await later(stage, 60)

    assert gathering == ["O que deseja?"]
    assert await said(stage, ana) == ["O que deseja?", "Anotado: uma pizza\ne um suco"]


async def test_only_the_newest_of_a_burst_answers_whatever_else_comes_with_it(pool: Pool) -> None:
    question = ask("pedido", "O que deseja?", burst="newest")
    stage, ana = await begun(pool, flow(question, bye(content="Anotado: {{pedido}}")))
    for text in ("pizza", "não, suco", "não, água"):
        await stage.hears(ana, text)
    await stage.hears(ana, "", type="reaction")

    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["O que deseja?", "Anotado: não, água"]


@pytest.mark.parametrize("mode", ["waiting", "human", "closed"])
async def test_timers_stand_still_while_the_bot_has_not_the_conversation(
    pool: Pool, mode: str
) -> None:
    stage, ana = await begun(pool, flow(wait("d", 1), say("hi", "Bom dia"), bye()))
    await stage.sql("update conversations set mode = $1", mode)

    await later(stage, 2 * DAY)
    held = await said(stage, ana)
    await stage.sql("update conversations set mode = 'bot'")
    await later(stage, 0)

    assert held == []
    assert await said(stage, ana) == ["Bom dia"]


async def test_a_delay_of_somebody_who_opted_out_ends_in_silence(pool: Pool) -> None:
    stage, ana = await begun(pool, flow(wait("d", 3), say("hi", "Oferta!"), bye()))
    await stage.sql("update contacts set opted_out = true")

    await later(stage, 4 * DAY)

    assert await said(stage, ana) == []
    assert await status(stage) == "stopped"


async def test_a_message_that_came_with_the_end_of_a_delay_is_kept_for_the_question(
    pool: Pool,
) -> None:
    stage, ana = await begun(
        pool, flow(wait("d", 1), ask("nome", "Nome?", burst="each"), bye(content="{{nome}}"))
    )
    await stage.pass_time(2 * DAY)
    await stage.hears(ana, "Ana")

    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Nome?", "Ana"]
