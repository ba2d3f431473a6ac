"""People and the bot: taking a conversation over, giving it back, beginning anew, closing it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.nodes import NODE_TYPES
from recado.store.claims import claim
from recado.store.pool import Pool
from recado.web import acts
from recado.worker.programs import Programs
from recado.worker.turn import Turns
from tests.web.api import Api, make_api
from tests.worker.flows import ask, bye, flow, say, wait
from tests.worker.stage import Stage, Woken, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

PHONE = "5511912345678"


class Office:
    """A conversation in the middle of a question, and the people of its workspace."""

    def __init__(self, api: Api, stage: Stage, conversation: UUID) -> None:
        self.api = api
        self.stage = stage
        self.conversation = conversation

    async def does(self, act: str, body: Any = None, *, api: Api | None = None) -> Any:
        """Acts on the conversation."""
        return await (api or self.api).post(f"/conversations/{self.conversation}/{act}", body)

    async def turns(self) -> None:
        """Lets the worker take up whatever waits."""
        turns = Turns(self.stage.pool, Programs(NODE_TYPES), queued=Woken())
        await run_until_idle(turns.step)

    async def state(self) -> Any:
        """Shows the conversation."""
        return (await self.api.get(f"/conversations/{self.conversation}")).body

    async def said(self) -> list[str]:
        """Lists what the bot said."""
        history = await self.stage.history(self.conversation)
        return [line[1:] for line in history if line.startswith(">")]


@pytest_asyncio.fixture
async def office(pool: Pool) -> AsyncIterator[Office]:
    async with make_api(pool) as api:
        stage = await set_up(pool, flow(ask("nome", "Nome?"), ask("idade", "Idade?"), bye()))
        owner = await api.join("owner", workspace_id=stage.workspace)
        office = Office(owner, stage, await stage.customer(PHONE))
        await stage.hears(office.conversation, "oi")
        await office.turns()
        yield office


async def test_a_takeover_silences_the_bot_at_once(office: Office) -> None:
    waiting = await office.stage.value("select id from outbox")

    answer = await office.does("takeover")
    await office.stage.hears(office.conversation, "tem alguém?")
    await office.turns()

    assert (answer.status, answer.body) == (200, {"mode": "human", "in_flight": False})
    assert await office.stage.lane(office.conversation) == []
    assert (await office.stage.fate(waiting))["status"] == "cancelled"
    assert await office.said() == ["Nome?"]
    now = await office.state()
    assert (now["mode"], now["assignee_id"]) == ("human", str(office.api.user_id))
    assert now["status"] == "active"


async def test_a_takeover_answers_when_the_last_message_has_gone(office: Office) -> None:
    await office.stage.sql("update outbox set status = 'sending', attempt = 1")

    answering = asyncio.create_task(office.does("takeover"))
    await office.stage.until("select mode = 'human' from conversations")
    assert not answering.done()
    await office.stage.sql("delete from outbox")

    assert (await answering).body == {"mode": "human", "in_flight": False}


async def test_a_takeover_does_not_wait_for_ever(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "PATIENCE", 0.0)
    await office.stage.sql("update outbox set status = 'sending', attempt = 1")

    answer = await office.does("takeover")

    assert answer.body == {"mode": "human", "in_flight": True}
    assert await office.stage.value("select withdrawn from outbox")


async def test_a_takeover_cancels_what_the_turn_before_it_said(office: Office) -> None:
    async with office.stage.pool.acquire() as db, db.transaction():
        assert await claim(db, office.conversation)
        answering = asyncio.create_task(office.does("takeover"))
        await office.stage.until(
            "select exists (select from pg_locks where not granted) or exists "
            "(select from conversations where mode = 'human')"
        )
        assert await db.fetchval("select mode from conversations") == "bot"
        await db.execute(
            """insert into outbox (id, workspace_id, number_id, conversation_id, content, expires_at)
               select gen_random_uuid(), workspace_id, number_id, id, '{}', 'infinity'
                 from conversations"""
        )
    await answering

    assert await office.stage.value("select count(*) from outbox") == 0


async def test_a_released_question_is_asked_again(office: Office) -> None:
    await office.does("takeover")

    answer = await office.does("release")
    await office.turns()

    assert (answer.status, answer.body) == (202, {"to": "continue", "mode": "human"})
    assert await office.said() == ["Nome?", "Nome?"]
    now = await office.state()
    assert (now["mode"], now["assignee_id"]) == ("bot", None)


async def test_a_release_may_lead_to_a_node_of_the_flow(office: Office) -> None:
    await office.does("takeover")

    nowhere = await office.does("release", {"to": "node", "node": "lugar nenhum"})
    unsaid = await office.does("release", {"to": "node"})
    answer = await office.does("release", {"to": "node", "node": "idade"})
    await office.turns()

    assert (nowhere.status, nowhere.code, nowhere.fields()) == (422, "unknown_node", ["node"])
    assert (unsaid.status, unsaid.code) == (422, "node_missing")
    assert answer.status == 202
    assert await office.said() == ["Nome?", "Idade?"]


async def test_a_release_to_a_node_needs_a_session(office: Office) -> None:
    await office.stage.sql("update conversation_states set status = 'completed'")

    answer = await office.does("release", {"to": "node", "node": "idade"})

    assert (answer.status, answer.code) == (409, "no_session")


async def test_there_is_nothing_to_release_where_the_bot_has_the_conversation(
    office: Office,
) -> None:
    answer = await office.does("release")

    assert answer.body == {"to": "continue", "mode": "bot"}
    assert await office.stage.value("select count(*) from inbox") == 0


async def test_a_restart_begins_a_new_session(office: Office) -> None:
    answer = await office.does("restart")
    await office.turns()

    assert answer.status == 202
    rows = await office.stage.rows("select status from conversation_states order by id")
    assert [row["status"] for row in rows] == ["stopped", "active"]
    assert await office.said() == ["Nome?", "Nome?"]


async def test_a_closed_conversation_begins_anew_with_the_next_message(office: Office) -> None:
    answer = await office.does("close")
    await office.turns()
    closed = await office.state()
    await office.stage.hears(office.conversation, "voltei")
    await office.turns()

    assert answer.body == {"mode": "closed"}
    assert (closed["mode"], closed["status"]) == ("closed", "stopped")
    assert await office.stage.lane(office.conversation) == ["Nome?"]
    now = await office.state()
    assert (now["mode"], now["status"]) == ("bot", "active")


async def test_a_message_that_overtakes_the_closing_keeps_its_new_session(office: Office) -> None:
    await office.does("close")
    await office.stage.hears(office.conversation, "voltei", seconds=-60)

    await office.turns()

    rows = await office.stage.rows("select status from conversation_states order by id")
    assert [row["status"] for row in rows] == ["stopped", "active"]


async def test_a_phone_names_the_conversation_as_well(office: Office) -> None:
    await office.stage.sql(
        """insert into contact_identities (workspace_id, kind, value, contact_id)
           select workspace_id, 'phone', $1, contact_id from conversations""",
        PHONE,
    )

    answer = await office.api.post("/conversations/+55 11 91234-5678/takeover")

    assert answer.body == {"mode": "human", "in_flight": False}


@pytest.mark.parametrize("act", ["takeover", "release", "restart", "close"])
async def test_agents_may_and_viewers_may_not(office: Office, act: str) -> None:
    agent, viewer = await office.api.join("agent"), await office.api.join("viewer")

    refused = await office.does(act, api=viewer)
    allowed = await office.does(act, api=agent)

    assert (refused.status, refused.code) == (403, "forbidden")
    assert allowed.status in (200, 202)


@pytest.mark.parametrize("act", ["takeover", "close"])
@pytest.mark.parametrize("earlier", [("release", {"to": "restart"}), ("restart", None)])
async def test_what_is_ordered_later_holds(
    office: Office, act: str, earlier: tuple[str, Any]
) -> None:
    await office.does(*earlier)

    await office.does(act)
    await office.turns()

    assert (await office.state())["mode"] == {"takeover": "human", "close": "closed"}[act]
    assert await office.said() == ["Nome?"]


async def test_a_takeover_leaves_the_order_to_close_the_session(office: Office) -> None:
    await office.does("close")
    await office.does("takeover")

    await office.turns()

    now = await office.state()
    assert (now["mode"], now["status"]) == ("human", "stopped")


@pytest.mark.parametrize("taken_up", [True, False])
async def test_a_closed_conversation_may_begin_anew_but_not_go_on(
    office: Office, *, taken_up: bool
) -> None:
    await office.does("close")
    if taken_up:
        await office.turns()

    refused = await office.does("release")
    answer = await office.does("release", {"to": "restart"})
    await office.turns()

    assert (refused.status, refused.code) == (409, "conversation_closed")
    assert answer.status == 202
    now = await office.state()
    assert (now["mode"], now["status"]) == ("bot", "active")
    assert await office.said() == ["Nome?", "Nome?"]


@pytest.mark.parametrize("act", ["takeover", "release", "restart", "close"])
async def test_people_need_not_wait_for_the_pace(office: Office, act: str) -> None:
    await office.stage.sql(
        "insert into held_conversations values ($1, clock_timestamp() + interval '50 seconds')",
        office.conversation,
    )

    await office.does(act)

    assert await office.stage.value("select count(*) from held_conversations") == 0


async def test_a_delay_that_was_held_ends_once_after_the_release(office: Office) -> None:
    stage = office.stage
    assert stage.flow
    document = flow(wait("d", 1), say("hi", "Bom dia"), bye())
    await stage.publish_again(stage.flow, document)
    await office.does("restart")
    await office.turns()
    due = "select count(*) from conversation_states where wake_at is not null"
    before = await stage.value(due)

    await office.does("takeover")
    held = await stage.value(due)
    await stage.pass_time(2 * 86_400)
    await office.turns()
    meanwhile = await office.said()
    await stage.sql("update conversations set window_expires_at = now() + interval '1 day'")
    await office.does("release")
    await office.turns()
    await office.turns()

    assert (before, held, meanwhile) == (1, 0, ["Nome?"])
    assert await office.said() == ["Nome?", "Bom dia"]


async def test_closing_lets_the_timers_stand_still(office: Office) -> None:
    await office.stage.sql("update conversation_states set wake_at = clock_timestamp()")

    await office.does("close")

    assert await office.stage.value("select wake_at from conversation_states") is None
