"""Events that were given up on: looked at, and taken up again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def conversation(api: Api) -> UUID:
    body = {"phone_number": "11 98888-0001", "connection_type": "official"}
    number = (await api.post("/whatsapp", body)).body["id"]
    contact, id = new_id(), new_id()
    await api.pool.execute(
        "insert into contacts (id, workspace_id, name, phone) values ($1, $2, 'Ana', '5511')",
        contact,
        api.workspace_id,
    )
    await api.pool.execute(
        "insert into conversations (id, workspace_id, number_id, contact_id) values ($1, $2, $3, $4)",
        id,
        api.workspace_id,
        number,
        contact,
    )
    return id


async def event(api: Api, conversation: UUID, text: str, *, parked: bool = True) -> int:
    """Puts a message into the inbox, as a turn leaves one that it gave up on; gives its seq."""
    seq: int = await api.pool.fetchval(
        """insert into inbox (message_id, workspace_id, conversation_id, key, message, at, tries,
                              parked_at, error)
           values ($1, $2, $3, $4, $5, now(), 3, case when $6 then clock_timestamp() end,
                   'RuntimeError') returning seq""",
        new_id(),
        api.workspace_id,
        conversation,
        f"wamid.{new_id().hex}",
        {"id": "w", "type": "text", "text": text},
        parked,
    )
    return seq


async def test_parked_events_are_listed_the_latest_first(api: Api) -> None:
    talk = await conversation(api)
    seqs = [await event(api, talk, text) for text in "abc"]
    await event(api, talk, "waits", parked=False)

    first = (await api.get("/parked", limit=2)).body
    second = (await api.get("/parked", limit=2, cursor=first["next"])).body

    assert [item["seq"] for item in first["items"] + second["items"]] == seqs[::-1]
    assert (first["total"], second["next"]) == (3, None)
    shown: dict[str, Any] = first["items"][0]
    assert (shown["conversation_id"], shown["contact_name"]) == (str(talk), "Ana")
    assert (shown["type"], shown["text"]) == ("text", "c")
    assert (shown["tries"], shown["error"]) == (3, "RuntimeError")


async def test_a_parked_event_is_taken_up_again(api: Api) -> None:
    talk = await conversation(api)
    seq = await event(api, talk, "oi")
    heard: asyncio.Queue[str] = asyncio.Queue()
    listening = await api.pool.acquire()
    await listening.add_listener("recado_inbox", lambda *told: heard.put_nowait(told[2]))

    answer = await api.post(f"/parked/{seq}/retry")

    assert answer.status == 204
    assert await asyncio.wait_for(heard.get(), 10) == "recado_inbox"
    row = await api.pool.fetchrow("select tries, parked_at, error from inbox")
    assert tuple(row) == (0, None, "RuntimeError")
    assert (await api.get("/parked")).body["items"] == []
    assert (await api.post(f"/parked/{seq}/retry")).status == 404
    await listening.reset()
    await api.pool.release(listening)


async def test_only_editors_and_above_take_an_event_up_again(api: Api) -> None:
    seq = await event(api, await conversation(api), "oi")
    agent, editor = await api.join("agent"), await api.join("editor")

    refused = await agent.post(f"/parked/{seq}/retry")
    done = await editor.post(f"/parked/{seq}/retry")

    assert (refused.status, done.status) == (403, 204)


async def test_another_workspaces_events_are_not_there(api: Api) -> None:
    seq = await event(api, await conversation(api), "oi")
    other = await api.stranger()

    assert (await other.get("/parked")).body["items"] == []
    assert (await other.post(f"/parked/{seq}/retry")).status == 404
    assert await api.pool.fetchval("select parked_at is not null from inbox")


@pytest.mark.parametrize("seq", ["0", "-1", "x", str(2**63), str(10**40)])
async def test_what_is_no_event_is_not_found(api: Api, seq: str) -> None:
    answer = await api.post(f"/parked/{seq}/retry")

    assert (answer.status, answer.code) == (404, "not_found")
