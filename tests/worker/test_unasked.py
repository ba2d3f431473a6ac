"""What the bot says though nobody wrote, and what it hears though no flow runs: consent rules both."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.notices import Migrated, Released, Stopped
from recado.store.pool import Pool
from tests.worker.flows import ask, bye, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import TWO_QUESTIONS, asked, said, session, tell

pytestmark = pytest.mark.asyncio

OUT = "Pronto, você não vai mais receber mensagens nossas. Para voltar, escreva START."
IN = "Pronto, você voltou a receber nossas mensagens."


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, TWO_QUESTIONS)


async def hears(stage: Stage, conversation: UUID, text: str) -> None:
    await stage.hears(conversation, text)
    await run_until_idle(stage.turns().step)


async def origins(stage: Stage) -> list[Any]:
    return [row["origin"] for row in await stage.rows("select origin from outbox order by seq")]


@pytest.mark.parametrize("to", ["restart", "node"])
async def test_a_release_that_begins_anew_opens_what_was_closed(stage: Stage, to: Any) -> None:
    ana = await stage.customer()
    await stage.sql("update conversations set mode = 'closed'")

    await tell(stage, ana, Released(to, "nome"))

    assert await stage.value("select mode from conversations") == "bot"
    assert await said(stage, ana) == (["Nome?"] if to == "restart" else [])


@pytest.mark.parametrize("notice", [Stopped("restarted", again=True), Released("restart")])
async def test_who_opted_out_is_not_spoken_to_until_they_write(
    stage: Stage, notice: Stopped | Released
) -> None:
    ana = await stage.customer()
    await stage.sql("update conversations set mode = 'human'")
    await stage.sql("update contacts set opted_out = true")

    await tell(stage, ana, notice)
    before = await said(stage, ana)
    await hears(stage, ana, "oi")

    assert await stage.value("select mode from conversations") == "bot"
    assert (before, await said(stage, ana)) == ([], ["Nome?"])


async def test_a_message_of_the_same_batch_opens_the_window_for_a_restart(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.sql("update conversations set mode = 'human', window_expires_at = null")
    await stage.hears(ana, "alguém aí?", seconds=-1)

    await tell(stage, ana, Stopped("restarted", again=True))

    assert await said(stage, ana) == ["Nome?"]


async def test_what_a_restart_says_is_called_back_by_opting_out(stage: Stage) -> None:
    ana = await stage.customer()
    await tell(stage, ana, Stopped("restarted", again=True))
    before = await origins(stage)

    await hears(stage, ana, "stop")

    assert before == ["timer"]
    assert (await stage.lane(ana), await origins(stage)) == ([OUT], ["reply"])


async def test_what_a_migration_says_is_nobodys_answer(stage: Stage) -> None:
    ana = await asked(stage)
    assert stage.flow
    version = await stage.publish_again(stage.flow, flow(ask("cidade", "Cidade?"), bye()))
    moves: dict[str, str | None] = {"nome": "cidade"}

    await tell(stage, ana, Migrated(str(stage.flow), str(version), moves))

    assert (await stage.lane(ana), await origins(stage)) == (["Cidade?"], ["timer"])


async def test_the_answer_to_a_burst_is_an_answer(pool: Pool) -> None:
    question = ask("pedido", "O que deseja?", burst="merge")
    stage = await set_up(pool, flow(question, say("ok", "Anotado"), bye()))
    ana = await asked(stage)
    await hears(stage, ana, "pizza")

    await stage.pass_time(60)
    await run_until_idle(stage.turns().step)

    assert (await stage.lane(ana), await origins(stage)) == (["Anotado"], ["reply"])


NO_FLOW = [
    "delete from chatbots",
    "update flows set published_version_id = null",
    "update flow_versions set document = '{\"nodes\": 7}'",
]


@pytest.mark.parametrize("mode", ["bot", "human"])
@pytest.mark.parametrize("change", NO_FLOW)
async def test_opting_out_and_in_needs_no_flow(stage: Stage, change: str, mode: str) -> None:
    await stage.sql(change)
    ana = await stage.customer()
    await stage.sql("update conversations set mode = $1", mode)

    for text in ("Stop", "stop", "start"):
        await hears(stage, ana, text)

    consents = await stage.rows("select granted, words, message_id from consents order by id")
    assert [tuple(row) for row in consents] == [
        (False, "Stop", "wamid.in1"),
        (True, "start", "wamid.in3"),
    ]
    assert await said(stage, ana) == [OUT, IN]
    assert not await stage.value("select opted_out from contacts")
    assert await stage.value("select mode from conversations") == mode


@pytest.mark.parametrize("mode", ["bot", "human"])
@pytest.mark.parametrize("change", [NO_FLOW[2], "update chatbots set is_active = false"])
async def test_opting_out_is_heard_in_a_session_that_cannot_go_on(
    stage: Stage, change: str, mode: str
) -> None:
    ana = await asked(stage)
    await stage.sql(change)
    await stage.sql("update conversations set mode = $1", mode)

    await hears(stage, ana, "stop")

    assert await stage.value("select opted_out from contacts")
    assert await said(stage, ana) == ["Nome?", OUT]
    assert (await session(stage))["status"] == "stopped"


async def test_who_waits_for_a_broken_flow_can_opt_out(stage: Stage) -> None:
    await stage.sql(NO_FLOW[1])
    ana = await stage.customer()
    await hears(stage, ana, "oi")

    await hears(stage, ana, "stop")

    assert (await said(stage, ana))[1:] == [OUT]
    assert await stage.value("select opted_out from contacts")
