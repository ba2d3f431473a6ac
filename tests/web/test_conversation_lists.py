"""Lists of conversations, of messages and of what was said: filters, order, pages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
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


async def test_a_parameter_that_the_list_does_not_know_is_refused(api: Api) -> None:
    misspelt = await api.get("/conversations", statuss="active", **{"from": NOW.isoformat()})
    invented = await api.get("/conversations/logs", mood="bad", limit=5, phone="1")
    repeated = await api.get("/chatbots", page=2)

    assert (misspelt.status, misspelt.fields()) == (422, ["statuss"])
    assert "“status”" in misspelt.body["errors"][0]["message"]
    assert (invented.status, invented.fields()) == (422, ["mood"])
    assert (repeated.status, repeated.fields()) == (422, ["page"])


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
