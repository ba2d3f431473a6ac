"""What goes wrong: odd rows, poison rows, a full queue, a database that is gone."""

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path

import pytest

from recado.store.embedded import start
from recado.store.migrate import migrate
from recado.store.pool import Pool, create_pool
from recado.web.group_commit import Limits
from tests.conftest import QUICK
from tests.web.desk import (
    Desk,
    Json,
    Ours,
    add_number,
    change,
    message_post,
    open_desk,
    post,
    status,
    text,
)

pytestmark = pytest.mark.asyncio

POISON = """
create function refuse() returns trigger language plpgsql as $$
begin
    if new.{column} like '%poison%' then raise exception 'poisoned'; end if;
    return new;
end $$;
create trigger refuse before insert on {table} for each row execute function refuse()
"""


def tap(option: str) -> Json:
    reply = {"type": "button_reply", "button_reply": {"id": option, "title": option}}
    return {**text(), "type": "interactive", "interactive": reply}


async def test_nul_and_lone_surrogates_do_no_harm_to_their_neighbours(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    odd = [text("a\0b\ud83d", phone="5511900000001"), tap("x\0\udc00y")]
    good = [text(f"{n}", phone=f"55219{n:08}") for n in range(49)]
    names = {"5511900000001": "An\0a\ud83d"}
    raw = json.dumps(message_post(number, *odd, *good, names=names)).encode()

    async with open_desk(pool) as desk:
        assert (await desk.post(raw, secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 51
    said = [row["message"] for row in await pool.fetch("select message from inbox order by seq")]
    assert said[0]["text"] == "ab\ufffd"
    assert said[1]["tap"]["option"] == "x\ufffdy"
    assert await pool.fetchval("select name from contacts where name is not null") == "Ana\ufffd"
    assert await pool.fetchval("select body from webhook_log") == raw


async def test_a_poison_message_is_kept_raw_while_its_neighbours_are_stored(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    await pool.execute(POISON.format(table="inbox", column="key"))
    messages = [text(f"{n}", key=f"wamid.{n}", phone=f"55219{n:08}") for n in range(20)]
    messages[7]["id"] = "wamid.poison"
    raw = json.dumps(message_post(number, *messages)).encode()

    async with open_desk(pool) as desk:
        answers = await asyncio.gather(
            desk.post(raw, secret="s"), desk.post(message_post(number, text("ok")), secret="s")
        )
        assert [code for code, _ in answers] == [200, 200]
        assert "turns" in desk.woken

    assert await pool.fetchval("select count(*) from inbox") == 20
    row = await pool.fetchrow("select * from webhook_log where outcome = 'failed'")
    assert row["body"] == raw
    assert "wamid.poison: RaiseError: poisoned" in row["reason"]
    assert row["counts"] == {"stored": 19, "failed": 1}
    alert = await pool.fetchrow("select kind, workspace_id, details from alerts")
    assert (alert["kind"], alert["workspace_id"]) == ("webhook_row_failed", number.workspace_id)
    assert alert["details"]["key"] == "wamid.poison"
    # Nothing is left behind of the one that failed.
    assert await pool.fetchval("select count(*) from contacts where phone = '5521900000007'") == 0


async def test_a_poison_status_is_kept_raw_too(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    await pool.execute(POISON.format(table="status_inbox", column="wamid"))
    told = [status("wamid.a"), status("wamid.poison"), status("wamid.b")]

    async with open_desk(pool) as desk:
        body = post(change(number, [text()], statuses=told))
        assert (await desk.post(body, secret="s"))[0] == 200

    rows = await pool.fetch("select wamid from status_inbox order by seq")
    assert [row["wamid"] for row in rows] == ["wamid.a", "wamid.b"]
    assert await pool.fetchval("select count(*) from inbox") == 1
    assert await pool.fetchval("select outcome from webhook_log") == "failed"


async def test_a_post_that_cannot_even_be_logged_fails_alone(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    await pool.execute(POISON.format(table="webhook_log", column="body::text"))
    await pool.execute(
        """create or replace function refuse() returns trigger language plpgsql as $$
           begin
               if position('unloggable'::bytea in new.body) > 0 then raise exception 'poisoned'; end if;
               return new;
           end $$"""
    )

    async with open_desk(pool) as desk:
        bad = message_post(number, text("unloggable"))
        good = message_post(number, text("good"))
        statuses = await asyncio.gather(
            *(answered(desk.post(each, secret="s")) for each in (good, bad, good))
        )

    assert statuses == [200, 500, 200]
    assert await pool.fetchval("select message ->> 'text' from inbox") == "good"


async def answered(posting: Awaitable[tuple[int, Json]]) -> int:
    try:
        return (await posting)[0]
    except json.JSONDecodeError:  # the plain 500 of an app without error pages
        return 500


async def test_a_conversation_that_is_gone_is_made_anew(pool: Pool) -> None:
    number = await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text("before")), secret="s")
        await pool.execute("delete from contacts")
        assert (await desk.post(message_post(number, text("after")), secret="s"))[0] == 200

    assert await pool.fetchval("select message ->> 'text' from inbox") == "after"
    assert await pool.fetchval("select outcome from webhook_log order by id desc") == "stored"


async def test_a_repeated_message_does_not_bring_back_who_was_erased(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    same = message_post(number, text(key="wamid.same"))

    async with open_desk(pool) as desk:
        await desk.post(same, secret="s")
    await pool.execute("delete from contacts")
    async with open_desk(pool) as desk:
        assert (await desk.post(same, secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from contacts") == 0


async def test_too_many_waiting_bytes_are_503(pool: Pool) -> None:
    number = await add_number(pool, secret="s")

    async with open_desk(pool, limits=Limits(waiting_bytes=1_000)) as desk:
        assert (await desk.post(message_post(number, text("x" * 2_000)), secret="s"))[0] == 503
        assert (await desk.post(message_post(number, text()), secret="s"))[0] == 200


async def test_too_many_waiting_rows_are_503_with_a_time_to_come_back(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool, limits=Limits(waiting_rows=10)) as desk:
        body = json.dumps(message_post(number, *(text() for _ in range(20)))).encode()
        async with desk.session.post(desk.url + "/whatsapp/webhook", data=body) as answer:
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0

    assert await pool.fetchval("select count(*) from inbox") == 0


async def test_a_commit_that_takes_too_long_is_503_and_the_repetition_is_one_message(
    pool: Pool,
) -> None:
    number = await add_number(pool)
    said = message_post(number, text(key="wamid.slow"))

    async with open_desk(pool, commit_within=0.3) as desk:
        async with pool.acquire() as blocking, blocking.transaction():
            await blocking.execute("lock table inbox in access exclusive mode")
            assert (await desk.post(said))[0] == 503
        while await pool.fetchval("select count(*) from inbox") == 0:
            await desk.post(said)

    assert await pool.fetchval("select count(*) from inbox") == 1


async def test_without_a_free_connection_it_is_503_with_a_time_to_come_back(
    pool: Pool, database_url: str
) -> None:
    number = await add_number(pool)
    body = json.dumps(message_post(number, text())).encode()
    only = await create_pool(database_url, min_size=1, max_size=1)

    async with (
        open_desk(only, commit_within=0.05) as desk,
        only.acquire(),
        desk.session.post(desk.url + "/whatsapp/webhook", data=body) as refused,
    ):
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
    async with (
        open_desk(only) as desk,
        desk.session.post(desk.url + "/whatsapp/webhook", data=body) as taken,
    ):
        assert taken.status == 200
    await only.close()

    assert await pool.fetchval("select count(*) from inbox") == 1


async def test_without_a_database_it_is_503_and_afterwards_200(tmp_path: Path) -> None:
    server = await start(tmp_path / "data", settings=QUICK)
    await migrate(server.url)
    pool = await create_pool(server.url, min_size=1, max_size=4)
    number = await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        assert await deliver(desk, number) == 200
        await server.stop()
        assert await deliver(desk, number) == 503
        assert (await desk.get(**{"hub.mode": "subscribe"}))[0] == 503
        server = await start(tmp_path / "data", settings=QUICK)
        assert await deliver(desk, number) == 200

    assert await pool.fetchval("select count(*) from inbox") == 2
    await pool.close()
    await server.stop()


async def deliver(desk: Desk, number: Ours) -> int:
    return (await desk.post(message_post(number, text()), secret="s"))[0]


async def test_what_is_being_committed_when_we_stop_is_committed(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        async with pool.acquire() as blocking, blocking.transaction():
            await blocking.execute("lock table inbox in access exclusive mode")
            posting = asyncio.create_task(desk.post(message_post(number, text())))
            while not await waiting(pool):
                pass  # each look is a round trip
            stopping = asyncio.create_task(desk.receiver.stop())
            await asyncio.sleep(0)
            assert (await desk.post(message_post(number, text())))[0] == 503
        assert (await posting)[0] == 200
        await stopping

    assert await pool.fetchval("select count(*) from inbox") == 1


async def waiting(pool: Pool) -> bool:
    count: int = await pool.fetchval("select count(*) from pg_locks where not granted")
    return count > 0


async def test_stopping_ends_in_its_time_though_a_commit_does_not(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        async with pool.acquire() as blocking, blocking.transaction():
            await blocking.execute("lock table inbox in access exclusive mode")
            posting = asyncio.create_task(desk.post(message_post(number, text())))
            while not await waiting(pool):
                pass  # each look is a round trip
            await asyncio.wait_for(desk.receiver.stop(0.05), 4)
            still_waiting = not posting.done()
        await posting

    assert still_waiting
