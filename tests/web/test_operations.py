"""The webhook log and the alerts, as people look at them."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store import webhook_log
from recado.store.alerts import NewAlert, raise_alerts
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.store.webhook_log import LogRow
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def log_row(api: Api, *, mine: bool, outcome: str = "stored", body: bytes = b"{}") -> UUID:
    row = LogRow(new_id(), api.workspace_id if mine else None, "1065", outcome, body)
    async with api.pool.acquire() as db:
        await webhook_log.insert_many(db, [row])
    return row.id


async def test_the_webhook_log_shows_what_came(api: Api) -> None:
    first = await log_row(api, mine=True, body='{"text": "olá"}'.encode() + b"x" * 5_000)
    second = await log_row(api, mine=True, outcome="ignored", body=b"\xff")

    listed = (await api.get("/webhook-log")).body
    ignored = (await api.get("/webhook-log", outcome="ignored")).body
    whole = (await api.get(f"/webhook-log/{first}")).body

    assert [post["id"] for post in listed["items"]] == [str(second), str(first)]
    assert [post["id"] for post in ignored["items"]] == [str(second)]
    assert len(listed["items"][1]["body"]) < 2_001
    assert len(whole["body"]) > 5_000
    assert "olá" in whole["body"]


async def test_posts_of_unknown_numbers_are_for_admins_of_a_lone_workspace(api: Api) -> None:
    post = await log_row(api, mine=False, outcome="unknown_number")
    editor = await api.join("editor")

    alone = (await api.get("/webhook-log")).body
    seen_by_editor = (await editor.get("/webhook-log")).body
    other = await api.stranger()
    with_others = [await person.get(f"/webhook-log/{post}") for person in (api, other)]

    assert [item["id"] for item in alone["items"]] == [str(post)]
    assert seen_by_editor["items"] == []
    assert [answer.status for answer in with_others] == [404, 404]


async def test_alerts_show_what_is_open(api: Api) -> None:
    async with api.pool.acquire() as db:
        for _ in range(2):
            details = {"code": 131026}
            alert = NewAlert(api.workspace_id, "send_failed", "error", "", details)
            await raise_alerts(db, [alert])
    other = await api.stranger()

    mine = (await api.get("/alerts")).body
    done = (await api.get("/alerts", resolved="true")).body
    theirs = (await other.get("/alerts")).body

    assert [(alert["kind"], alert["count"]) for alert in mine["items"]] == [("send_failed", 2)]
    assert mine["items"][0]["details"] == {"code": 131026}
    assert (done["items"], theirs["items"]) == ([], [])
