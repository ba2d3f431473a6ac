"""The webhook over real HTTP and a real database: what is answered, and what is in the database by then."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from recado.store.pool import Pool
from tests.web.desk import (
    NOW,
    PATH,
    add_number,
    change,
    message_post,
    open_desk,
    post,
    status,
    text,
)

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["/api/v1", ""])
async def test_every_spelling_of_the_address_takes_a_post(
    pool: Pool, prefix: str, slash: str
) -> None:
    number = await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        for path in ("/whatsapp/webhook", f"/whatsapp/webhook/{number.webhook_token}"):
            answer = await desk.post(
                message_post(number, text()), secret="s", path=prefix + path + slash
            )
            assert answer == (200, {"status": "ok"})

    assert await pool.fetchval("select count(*) from inbox") == 2


async def test_a_message_is_in_its_conversation_before_the_answer(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    said = text("Oi", key="wamid.1")

    async with open_desk(pool) as desk:
        answer = await desk.post(
            message_post(number, said, names={"5511987654321": "Ana"}), secret="s"
        )
        assert desk.woken == ["turns"]

    assert answer == (200, {"status": "ok"})
    row = await pool.fetchrow(
        """select i.key, i.message, extract(epoch from i.at)::int as at, c.name, c.phone, v.unread,
                  extract(epoch from v.last_inbound_at)::int as inbound_at,
                  extract(epoch from v.last_message_at)::int as message_at,
                  extract(epoch from v.window_expires_at)::int as window_ends,
                  v.number_id, i.received_at <= clock_timestamp() as received
             from inbox i join conversations v on v.id = i.conversation_id join contacts c on c.id = v.contact_id"""
    )
    message = row["message"]
    assert (row["key"], message["id"], message["type"], message["text"]) == (
        "wamid.1",
        "wamid.1",
        "text",
        "Oi",
    )
    assert (row["name"], row["phone"], row["number_id"]) == ("Ana", "5511987654321", number.id)
    assert (row["at"], row["inbound_at"], row["message_at"]) == (NOW, NOW, NOW)
    assert row["window_ends"] == NOW + 24 * 3600
    assert row["unread"] == 1
    assert row["received"]


async def test_the_log_keeps_the_very_bytes(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    raw = json.dumps(message_post(number, text("ação 😀 @ / <"))).replace("/", "\\/").encode()

    async with open_desk(pool) as desk:
        assert (await desk.post(raw, secret="s"))[0] == 200

    row = await pool.fetchrow("select * from webhook_log")
    assert row["body"] == raw
    assert (row["outcome"], row["workspace_id"]) == ("stored", number.workspace_id)
    assert (row["phone_number_id"], row["counts"]) == (number.phone_number_id, {"stored": 1})


async def test_the_same_post_five_times_is_one_message(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    same = message_post(number, text(key="wamid.same"))

    async with open_desk(pool) as desk:
        answers = await asyncio.gather(*(desk.post(same, secret="s") for _ in range(2)))
        answers += [await desk.post(same, secret="s") for _ in range(3)]

    assert answers == [(200, {"status": "ok"})] * 5
    assert await pool.fetchval("select count(*) from inbox") == 1
    assert await pool.fetchval("select unread from conversations") == 1
    outcomes = await pool.fetch("select outcome, count(*) from webhook_log group by 1 order by 1")
    assert [tuple(row) for row in outcomes] == [("duplicate", 4), ("stored", 1)]


async def test_two_processes_share_the_memory_of_what_was_seen(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    same = message_post(number, text(key="wamid.same"))

    async with open_desk(pool) as one, open_desk(pool) as other:
        await asyncio.gather(*(desk.post(same, secret="s") for desk in (one, other) * 3))

    assert await pool.fetchval("select count(*) from inbox") == 1
    assert await pool.fetchval("select count(*) from conversations") == 1


async def test_the_same_message_twice_in_one_post_is_one(pool: Pool) -> None:
    number = await add_number(pool)
    twice = text(key="wamid.same")

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, twice, twice))

    assert await pool.fetchval("select count(*) from inbox") == 1
    counts = await pool.fetchval("select counts from webhook_log")
    assert counts == {"stored": 1, "duplicate": 1}


async def test_parallel_posts_of_one_person_are_one_conversation_in_order_of_time(
    pool: Pool,
) -> None:
    number = await add_number(pool, secret="s")
    posts = [message_post(number, text(f"{n}", at=NOW - 60 + n)) for n in range(12)]

    async with open_desk(pool) as one, open_desk(pool) as other:
        both = (one, other)
        await asyncio.gather(
            *(both[n % 2].post(each, secret="s") for n, each in enumerate(reversed(posts)))
        )

    assert await pool.fetchval("select count(*) from contacts") == 1
    assert await pool.fetchval("select count(*) from conversations") == 1
    assert await pool.fetchval("select unread from conversations") == 12
    rows = await pool.fetch("select message ->> 'text' as said from inbox order by at, seq")
    assert [row["said"] for row in rows] == [f"{n}" for n in range(12)]


async def test_messages_of_one_second_keep_their_order(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, *(text(f"{n}") for n in range(50))))

    rows = await pool.fetch("select message ->> 'text' as said from inbox order by at, seq")
    assert [row["said"] for row in rows] == [f"{n}" for n in range(50)]


async def test_a_thousand_updates_in_three_megabytes(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    messages = [
        text(f"{n} " + "x" * 3_200, phone=f"55119{n % 300:08}", key=f"wamid.{n}")
        for n in range(900)
    ]
    statuses = [status(f"wamid.out{n}") for n in range(100)]
    raw = json.dumps(post(change(number, messages, statuses=statuses))).encode()
    assert len(raw) > 2.8 * 1024 * 1024

    async with open_desk(pool) as desk:
        assert (await desk.post(raw, secret="s"))[0] == 200
        assert desk.woken == ["turns", "statuses"]

    assert await pool.fetchval("select count(*) from inbox") == 900
    assert await pool.fetchval("select count(*) from status_inbox") == 100
    assert await pool.fetchval("select count(*) from conversations") == 300
    assert await pool.fetchval("select counts from webhook_log") == {"stored": 1000}


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


async def test_another_process_hears_of_a_commit(pool: Pool) -> None:
    number = await add_number(pool)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listening = await pool.acquire()
    for channel in ("recado_inbox", "recado_status"):
        await listening.add_listener(channel, lambda *told: heard.put_nowait(told[2]))

    async with open_desk(pool, wake=False) as desk:
        await desk.post(post(change(number, [text()], statuses=[status("wamid.a")])))
        assert {await heard.get(), await heard.get()} == {"recado_inbox", "recado_status"}

    await listening.reset()
    await pool.release(listening)


@pytest.mark.parametrize("raw", [b"", b"{", b"nada", b"[]", b'"x"', b"\xff\xfe"])
async def test_what_is_no_json_object_is_400(pool: Pool, raw: bytes) -> None:
    async with open_desk(pool) as desk:
        code, problem = await desk.post(raw)

    assert (code, problem["status"]) == (400, 400)
    assert await pool.fetchval("select count(*) from webhook_log") == 0


async def test_five_megabytes_are_413_whatever_was_declared(pool: Pool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1024 * 1024

    async with open_desk(pool) as desk:
        assert (await desk.post(b"{" + b" " * 5 * 1024 * 1024 + b"}"))[0] == 413
        async with desk.session.post(desk.url + PATH, data=chunks()) as answer:
            assert answer.status == 413

    assert await pool.fetchval("select count(*) from webhook_log") == 0


async def test_a_body_that_dawdles_is_given_up(pool: Pool) -> None:
    async with open_desk(pool, read_within=0.05) as desk:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(desk.url.split(":")[-1]))
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
        line = await reader.readline()
        writer.close()

    assert b" 408 " in line


@pytest.mark.parametrize(
    "empty",
    [
        {},
        {"entry": []},
        {"entry": [{"id": "102290129340398"}]},
        {"entry": [{"id": "102290129340398", "changes": []}]},
        {"entry": [{"id": "102290129340398", "changes": [{}]}]},
        {"entry": [{"id": "1", "changes": [{"field": "messages", "value": {}}]}]},
        {"entry": "?"},
    ],
)
async def test_a_post_that_says_nothing_is_200(pool: Pool, empty: dict[str, object]) -> None:
    await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        assert await desk.post(empty) == (200, {"status": "ok"})

    assert await pool.fetchval("select count(*) from inbox") == 0
    assert await pool.fetchval("select count(*) from webhook_log") == 1


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


async def test_a_message_for_an_inactive_number_is_stored_and_said_so(pool: Pool) -> None:
    number = await add_number(pool, secret="s", is_active=False)

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text()), secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 1
    assert await pool.fetchval("select reason from webhook_log") == "inactive_number"


async def test_a_reaction_is_nothing_to_read_and_opens_no_window(pool: Pool) -> None:
    number = await add_number(pool)
    reaction = {**text(), "type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}}

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, reaction))

    row = await pool.fetchrow("select unread, window_expires_at from conversations")
    assert tuple(row) == (0, None)
    assert await pool.fetchval("select count(*) from inbox") == 1


async def test_a_late_message_does_not_turn_the_clock_back(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text(at=NOW - 10)))
        await desk.post(message_post(number, text(at=NOW - 500)))
        await desk.post(message_post(number, text(at=NOW + 1800)))

    row = await pool.fetchrow(
        "select last_inbound_at, window_expires_at, clock_timestamp() as now from conversations"
    )
    assert NOW - 10 < row["last_inbound_at"].timestamp() <= row["now"].timestamp()
    assert (row["window_expires_at"] - row["last_inbound_at"]).total_seconds() == 24 * 3600
