"""What reaches a session besides messages: releases, refusals, orders to stop, in line with the messages."""

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.notices import Released, Settled, Stopped
from recado.store.pool import Pool
from tests.worker.flows import ask, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import TWO_QUESTIONS, asked, said, session, tell

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, TWO_QUESTIONS)


async def test_after_a_takeover_the_question_is_asked_again(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")
    await stage.hears(ana, "falo com quem?")
    await run_until_idle(stage.turns().step)

    await tell(stage, ana, Released())
    await stage.settles()
    await stage.hears(ana, "Ana")
    await run_until_idle(stage.turns().step)

    assert await stage.history(ana) == [
        *("<oi", ">Nome?", "<falo com quem?", ">Nome?", "<Ana", ">Idade?"),
    ]
    assert await stage.value("select mode from conversations") == "bot"
    assert (await session(stage))["variables"] == {"nome": "Ana"}


async def test_a_release_takes_its_place_among_the_messages(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")
    await stage.hears(ana, "obrigada", seconds=-1)
    await stage.notices(ana, Released())
    await stage.hears(ana, "Ana", seconds=1)

    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Nome?", "Nome?"]
    late = (await session(stage))["engine"]["late"]
    assert [message["text"] for message in late] == ["Ana"]


async def test_a_release_to_a_node_goes_on_there(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")

    await tell(stage, ana, Released("node", "idade"))

    assert await said(stage, ana) == ["Nome?", "Idade?"]


async def test_a_release_to_the_start_begins_with_fresh_variables(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.hears(ana, "Ana")
    await run_until_idle(stage.turns().step)
    await stage.sql("update conversations set mode = 'human'")

    await tell(stage, ana, Released("restart"))

    assert await said(stage, ana) == ["Nome?", "Idade?", "Nome?"]
    assert (await session(stage))["variables"] == {}


async def test_a_second_release_changes_nothing(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")
    await tell(stage, ana, Released())

    await tell(stage, ana, Released())

    assert await said(stage, ana) == ["Nome?", "Nome?"]


async def test_who_was_handed_off_is_with_the_bot_again_after_a_release(pool: Pool) -> None:
    stage = await set_up(pool, TWO_QUESTIONS)
    ana = await asked(stage)
    await stage.hears(ana, "atendente")
    await run_until_idle(stage.turns().step)
    handed_off = (
        (await session(stage))["status"],
        await stage.value("select mode from conversations"),
    )

    await tell(stage, ana, Released())

    assert handed_off == ("handed_off", "waiting")
    assert (await session(stage))["status"] == "active"
    assert await stage.value("select mode from conversations") == "bot"
    assert (await said(stage, ana))[-1] == "Nome?"


async def test_a_release_without_a_session_only_gives_the_conversation_back(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.sql("update conversations set mode = 'human'")

    await tell(stage, ana, Released())

    assert await stage.value("select mode from conversations") == "bot"
    assert await stage.history(ana) == []


async def test_a_session_whose_chatbot_is_off_does_not_go_on_but_the_bot_has_the_conversation(
    stage: Stage,
) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")
    await stage.sql("update chatbots set is_active = false")

    await tell(stage, ana, Released())

    assert (await session(stage))["status"] == "stopped"
    assert await stage.value("select mode from conversations") == "bot"
    assert await said(stage, ana) == ["Nome?"]


async def test_the_same_notice_waits_once(stage: Stage) -> None:
    ana = await stage.customer()

    for _ in range(3):
        await stage.notices(ana, Released())
    await stage.notices(ana, Released("restart"), key="2")

    rows = await stage.rows("select kind, key from inbox order by seq")
    assert [tuple(row) for row in rows] == [("released", "released:1"), ("released", "released:2")]


async def test_a_restart_begins_a_new_session_of_the_version_that_is_published_now(
    stage: Stage,
) -> None:
    ana = await asked(stage)
    assert stage.flow
    version = await stage.publish_again(stage.flow, flow(say("hi", "Nova versão"), ask("x", "X?")))
    running = str((await session(stage))["id"])

    await tell(stage, ana, Stopped("restarted", session=running, again=True))

    rows = await stage.rows("select *, engine::jsonb from conversation_states order by id")
    assert [row["status"] for row in rows] == ["stopped", "active"]
    assert rows[1]["flow_version_id"] == version
    assert rows[1]["engine"]["trigger"]["kind"] == "api"
    assert await said(stage, ana) == ["Nome?", "Nova versão", "X?"]


async def test_a_restart_waits_for_the_customer_where_the_window_is_closed(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql(
        "update conversations set mode = 'human', window_expires_at = clock_timestamp()"
    )
    running = str((await session(stage))["id"])

    await tell(stage, ana, Stopped("restarted", session=running, again=True))

    assert (await session(stage))["status"] == "stopped"
    assert await stage.value("select mode from conversations") == "bot"
    assert await said(stage, ana) == ["Nome?"]


async def test_an_order_to_stop_is_about_the_session_that_ran_then(stage: Stage) -> None:
    ana = await asked(stage)

    await tell(stage, ana, Stopped("closed", session=str(new_id())))
    still = (await session(stage))["status"]
    await tell(stage, ana, Stopped("closed", session=str((await session(stage))["id"])))

    assert (still, (await session(stage))["status"]) == ("active", "stopped")


async def test_a_session_of_before_flows_could_call_flows_goes_on(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql(
        "update conversation_states set engine = engine::jsonb - '{first_flow,first_version}'::text[]"
    )
    await stage.hears(ana, "recomeçar")

    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Nome?", "Nome?"]
    assert await stage.alerts() == {}


async def test_a_refused_question_is_on_error(stage: Stage) -> None:
    ana = await asked(stage)
    token = (await session(stage))["engine"]["wait"]["token"]

    await tell(stage, ana, Settled("another", 131047))
    before = await said(stage, ana)
    await tell(stage, ana, Settled(token, 131047))

    assert before == ["Nome?"]
    assert await said(stage, ana) == ["Nome?", "Desculpe, ocorreu um erro. Tente novamente."]
    assert (await session(stage))["status"] == "failed"


async def test_a_refusal_is_not_heard_while_a_person_has_the_conversation(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")
    token = (await session(stage))["engine"]["wait"]["token"]

    await tell(stage, ana, Settled(token, 131047))

    assert (await session(stage))["status"] == "active"


async def test_a_notice_that_cannot_be_taken_up_is_parked_and_is_no_message(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.notices(ana, Released())
    await stage.sql("""update inbox set event = '{"type": "nonsense"}'""")
    turns = stage.turns()

    for _ in range(20):
        try:
            await run_until_idle(turns.step)
        except Exception as problem:  # noqa: BLE001 - as the loop does
            turns.isolate(problem)

    (row,) = await stage.rows("select * from inbox")
    assert (row["kind"], row["tries"], row["parked_at"] is not None) == ("released", 3, True)
    assert await stage.history(ana) == [
        "<oi",
        ">Nome?",
        ">Desculpe, ocorreu um erro. Tente novamente.",
    ]
