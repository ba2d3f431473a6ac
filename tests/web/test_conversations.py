"""One conversation as people look at it: its state, its messages, found by id or phone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.web.api import Api, make_api
from tests.web.talks import NOW, contact, message, number, one, session, thread

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def ids(api: Api, **query: Any) -> list[str]:
    answer = await api.get("/conversations", **query)
    assert answer.status == 200, answer.body
    assert answer.body["total"] == len(answer.body["items"])
    return [item["id"] for item in answer.body["items"]]


async def test_a_conversation_shows_its_state_and_messages(api: Api) -> None:
    talk = await one(api)
    state = await session(api, talk.id)
    await message(api, talk.id, "Oi")
    await message(api, talk.id, "Qual é o seu nome?", out=True)

    shown = (await api.get(f"/conversations/{talk.id}")).body

    assert shown["contact"]["name"] == "Maria"
    assert shown["number"]["phone_number"] == "11 98888-0001"
    assert [m["text"] for m in shown["messages"]] == ["Oi", "Qual é o seu nome?"]
    assert [m["direction"] for m in shown["messages"]] == ["in", "out"]
    assert shown["messages"][0]["wamid"].startswith("wamid.")
    assert shown["others"] == []
    assert shown["state"] | {"created_at": None, "updated_at": None} == {
        "session_id": str(state["id"]),
        "current_node_id": "ask",
        "variables": {"nome": "Maria"},
        "execution_path": ["start", "ask"],
        "status": "active",
        "is_active": True,
        "flow_id": str(state["flow_id"]),
        "flow_version": None,
        "chatbot_id": None,
        "phone_number": "5511999990000",
        "outcome": None,
        "wake_at": None,
        "session_expires_at": state["session_expires_at"].isoformat().replace("+00:00", "Z"),
        "last_message_at": None,
        "created_at": None,
        "updated_at": None,
    }


async def test_a_conversation_shows_whom_its_flow_called(api: Api) -> None:
    talk = await one(api)
    before = (await api.get(f"/conversations/{talk.id}")).body
    await api.pool.execute(
        """update conversations set mode = 'waiting', team = 'Vendas', agent = 'Rita',
                  priority = 'urgent', handoff_note = 'Quer um bolo'"""
    )

    (listed,) = (await api.get("/conversations")).body["items"]

    names = ("team", "agent", "priority", "handoff_note")
    assert [before[name] for name in names] == [None, None, "normal", None]
    assert [listed[name] for name in names] == ["Vendas", "Rita", "urgent", "Quer um bolo"]


async def test_a_conversation_without_a_session_has_no_state(api: Api) -> None:
    talk = await one(api)

    shown = (await api.get(f"/conversations/{talk.id}")).body

    assert (shown["state"], shown["status"], shown["is_active"]) == (None, None, False)


async def test_a_session_whose_time_is_over_is_shown_as_expired(api: Api) -> None:
    talk = await one(api)
    await session(api, talk.id, session_expires_at=NOW - timedelta(seconds=1))

    shown = (await api.get(f"/conversations/{talk.id}")).body

    assert (shown["state"]["status"], shown["state"]["is_active"]) == ("expired", False)
    assert await ids(api, status="expired") == [str(talk.id)]
    assert await ids(api, status="active") == []


async def test_the_newest_session_is_the_state(api: Api) -> None:
    talk = await one(api)
    await session(api, talk.id, status="completed", variables={"n": 1})
    await session(api, talk.id, variables={"n": 2})

    shown = (await api.get(f"/conversations/{talk.id}")).body

    assert shown["state"]["variables"] == {"n": 2}


@pytest.mark.parametrize(
    "phone",
    [
        "5511999990000",
        "%2B5511999990000",
        "%2B55%20(11)%2099999-0000",
        "551199990000",  # without the ninth digit
        "(11)%2099999-0000",  # without the country
        "+5511999990000",
    ],
)
async def test_a_conversation_is_found_by_phone_in_any_spelling(api: Api, phone: str) -> None:
    talk = await one(api)

    shown = await api.get(f"/conversations/{phone}")
    messages = await api.get(f"/conversations/{phone}/messages")

    assert (shown.status, shown.body["id"]) == (200, str(talk.id))
    assert messages.status == 200


async def test_by_phone_the_newest_thread_comes_with_the_others(api: Api) -> None:
    who = await contact(api)
    old = await thread(
        api, number_id=await number(api), contact_id=who, last=NOW - timedelta(days=1)
    )
    new = await thread(api, number_id=await number(api, "11 98888-0002"), contact_id=who)

    shown = (await api.get("/conversations/5511999990000")).body

    assert shown["id"] == str(new.id)
    assert [other["id"] for other in shown["others"]] == [str(old.id)]


@pytest.mark.parametrize("reference", ["5511911112222", "ninguem", str(UUID(int=1)), "%00"])
async def test_nobodys_conversation_is_not_found(api: Api, reference: str) -> None:
    await one(api)

    assert (await api.get(f"/conversations/{reference}")).status == 404


async def test_another_workspaces_phone_is_not_found(api: Api) -> None:
    await one(api)
    other = await api.stranger()

    assert (await other.get("/conversations/5511999990000")).status == 404
    assert await ids(other) == []
    assert (await other.get("/conversations/logs", phone="5511999990000")).body["items"] == []
