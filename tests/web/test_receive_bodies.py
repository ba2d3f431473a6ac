"""Bodies of all kinds: what is answered, and what the webhook log keeps of them."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from recado.store.pool import Pool
from tests.web.desk import (
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


async def test_parts_that_could_not_be_read_are_counted_in_the_log(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    said = message_post(number, text())
    said["entry"][0]["changes"] += ["no change", 7]

    async with open_desk(pool) as desk:
        assert (await desk.post(said, secret="s"))[0] == 200

    assert await pool.fetchval("select counts from webhook_log") == {"stored": 1, "odd": 2}


async def test_the_log_keeps_the_very_bytes(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    raw = json.dumps(message_post(number, text("ação 😀 @ / <"))).replace("/", "\\/").encode()

    async with open_desk(pool) as desk:
        assert (await desk.post(raw, secret="s"))[0] == 200

    row = await pool.fetchrow("select * from webhook_log")
    assert row["body"] == raw
    assert (row["outcome"], row["workspace_id"]) == ("stored", number.workspace_id)
    assert (row["phone_number_id"], row["counts"]) == (number.phone_number_id, {"stored": 1})


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
