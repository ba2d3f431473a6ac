"""A number that is removed: gone at once for everybody, its history a little later."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store import webhook_log
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.store.webhook_log import LogRow
from recado.worker import burial, jobs
from tests.web.api import Api, make_api
from tests.web.desk import add_number as add_line
from tests.web.desk import message_post, open_desk, text

pytestmark = pytest.mark.asyncio
PATIENCE = 30


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    body = {"phone_number": "11 99999-9999", "connection_type": "official", **fields}
    answer = await api.post("/whatsapp", body)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def talk(api: Api, number: dict[str, Any], *, messages: int = 1) -> UUID:
    """Adds a conversation with a history; gives its id."""
    contact, conversation = new_id(), new_id()
    await api.pool.execute(
        "insert into contacts (id, workspace_id, phone) values ($1, $2, '5511988887777')",
        contact,
        api.workspace_id,
    )
    await api.pool.execute(
        """insert into conversations (id, workspace_id, number_id, contact_id, last_message_at)
           values ($1, $2, $3, $4, now())""",
        conversation,
        api.workspace_id,
        number["id"],
        contact,
    )
    for _ in range(messages):
        await api.pool.execute(
            """insert into messages (id, workspace_id, conversation_id, direction, type, content, at)
               values ($1, $2, $3, 'in', 'text', '{}', now())""",
            new_id(),
            api.workspace_id,
            conversation,
        )
        await api.pool.execute(
            """insert into journal (id, workspace_id, conversation_id, event, trace, effects)
               values ($1, $2, $3, '{}', '[]', '[]')""",
            new_id(),
            api.workspace_id,
            conversation,
        )
    return conversation


async def bury(api: Api, number: dict[str, Any], *, stop: asyncio.Event | None = None) -> None:
    async with api.pool.acquire() as db:
        await burial.bury(db, UUID(number["id"]), stop=stop or asyncio.Event())


async def count(api: Api, table: str) -> int:
    found: int = await api.pool.fetchval(f"select count(*) from {table}")
    return found


async def test_a_removed_number_is_gone_at_once(api: Api) -> None:
    number = await make(api, access_token="a", app_secret="b", phone_number_id="1065")
    conversation = await talk(api, number)

    assert (await api.delete(f"/whatsapp/{number['id']}")).status == 204

    assert (await api.delete(f"/whatsapp/{number['id']}")).status == 404
    assert (await api.put(f"/whatsapp/{number['id']}", {"display_name": "A"})).status == 404
    assert (await api.get("/whatsapp")).body | {"next": None} == {
        "items": [],
        "total": 0,
        "next": None,
    }
    assert (await api.get("/conversations")).body["items"] == []
    assert (await api.get("/conversations/logs")).body["items"] == []
    for address in (conversation, "5511988887777"):
        assert (await api.get(f"/conversations/{address}")).status == 404
    assert await count(api, "secrets") == 0


async def test_nothing_reaches_a_removed_number(api: Api) -> None:
    line = await add_line(api.pool, workspace=api.workspace_id)
    hello = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": line.verify_token}

    assert (await api.delete(f"/whatsapp/{line.id}")).status == 204
    async with open_desk(api.pool) as desk:
        for own in ("", f"/{line.webhook_token}"):
            path = f"/api/v1/whatsapp/webhook{own}"
            assert (await desk.post(message_post(line, text()), path=path))[0] == 200
            assert (await desk.get(path, **hello))[0] == 403

    assert await count(api, "inbox") == 0
    assert await api.pool.fetchval("select array_agg(distinct outcome) from webhook_log") == [
        "unknown_number"
    ]


async def test_what_waits_to_be_sent_is_dropped_at_once(api: Api) -> None:
    number = await make(api)
    conversation = await talk(api, number)
    await api.pool.execute(
        """insert into outbox (id, workspace_id, number_id, conversation_id, content, expires_at)
           values ($1, $2, $3, $4, '{}', now())""",
        new_id(),
        api.workspace_id,
        number["id"],
        conversation,
    )

    await api.delete(f"/whatsapp/{number['id']}")

    assert await count(api, "outbox") == 0


async def test_the_same_number_can_be_registered_again(api: Api) -> None:
    number = await make(api, phone_number_id="1065")
    await api.delete(f"/whatsapp/{number['id']}")

    again = await make(api, phone_number_id="1065")

    assert again["id"] != number["id"]


async def test_the_job_forgets_the_history_and_only_that_numbers(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burial, "BATCH", 2)
    monkeypatch.setattr(burial, "CONVERSATIONS", 2)
    number = await make(api, phone_number_id="1065")
    other = await make(api, phone_number="11 98888-0000", phone_number_id="1066")
    for _ in range(3):
        await talk(api, number, messages=5)
    await talk(api, other)
    async with api.pool.acquire() as db:
        ids = ("1065", "1065", "1065", "1066")
        rows = [LogRow(new_id(), api.workspace_id, id, "stored", b"{}") for id in ids]
        await webhook_log.insert_many(db, rows)
    await api.delete(f"/whatsapp/{number['id']}")

    await bury(api, number)
    await bury(api, number)  # a second time does nothing

    for table in ("conversations", "messages", "journal", "webhook_log", "whatsapp_numbers"):
        assert await count(api, table) == 1, table


async def test_a_number_that_was_not_removed_is_not_buried(api: Api) -> None:
    number = await make(api)
    await talk(api, number)

    await bury(api, number)

    assert await count(api, "messages") == 1
    assert (await api.get(f"/whatsapp/{number['id']}")).status == 200


async def test_a_process_that_stops_leaves_the_rest_to_the_next(api: Api) -> None:
    number = await make(api)
    await talk(api, number)
    await api.delete(f"/whatsapp/{number['id']}")
    stop = asyncio.Event()
    stop.set()

    await bury(api, number, stop=stop)
    assert await count(api, "messages") == 1
    async with api.pool.acquire() as db:
        await jobs.maintain(db, datetime.now(UTC), stop=asyncio.Event())

    assert await count(api, "messages") == 0


async def test_removing_puts_the_job_into_the_queue(api: Api, database_url: str) -> None:
    number = await make(api)
    await talk(api, number)
    await api.delete(f"/whatsapp/{number['id']}")
    stop = asyncio.Event()

    worker = asyncio.create_task(jobs.run_jobs(database_url, pool=api.pool, stop=stop))
    async with asyncio.timeout(PATIENCE):
        while await count(api, "messages") + await count(api, "whatsapp_numbers"):  # noqa: ASYNC110 - the event is in the database
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(worker, PATIENCE)

    assert await count(api, "conversations") == 0
