"""What comes in and is no message for a flow: statuses, groups, news of the account, unknown numbers."""

import json

import pytest

from recado.store.pool import Pool
from tests.web.desk import (
    add_number,
    change,
    message_post,
    open_desk,
    post,
    status,
    text,
)

pytestmark = pytest.mark.asyncio


async def test_a_group_message_is_kept_but_not_taken_up(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    said = {**text(), "group_id": "g1"}

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, said), secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 0
    row = await pool.fetchrow("select outcome, reason from webhook_log")
    assert tuple(row) == ("ignored", "group")


async def test_news_of_the_account_are_kept_once_and_start_nothing(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    news = post({"field": "account_update", "value": {"event": "DISABLED_UPDATE"}})
    history = post({"field": "history", "value": {**change(number)["value"], "history": []}})

    async with open_desk(pool) as desk:
        for each in (news, news, history):
            assert (await desk.post(each, secret="s"))[0] == 200
        assert desk.woken == []

    rows = await pool.fetch("select outcome, reason, workspace_id from webhook_log order by id")
    assert [tuple(row) for row in rows] == [
        ("ignored", "account_update", number.workspace_id),
        ("duplicate", "account_update", number.workspace_id),
        ("ignored", "history", number.workspace_id),
    ]


async def test_an_unknown_number_is_kept_in_a_ring(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    strange = message_post(number, text())
    strange["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    await pool.execute(
        """insert into webhook_log (id, outcome, body)
           select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'unknown_number', 'x'
             from generate_series(1, 1000) n"""
    )

    async with open_desk(pool) as desk:
        assert (await desk.post(strange))[0] == 200

    assert await pool.fetchval("select count(*) from webhook_log") == 1000
    newest = await pool.fetchrow("select * from webhook_log order by id desc limit 1")
    assert (newest["outcome"], newest["phone_number_id"]) == ("unknown_number", "999")
    assert newest["workspace_id"] is None
    assert json.loads(newest["body"]) == strange


async def test_statuses_wait_to_be_merged(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    told = [status("wamid.a", "sent", opaque="id.1"), status("wamid.a", "read")]

    async with open_desk(pool) as desk:
        assert (await desk.post(post(change(number, statuses=told)), secret="s"))[0] == 200
        assert desk.woken == ["statuses"]

    rows = await pool.fetch("select * from status_inbox order by seq")
    assert [(row["wamid"], row["status"], row["opaque"]) for row in rows] == [
        ("wamid.a", "sent", "id.1"),
        ("wamid.a", "read", None),
    ]
    assert [row["payload"] for row in rows] == told
    assert {row["phone_number_id"] for row in rows} == {number.phone_number_id}
