"""Turns on a real database: order, lateness, people, chatbots that come and go, timers, and what is written."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from recado.store import claims, mail, threads, together
from recado.store.changes import ContactChange, change_contacts
from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.worker.stage import ASK_NAME, Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio


def with_timeout(seconds: int) -> dict[str, Any]:
    question = {"content": "Nome?", "variableName": "nome", "timeout": seconds}
    return {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "name", "type": "question", "data": question},
            {"id": "hello", "type": "end", "data": {"content": "Olá {{nome}}"}},
            {"id": "gone", "type": "end", "data": {"content": "Até mais"}},
        ],
        "edges": [
            {"id": "e1", "source": "start", "target": "name"},
            {"id": "e2", "source": "name", "target": "hello"},
            {"id": "e3", "source": "name", "sourceHandle": "timeout", "target": "gone"},
        ],
    }


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, ASK_NAME)


async def test_a_conversation_from_hello_to_end(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()

    for text in ("oi", "Ana", "30"):
        await stage.hears(ana, text)
        await run_until_idle(turns.step)
        await stage.sql("update outbox set first_sending_at = clock_timestamp()")

    assert await stage.history(ana) == [
        *("<oi", ">Qual é o seu nome?", "<Ana", ">E a idade, Ana?", "<30", ">Ana, 30 anos")
    ]
    assert await stage.lane(ana) == ["Qual é o seu nome?", "E a idade, Ana?", "Ana, 30 anos"]
    (session,) = await stage.rows("select * from conversation_states")
    assert session["status"] == "completed"
    assert session["variables"] == {"nome": "Ana", "idade": "30"}
    assert session["execution_path"] == ["start", "name", "age", "bye"]
    assert session["wake_at"] is None
    assert await stage.value("select count(*) from inbox") == 0
    assert stage.woken.numbers == [{stage.number}] * 3


async def test_every_turn_is_in_the_journal_with_its_luck_and_world(stage: Stage) -> None:
    ana = await stage.customer()
    asked = await stage.hears(ana, "oi")

    await run_until_idle(stage.turns().step)

    (entry,) = await stage.rows(
        "select message_id, event::jsonb, trace::jsonb, effects::jsonb from journal"
    )
    assert entry["message_id"] == asked
    assert entry["event"]["event"] == "started"
    assert entry["event"]["seed"] == 7
    assert entry["event"]["world"]["contact"]["name"] == "Ana"
    assert [visit["node"] for visit in entry["trace"]["visits"]] == ["start", "name"]
    assert [effect["effect"] for effect in entry["effects"]] == ["send"]


async def test_messages_say_which_flow_and_node_they_belong_to(stage: Stage) -> None:
    ana = await stage.customer()
    asked = await stage.hears(ana, "oi")

    await run_until_idle(stage.turns().step)

    heard, said = await stage.rows("select * from messages order by id")
    assert (heard["flow_id"], heard["flow_version_id"]) == (stage.flow, stage.version)
    assert (said["flow_id"], said["node_id"], said["reply_to"]) == (stage.flow, "name", asked)
    assert (heard["status"], said["status"]) == ("received", "queued")
    (row,) = await stage.rows("select * from outbox")
    assert row["id"] == said["id"]
    assert row["policy"] == "at_least_once"
    window = await stage.value("select window_expires_at from conversations")
    assert row["expires_at"] == window


async def test_order_is_metas_time_then_arrival(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.hears(ana, "second", seconds=-5)
    await stage.hears(ana, "third", seconds=-1)
    await stage.hears(ana, "first", seconds=-9)

    await run_until_idle(stage.turns().step)

    rows = await stage.rows(
        "select trigger from (select engine->'trigger' as trigger from conversation_states) s"
    )
    assert rows[0]["trigger"]["text"] == "first"
    late = await stage.value("select engine->'late' from conversation_states")
    assert [message["text"] for message in late] == ["second", "third"]


async def test_a_message_from_before_the_question_went_out_does_not_answer_it(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.hears(ana, "alguém aí?")
    await stage.sql("update outbox set first_sending_at = clock_timestamp()")
    await stage.hears(ana, "Ana")

    await run_until_idle(turns.step)

    assert (await stage.history(ana))[-1] == ">E a idade, Ana?"


async def test_lateness_is_known_after_the_question_was_settled(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.hears(ana, "cedo demais")
    await stage.sql("update messages set sending_at = clock_timestamp() where direction = 'out'")
    await stage.sql("delete from outbox")
    await stage.hears(ana, "Bia")

    await run_until_idle(turns.step)

    assert (await stage.history(ana))[-1] == ">E a idade, Bia?"


async def test_a_question_that_never_went_out_does_not_make_every_answer_late(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("delete from outbox")
    await stage.hears(ana, "Caio")

    await run_until_idle(turns.step)

    assert (await stage.history(ana))[-1] == ">E a idade, Caio?"


@pytest.mark.parametrize("mode", ["waiting", "human"])
async def test_a_person_has_the_conversation(stage: Stage, mode: str) -> None:
    ana = await stage.customer()
    await stage.sql("update conversations set mode = $1", mode)
    await stage.hears(ana, "oi")

    await run_until_idle(stage.turns().step)

    assert await stage.history(ana) == ["<oi"]
    assert await stage.value("select count(*) from conversation_states") == 0


async def test_a_closed_conversation_starts_anew_with_the_bot(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("update conversations set mode = 'closed'")
    await stage.hears(ana, "olá de novo")

    await run_until_idle(turns.step)

    rows = await stage.rows("select status from conversation_states order by id")
    assert [row["status"] for row in rows] == ["stopped", "active"]
    assert await stage.value("select mode from conversations") == "bot"


async def test_a_reaction_is_history_only(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.hears(ana, "", type="reaction")

    await run_until_idle(stage.turns().step)

    assert await stage.history(ana) == ["<"]
    assert await stage.value("select count(*) from conversation_states") == 0


async def test_an_inactive_number_stops_its_sessions_and_only_listens(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("update whatsapp_numbers set is_active = false")
    await stage.hears(ana, "Ana")

    await run_until_idle(turns.step)

    assert (await stage.history(ana))[-1] == "<Ana"
    assert await stage.value("select status from conversation_states") == "stopped"


async def test_an_inactive_chatbot_gives_way_to_the_fallback(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("update chatbots set is_active = false")
    await stage.publish(with_timeout(60), fallback=True)
    await stage.hears(ana, "Ana")

    await run_until_idle(turns.step)

    assert (await stage.history(ana))[-1] == ">Nome?"
    rows = await stage.rows("select status, chatbot_id from conversation_states order by id")
    assert [row["status"] for row in rows] == ["stopped", "active"]
    assert rows[1]["chatbot_id"] == stage.chatbot


async def test_no_chatbot_is_said_once_a_day(pool: Pool) -> None:
    stage = await set_up(pool)
    ana, turns = await stage.customer(), stage.turns()
    for text in ("oi", "alô"):
        await stage.hears(ana, text)
        await run_until_idle(turns.step)
    said_today = await stage.history(ana)
    await stage.sql("update conversations set notified_at = notified_at - interval '1 day'")
    await stage.hears(ana, "bom dia")

    await run_until_idle(turns.step)

    notice = ">Nenhum chatbot configurado para este número."
    assert said_today == ["<oi", notice, "<alô"]
    assert await stage.history(ana) == [*said_today, "<bom dia", notice]


@pytest.mark.parametrize("damage", ["unpublished", "corrupt", "missing"])
async def test_a_broken_flow_is_said_once_and_goes_to_a_person(stage: Stage, damage: str) -> None:
    match damage:
        case "unpublished":
            await stage.sql("update flows set published_version_id = null")
        case "corrupt":
            await stage.sql("""update flow_versions set document = '{"nodes": 7}'""")
        case "missing":
            await stage.sql("delete from flows")
    ana = await stage.customer()
    await stage.hears(ana, "oi")
    await stage.hears(ana, "alô?")

    await run_until_idle(stage.turns().step)

    broken = ">Erro ao processar mensagem. Um atendente vai continuar."
    assert sorted(await stage.history(ana)) == sorted(["<oi", broken, "<alô?"])
    assert await stage.value("select mode from conversations") == "waiting"
    assert await stage.alerts() == {"flow_broken": 1}


async def test_a_session_whose_version_is_corrupt_fails_and_goes_to_a_person(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    await stage.sql("""update flow_versions set document = '{"nodes": 7}'""")
    await stage.hears(ana, "Ana")

    await run_until_idle(stage.turns().step)  # a new process: nothing is cached

    assert await stage.value("select status from conversation_states") == "failed"
    assert await stage.value("select mode from conversations") == "waiting"


async def test_an_expired_session_ends_and_a_new_one_begins(stage: Stage) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.pass_time(25 * 3600)
    await stage.hears(ana, "voltei")

    await run_until_idle(turns.step)

    rows = await stage.rows("select status, engine from conversation_states order by id")
    assert [row["status"] for row in rows] == ["expired", "active"]
    assert rows[1]["engine"]["trigger"]["text"] == "voltei"


async def test_a_timer_fires_once(pool: Pool) -> None:
    stage = await set_up(pool, with_timeout(60))
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await _let_the_wait_be_over(stage)

    await run_until_idle(turns.step)
    await run_until_idle(turns.step)

    assert await stage.history(ana) == ["<oi", ">Nome?", ">Até mais"]
    assert await stage.value("select status from conversation_states") == "completed"


async def test_the_reply_comes_before_the_timer(pool: Pool) -> None:
    stage = await set_up(pool, with_timeout(60))
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("update outbox set first_sending_at = clock_timestamp()")
    await _let_the_wait_be_over(stage)
    await stage.hears(ana, "Ana")

    await run_until_idle(turns.step)

    assert await stage.history(ana) == ["<oi", ">Nome?", "<Ana", ">Olá Ana"]


async def test_a_timer_waits_while_a_person_has_the_conversation(pool: Pool) -> None:
    stage = await set_up(pool, with_timeout(60))
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("update conversations set mode = 'human'")
    await _let_the_wait_be_over(stage)

    idle_at_once = await run_until_idle(turns.step)

    assert idle_at_once == 0
    assert await stage.value("select status from conversation_states") == "active"


async def test_a_message_that_says_it_is_old_is_answered_all_the_same(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.sql(
        "update conversations set window_expires_at = clock_timestamp() - interval '1 year'"
    )
    await stage.hears(ana, "oi", seconds=-366 * 86_400)

    await run_until_idle(stage.turns().step)

    assert await stage.value("select expires_at > clock_timestamp() from outbox")


async def test_what_a_timer_says_after_the_window_closed_may_not_go_out(pool: Pool) -> None:
    stage = await set_up(pool, with_timeout(60))
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")
    await run_until_idle(turns.step)
    await stage.sql("delete from outbox")
    await stage.sql("update conversations set window_expires_at = clock_timestamp()")
    await _let_the_wait_be_over(stage)

    await run_until_idle(turns.step)

    assert await stage.value("select expires_at <= clock_timestamp() from outbox")


async def test_numbers_take_turns_in_a_batch(stage: Stage) -> None:
    campaign = [await stage.customer(f"55119000000{n:02}") for n in range(6)]
    for conversation in campaign:
        await stage.hears(conversation, "oi")
    quiet = await _second_number(stage)
    lone = await stage.customer("5511988888888", number=quiet)
    await stage.hears(lone, "oi")

    async with stage.pool.acquire() as db, db.transaction():
        batch = await claims.claim_batch(db, 2)

    assert lone in batch


async def test_a_locked_conversation_is_left_to_its_holder(stage: Stage) -> None:
    ana, bia = await stage.customer(), await stage.customer("5511977777777")
    await stage.hears(ana, "oi")
    await stage.hears(bia, "oi")

    async with stage.pool.acquire() as db, db.transaction():
        await claims.claim(db, ana)
        await run_until_idle(stage.turns().step)

        assert await stage.history(ana) == []
        assert await stage.history(bia) == ["<oi", ">Qual é o seu nome?"]


async def test_mail_between_the_last_read_and_the_commit_is_found_by_the_next_claim(
    stage: Stage,
) -> None:
    ana, turns = await stage.customer(), stage.turns()
    await stage.hears(ana, "oi")

    async with stage.pool.acquire() as db, db.transaction():
        assert await claims.claim_batch(db, 10) == [ana]
        (thread,) = await threads.read(db, [ana], each=20)
        # The receiver commits now: the turn has read its mail and still holds the conversation.
        await stage.hears(ana, "tem alguém?")
        assert await run_until_idle(turns.step) == 0
        await together.write(db, [mail.take([letter.seq for letter in thread.letters])])
    await run_until_idle(turns.step)

    assert (await stage.history(ana))[0] == "<tem alguém?"
    assert await stage.value("select count(*) from inbox") == 0


async def test_many_loops_answer_every_message_once(stage: Stage) -> None:
    people = [await stage.customer(f"5511955500{n:03}") for n in range(30)]
    for person in people:
        await stage.hears(person, "oi")

    async def loop() -> None:
        await run_until_idle(stage.turns(batch=5).step)

    await asyncio.gather(*(loop() for _ in range(3)))
    await run_until_idle(stage.turns().step)

    for person in people:
        assert await stage.history(person) == ["<oi", ">Qual é o seu nome?"]
    assert await stage.value("select count(*) from journal") == 30


async def test_tags_and_fields_change_on_the_contact(stage: Stage) -> None:
    ana = await stage.customer()
    contact = await stage.value("select contact_id from conversations where id = $1", ana)
    await stage.sql("update contacts set tags = array['vip', 'old']")
    change = ContactChange()
    change.then(add=["new", "old"], remove=[], fields={"city": "Recife"})
    change.then(add=["vip"], remove=["old"], fields={"age": 30})

    async with stage.pool.acquire() as db, db.transaction():
        await change_contacts(db, {contact: change})

    (row,) = await stage.rows("select tags, fields from contacts")
    assert row["tags"] == ["vip", "new"]
    assert row["fields"] == {"city": "Recife", "age": 30}


async def _let_the_wait_be_over(stage: Stage) -> None:
    """Moves the wait into the past, in the column and in the engine's own state."""
    await stage.sql(
        """update conversation_states set wake_at = clock_timestamp(), engine = jsonb_set(
               engine, '{wait,until}', to_jsonb(clock_timestamp()))"""
    )


async def _second_number(stage: Stage) -> Any:
    number = new_id()
    await stage.sql(
        """insert into whatsapp_numbers
                  (id, workspace_id, phone_number, phone_shown, connection_type, phone_number_id,
                   webhook_token, webhook_verify_token)
           values ($1, $2, '+5511911111111', '11', 'official', '101', $3, 'verify')""",
        number,
        stage.workspace,
        str(number),
    )
    return number
