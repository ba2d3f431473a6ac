"""Conversations, their state and messages, and the log, as people look at them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.engine.phones import canonical
from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


@dataclass(frozen=True)
class Thread:
    """A conversation in the database."""

    id: UUID
    number_id: UUID
    contact_id: UUID


async def number(api: Api, phone: str = "11 98888-0001") -> UUID:
    body = {"phone_number": phone, "connection_type": "official"}
    return UUID((await api.post("/whatsapp", body)).body["id"])


async def contact(api: Api, phone: str = "5511999990000", name: str = "Maria") -> UUID:
    id = new_id()
    await api.pool.execute(
        "insert into contacts (id, workspace_id, name, phone) values ($1, $2, $3, $4)",
        id,
        api.workspace_id,
        name,
        phone,
    )
    await api.pool.execute(
        "insert into contact_identities values ($1, 'phone', $2, $3)",
        api.workspace_id,
        canonical(phone),
        id,
    )
    return id


async def thread(
    api: Api, *, number_id: UUID, contact_id: UUID, last: datetime | None = NOW
) -> Thread:
    id = new_id()
    await api.pool.execute(
        """insert into conversations (id, workspace_id, number_id, contact_id, last_message_at)
           values ($1, $2, $3, $4, $5)""",
        id,
        api.workspace_id,
        number_id,
        contact_id,
        last,
    )
    return Thread(id, number_id, contact_id)


async def session(api: Api, conversation: UUID, **changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": new_id(),
        "workspace_id": api.workspace_id,
        "conversation_id": conversation,
        "flow_id": new_id(),
        "flow_version_id": new_id(),
        "status": "active",
        "current_node_id": "ask",
        "variables": {"nome": "Maria"},
        "execution_path": ["start", "ask"],
        "session_expires_at": NOW + timedelta(days=1),
        **changed,
    }
    columns, marks = ", ".join(row), ", ".join(f"${i + 1}" for i in range(len(row)))
    await api.pool.execute(
        f"insert into conversation_states ({columns}) values ({marks})", *row.values()
    )
    return row


async def message(
    api: Api, conversation: UUID, text: str, *, out: bool = False, flow_id: UUID | None = None
) -> UUID:
    id = new_id()
    await api.pool.execute(
        """insert into messages (id, workspace_id, conversation_id, direction, type, text, content, key,
                                 flow_id, node_id, at)
           values ($1, $2, $3, $4, 'text', $5, '{}', $6, $7, 'ask', $8)""",
        id,
        api.workspace_id,
        conversation,
        "out" if out else "in",
        text,
        None if out else f"wamid.{id.hex}",
        flow_id,
        NOW,
    )
    return id


async def one(api: Api) -> Thread:
    return await thread(api, number_id=await number(api), contact_id=await contact(api))


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


async def test_filters_choose_conversations(api: Api) -> None:
    line, other_line = await number(api), await number(api, "11 98888-0002")
    maria = await thread(api, number_id=line, contact_id=await contact(api))
    joao = await thread(
        api,
        number_id=other_line,
        contact_id=await contact(api, "5521988887777", "João 100%"),
        last=NOW - timedelta(days=2),
    )
    bot = UUID((await api.post("/chatbots", {"name": "A"})).body["id"])
    ran = await session(api, maria.id, chatbot_id=bot)
    await session(api, joao.id, status="completed")

    assert await ids(api) == [str(maria.id), str(joao.id)]
    assert await ids(api, whatsapp_number_id=other_line) == [str(joao.id)]
    assert await ids(api, flow_id=ran["flow_id"]) == [str(maria.id)]
    assert await ids(api, chatbot_id=bot) == [str(maria.id)]
    assert await ids(api, status="completed") == [str(joao.id)]
    assert await ids(api, q="joão") == [str(joao.id)]
    assert await ids(api, q="100%") == [str(joao.id)]
    assert await ids(api, q="%") == [str(joao.id)]  # a sign like any other
    assert await ids(api, q="(21) 98888") == [str(joao.id)]
    assert await ids(api, q="552188887777") == [str(joao.id)]
    assert await ids(api, to=NOW.isoformat()) == [str(joao.id)]
    assert await ids(api, **{"from": NOW.isoformat()}) == [str(maria.id)]


async def test_the_list_pages_by_last_message_with_the_silent_ones_last(api: Api) -> None:
    line = await number(api)
    times = [NOW, NOW, NOW - timedelta(days=1), None, None]
    made = [
        await thread(
            api,
            number_id=line,
            contact_id=await contact(api, f"551199999000{index}"),
            last=time,
        )
        for index, time in enumerate(times)
    ]

    pages: list[list[str]] = []
    cursor: dict[str, Any] = {}
    while True:
        body = (await api.get("/conversations", limit=2, **cursor)).body
        pages.append([item["id"] for item in body["items"]])
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [id for page in pages for id in page] == [str(talk.id) for talk in made]


async def test_messages_page_back_in_time(api: Api) -> None:
    talk = await one(api)
    for text in "abc":
        await message(api, talk.id, text)
    path = f"/conversations/{talk.id}/messages"

    first = (await api.get(path, limit=2)).body
    second = (await api.get(path, limit=2, cursor=first["next"])).body

    assert [m["text"] for m in first["items"]] == ["c", "b"]
    assert [m["text"] for m in second["items"]] == ["a"]
    assert first["total"] == 3


async def test_the_log_lists_what_was_said_newest_first(api: Api) -> None:
    talk = await one(api)
    other = await thread(
        api, number_id=talk.number_id, contact_id=await contact(api, "5521988887777")
    )
    flow_id = new_id()
    await message(api, talk.id, "Oi", flow_id=flow_id)
    await message(api, talk.id, "Olá!", out=True, flow_id=flow_id)
    await message(api, other.id, "Eu também")

    every = (await api.get("/conversations/logs")).body
    of_flow = (await api.get("/conversations/logs", flow_id=flow_id)).body
    of_phone = (await api.get("/conversations/logs", phone="+55 (11) 9999-0000")).body

    assert [line["user_message"] for line in every["items"]] == ["Eu também", None, "Oi"]
    assert [line["bot_response"] for line in of_flow["items"]] == ["Olá!", None]
    assert of_phone["items"] == of_flow["items"]
    assert every["items"][0]["phone_number"] == "5521988887777"
    assert of_flow["items"][0]["node_id"] == "ask"
