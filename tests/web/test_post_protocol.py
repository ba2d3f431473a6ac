"""The short way of a post: it is told from the long one by nothing but its speed, whatever the client does to it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from recado.store.pool import Pool
from recado.web import post_heads
from recado.web.post_heads import LONGEST_KEPT, MOST_NAMES, read_head
from recado.whatsapp.signature import sign
from tests.web.desk import PATH, Desk, Json, Ours, add_number, message_post, open_desk, text
from tests.web.test_receive_faults import waiting


@dataclass
class Line:
    """A connection by which somebody speaks HTTP by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {}
        for line in filter(None, head[1:]):
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, body


@asynccontextmanager
async def call(desk: Desk) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(desk.url.split(":")[-1]))
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


@pytest_asyncio.fixture
async def number(pool: Pool) -> Ours:
    return await add_number(pool, secret="s")


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(pool) as desk:
        yield desk


def request(said: bytes | Json, *headers: str, secret: str = "s", path: str = PATH) -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: x",
        f"X-Hub-Signature-256: {sign(secret, body)}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.asyncio
async def test_both_ways_answer_alike(desk: Desk, number: Ours) -> None:
    heads = []
    async with call(desk) as line:
        for header in ("X-Request-Id: abcdefgh", "X-Request-Id: abcdefgh\r\nTE: trailers"):
            for path in (PATH, "/whatsapp/webhook/"):
                said = request(message_post(number, text()), header, path=path)
                assert (read_head(said) is None) == ("TE:" in header)
                line.say(said)
                heads.append(await line.answer())

    assert heads[:2] == heads[2:]
    assert heads[0][0] == 200
    assert heads[0][1]["x-request-id"] == "abcdefgh"


@pytest.mark.asyncio
async def test_a_refusal_of_the_short_way_is_written_by_the_long_one(
    pool: Pool, desk: Desk, number: Ours
) -> None:
    said = request(message_post(number, text()), "Accept-Language: en", secret="other")
    async with call(desk) as line:
        line.say(said)
        status, headers, body = await line.answer()
        line.say(request(message_post(number, text())))
        after, _, _ = await line.answer()

    assert (status, after) == (401, 200)
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["code"] == "bad_signature"
    assert json.loads(body)["request_id"] == headers["x-request-id"]
    outcomes = await pool.fetch("select outcome from webhook_log order by id")
    assert [row["outcome"] for row in outcomes] == ["rejected", "stored"]


@pytest.mark.asyncio
async def test_requests_in_one_breath_are_answered_in_their_order(
    pool: Pool, desk: Desk, number: Ours
) -> None:
    good = [request(message_post(number, text(word))) for word in "abc"]
    bad = request(message_post(number, text("d")), secret="other")
    other = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    async with call(desk) as line:
        line.say(good[0], bad, good[1], other, good[2])
        statuses = [(await line.answer())[0] for _ in range(5)]

    assert statuses == [200, 401, 200, 404, 200]
    said = await pool.fetch("select message ->> 'text' as word from inbox order by seq")
    assert [row["word"] for row in said] == ["a", "b", "c"]


@pytest.mark.asyncio
async def test_a_post_in_pieces_is_one_post(pool: Pool, desk: Desk, number: Ours) -> None:
    head = len(request(b"")) + 3
    async with call(desk) as line:
        for at in (20, head, head + 9):
            said = request(message_post(number, text()))
            for piece in (said[:at], said[at:]):
                line.say(piece)
                await line.writer.drain()
                await pool.fetchval("select 1")  # lets the piece arrive alone
            assert (await line.answer())[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 3


@pytest.mark.asyncio
async def test_who_drips_a_post_is_ended_as_by_the_long_way(pool: Pool, number: Ours) -> None:
    said = request(message_post(number, text("x" * 8_000)))
    async with open_desk(pool, read_within=0.1) as desk, call(desk) as line:
        answer = asyncio.ensure_future(line.answer())
        line.say(said[:1_000])
        for at in range(1_000, len(said)):
            line.say(said[at : at + 1])
            await pool.fetchval("select 1")  # lets the byte arrive alone
            if answer.done():
                break
        status, _, _ = await answer

    assert status == 408
    assert await pool.fetchval("select count(*) from inbox") == 0


@pytest.mark.asyncio
async def test_chunks_and_whoever_asks_first_go_the_long_way(desk: Desk, number: Ours) -> None:
    body = json.dumps(message_post(number, text())).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: {sign('s', body)}\r\n".encode()
    async with call(desk) as line:
        line.say(
            head,
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        )
        chunked = await line.answer()
        line.say(head, b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        invited = await line.reader.readuntil(b"\r\n\r\n")
        line.say(body)
        expected = await line.answer()
        line.say(head, b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body), body)
        last = await line.answer()
        end = await line.reader.read()

    assert (chunked[0], expected[0], last[0]) == (200, 200, 200)
    assert re.match(rb"HTTP/1.1 100 ", invited)
    assert end == b""


@pytest.mark.asyncio
async def test_a_client_that_hangs_up_loses_nothing(pool: Pool, desk: Desk, number: Ours) -> None:
    async with call(desk) as line:
        line.say(request(message_post(number, text())))
        await line.writer.drain()

    while await pool.fetchval("select count(*) from inbox") == 0:
        pass  # each look is a round trip


@pytest.mark.asyncio
async def test_a_server_that_ends_answers_what_it_took_first(pool: Pool, number: Ours) -> None:
    async with open_desk(pool) as desk, call(desk) as line, call(desk) as idle:
        async with pool.acquire() as blocking, blocking.transaction():
            await blocking.execute("lock table inbox in access exclusive mode")
            line.say(request(message_post(number, text())))
            while not await waiting(pool):
                pass  # each look is a round trip
            desk.server.should_exit = True
            assert await idle.reader.read() == b""
        status, headers, _ = await line.answer()
        assert await line.reader.read() == b""

    assert (status, headers["connection"]) == (200, "close")


@pytest.mark.asyncio
async def test_a_server_that_ends_takes_nothing_that_it_cannot_answer(
    pool: Pool, number: Ours
) -> None:
    cut_off = REGISTRY.get_sample_value("recado_webhook_answers_total", {"status": "400"})
    async with open_desk(pool) as desk, call(desk) as line, call(desk) as idle:
        async with pool.acquire() as blocking, blocking.transaction():
            await blocking.execute("lock table inbox in access exclusive mode")
            line.say(*(request(message_post(number, text(word))) for word in "ab"))
            while not await waiting(pool):
                pass  # each look is a round trip
            desk.server.should_exit = True
            assert await idle.reader.read() == b""
        await line.answer()
        assert await line.reader.read() == b""

    assert cut_off == REGISTRY.get_sample_value("recado_webhook_answers_total", {"status": "400"})
    assert await pool.fetchval("select count(*) from inbox") == 1


@pytest.mark.parametrize(
    "odd",
    [
        b"POST /whatsapp/webhook HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nContent-Length : 2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nX: a\r\n Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nX: a\nContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook?x=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook/a/b HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook/%00 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /whatsapp/webhook HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /whatsapp/webhook HTTP/1.1\r\nContent-Length: 2\r\n",
    ],
)
def test_what_is_not_plain_is_not_read(odd: bytes) -> None:
    assert read_head(odd) is None


def test_names_of_headers_are_remembered_only_so_far() -> None:
    for n in range(MOST_NAMES + 10):
        for name in (f"x-{n}", f"x-{n}-{'x' * 9_000}"):
            lines = f"POST /whatsapp/webhook HTTP/1.1\r\n{name}: 1\r\nContent-Length: 0\r\n\r\n"
            assert read_head(lines.encode()) is not None

    kept = post_heads._NAMES
    assert b"x-%d" % (MOST_NAMES + 9) in kept
    assert len(kept) <= MOST_NAMES
    assert max(map(len, kept)) <= LONGEST_KEPT


def test_a_plain_head_is_read() -> None:
    data = b"POST /api/v1/whatsapp/webhook/own-token/ HTTP/1.1\r\nHost: x\r\ncontent-length:  2 \r\n\r\n{}more"

    head = read_head(data)

    assert head is not None
    assert (head.api, head.token, head.signature) == (True, "own-token", None)
    assert data[head.begins : head.ends] == b"{}"
