"""What reaches a session besides messages: releases, publishes, orders to stop, in line with the messages."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.notices import Migrated, Notice, Released, Settled, Stopped, post_migration
from recado.store.pool import Pool
from tests.worker.flows import ask, bye, call, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

TWO_QUESTIONS = flow(
    ask("nome", "Nome?"), ask("idade", "Idade?"), bye(content="{{nome}}, {{idade}}")
)


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, TWO_QUESTIONS)


async def asked(stage: Stage) -> UUID:
    """A conversation whose first question has gone out."""
    ana = await stage.customer()
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    await stage.settles()
    return ana


async def said(stage: Stage, conversation: UUID) -> list[str]:
    return [line[1:] for line in await stage.history(conversation) if line.startswith(">")]


async def tell(stage: Stage, conversation: UUID, notice: Notice) -> None:
    await stage.notices(conversation, notice)
    await run_until_idle(stage.turns().step)


async def session(stage: Stage) -> Any:
    return (await stage.rows("select * from conversation_states order by id desc"))[0]


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

    rows = await stage.rows("select * from conversation_states order by id")
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


async def test_a_publish_moves_a_session_whose_node_is_gone(stage: Stage) -> None:
    ana = await asked(stage)
    new = flow(ask("apelido", "Apelido?"), bye(content="{{apelido}}"))
    moved = await publish_and_migrate(stage, new, {"nome": "apelido"})

    await run_until_idle(stage.turns().step)
    await stage.settles()
    await stage.hears(ana, "Aninha")
    await run_until_idle(stage.turns().step)

    assert moved == 1
    assert await said(stage, ana) == ["Nome?", "Apelido?", "Aninha"]
    assert (await session(stage))["flow_version_id"] == stage.version


async def test_a_publish_ends_a_session_that_has_nowhere_to_go(stage: Stage) -> None:
    await asked(stage)
    await publish_and_migrate(stage, flow(say("hi", "Oi"), bye()), {"nome": None})

    await run_until_idle(stage.turns().step)

    row = await session(stage)
    assert (row["status"], row["outcome"]) == ("stopped", "migrated")


async def test_a_session_that_stands_still_finds_the_new_texts(stage: Stage) -> None:
    ana = await asked(stage)
    new = flow(ask("nome", "Nome?"), bye(content="Prazer, {{nome}}"))
    await publish_and_migrate(stage, new, {})
    await stage.hears(ana, "Ana")

    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Nome?", "Prazer, Ana"]


async def test_without_a_migration_a_session_stays_on_its_version(stage: Stage) -> None:
    ana = await asked(stage)
    assert stage.flow
    await stage.publish_again(stage.flow, flow(ask("nome", "Nome?"), bye(content="novo")))
    for text in ("Ana", "30"):
        await stage.hears(ana, text)
        await run_until_idle(stage.turns().step)
        await stage.settles()

    assert await said(stage, ana) == ["Nome?", "Idade?", "Ana, 30"]


async def test_a_publish_reaches_the_flow_that_called(stage: Stage) -> None:
    inner, _ = await stage.add_flow(flow(ask("cep", "CEP?"), bye()))
    outer = flow(call("get", inner), bye(content="volta velha"))
    assert stage.flow
    await stage.publish_again(stage.flow, outer)
    ana = await asked(stage)

    new = flow(call("get", inner), bye(content="volta nova"))
    moved = await publish_and_migrate(stage, new, {})
    again = await stage.value("select count(*) from inbox")
    await run_until_idle(stage.turns().step)
    await stage.hears(ana, "1")
    await run_until_idle(stage.turns().step)

    assert (moved, again) == (1, 1)
    assert await said(stage, ana) == ["CEP?", "volta nova"]


async def test_a_migration_concerns_only_sessions_on_another_version_of_that_flow(
    stage: Stage,
) -> None:
    await asked(stage)
    assert stage.flow
    assert stage.version
    other, version = await stage.add_flow(flow(say("hi", "x"), bye()))

    async with stage.pool.acquire() as db:
        same = await post_migration(
            db, stage.workspace, Migrated(str(stage.flow), str(stage.version))
        )
        foreign = await post_migration(db, stage.workspace, Migrated(str(other), str(version)))
        elsewhere = await post_migration(db, new_id(), Migrated(str(stage.flow), str(version)))

    assert (same, foreign, elsewhere) == (0, 0, 0)


async def test_a_migration_that_is_overtaken_by_the_end_of_its_session_is_nothing(
    stage: Stage,
) -> None:
    ana = await asked(stage)
    await publish_and_migrate(stage, TWO_QUESTIONS, {})
    await stage.sql("update conversation_states set status = 'stopped'")

    await run_until_idle(stage.turns().step)

    assert await stage.value("select count(*) from inbox") == 0
    assert await said(stage, ana) == ["Nome?"]


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


async def publish_and_migrate(
    stage: Stage, document: dict[str, Any], moves: dict[str, str | None]
) -> int:
    assert stage.flow
    stage.version = await stage.publish_again(stage.flow, document)
    async with stage.pool.acquire() as db:
        notice = Migrated(str(stage.flow), str(stage.version), moves)
        return await post_migration(db, stage.workspace, notice)
