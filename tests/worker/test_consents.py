"""Opting out and in again: what is kept of it, and what does not go out any more."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.worker.desk import open_desk
from tests.worker.flows import ask, bye, flow
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

SILENCE = {"inactivity": {"remind_after": 600, "text": "Ainda aí?"}}


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, flow(ask("nome", "Nome?"), bye(), settings=SILENCE))


async def hears(stage: Stage, conversation: UUID, text: str) -> None:
    await stage.hears(conversation, text)
    await run_until_idle(stage.turns().step)


async def consents(stage: Stage) -> list[tuple[Any, ...]]:
    rows = await stage.rows("select granted, words, message_id from consents order by id")
    return [tuple(row) for row in rows]


async def test_opting_out_is_recorded_confirmed_and_ends_the_session(stage: Stage) -> None:
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    await hears(stage, ana, "Parar mensagens")

    assert await consents(stage) == [(False, "Parar mensagens", "wamid.in2")]
    assert await stage.value("select opted_out from contacts")
    assert await stage.value("select status from conversation_states") == "stopped"
    assert len(await stage.lane(ana)) == 2


async def test_who_opted_out_and_writes_is_answered_and_may_come_back(stage: Stage) -> None:
    ana = await stage.customer()
    for text in ("oi", "stop", "olá", "start"):
        await stage.settles()
        await hears(stage, ana, text)

    assert [granted for granted, *_ in await consents(stage)] == [False, True]
    assert not await stage.value("select opted_out from contacts")
    assert (await stage.history(ana)).count(">Nome?") == 2


@pytest.mark.parametrize("mode", ["waiting", "human"])
async def test_opting_out_is_heard_while_a_person_has_the_conversation(
    stage: Stage, mode: str
) -> None:
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    await stage.sql("update conversations set mode = $1", mode)

    await hears(stage, ana, "stop")

    assert await stage.value("select opted_out from contacts")
    assert await stage.value("select mode from conversations") == mode


async def test_opting_out_calls_back_the_reminder_that_has_not_gone_out(stage: Stage) -> None:
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    await stage.pass_time(700)
    await run_until_idle(stage.turns().step)
    before = await stage.lane(ana)

    await hears(stage, ana, "stop")

    assert before == ["Nome?", "Ainda aí?"]
    after = await stage.lane(ana)
    assert (after[0], len(after)) == ("Nome?", 2)
    reminder = await stage.rows("select status from messages where text = 'Ainda aí?'")
    assert [row["status"] for row in reminder] == ["cancelled"]


@pytest.mark.parametrize("origin", ["timer", "bulk"])
async def test_opting_out_calls_back_what_nobody_asked_for_on_other_numbers_too(
    stage: Stage, origin: str
) -> None:
    ana = await stage.customer()
    elsewhere = await _the_same_person_elsewhere(stage, ana)
    waiting = await stage.says(elsewhere, "Lembrete")
    await stage.sql("update outbox set origin = $1", origin)

    await hears(stage, ana, "stop")

    assert await stage.lane(elsewhere) == []
    assert (await stage.fate(waiting))["status"] == "cancelled"


async def test_a_reminder_on_its_way_gets_no_other_attempt(stage: Stage) -> None:
    phone = "5511912345678"
    async with open_desk(stage) as desk:
        desk.meta.say(phone, "oi")
        ana = await stage.customer(phone)
        reminder = await stage.says(ana, "Lembrete")
        await stage.sql("update outbox set origin = 'timer'")
        await stage.sql("update whatsapp_numbers set graph_url = 'http://127.0.0.1:1'")
        await desk.sender.step()
        await hears(stage, ana, "stop")
        while desk.sender.in_flight:
            await desk.rung.wait()
            await desk.sender.step()
        await stage.sql("update whatsapp_numbers set graph_url = null")
        await stage.pass_time(100)
        await desk.work()

        assert "Lembrete" not in desk.texts(phone)
        assert (await stage.fate(reminder))["status"] == "cancelled"


async def _the_same_person_elsewhere(stage: Stage, conversation: UUID) -> UUID:
    number, other = new_id(), new_id()
    await stage.sql(
        """insert into whatsapp_numbers
                  (id, workspace_id, phone_number, phone_shown, connection_type, phone_number_id,
                   webhook_token, webhook_verify_token)
           values ($1, $2, '+5511911111111', '11', 'official', '101', $3, 'verify')""",
        number,
        stage.workspace,
        str(number),
    )
    await stage.sql(
        """insert into conversations (id, workspace_id, number_id, contact_id)
           select $1, workspace_id, $2, contact_id from conversations where id = $3""",
        other,
        number,
        conversation,
    )
    return other
