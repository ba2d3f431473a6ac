"""How answers come in: in pieces, in chunks, after interim ones, with an end that is a hang-up."""

import asyncio
import gzip
import zlib
from collections.abc import Callable

import pytest

from recado.whatsapp.client import Accepted, GraphClient, NotSent, Refused, Unknown
from recado.whatsapp.http_connection import LARGEST_ANSWER
from tests.whatsapp.graph_server import ACCEPTED, BODY, Answering, Call, answering, sent, serving

pytestmark = pytest.mark.asyncio

TAKEN = Accepted(wamid="wamid.A", wa_id="551187654321")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TO_THE_END = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def saying(*pieces: bytes, close: bool = False) -> Answering:
    """Answers with these pieces, each in a packet of its own."""

    async def say(call: Call) -> None:
        for piece in pieces:
            call.writer.write(piece)
            await call.writer.drain()
            await asyncio.sleep(0)
        if close:
            call.writer.close()

    return say


async def test_an_answer_comes_in_chunks() -> None:
    pieces = (CHUNKED, chunk(ACCEPTED[:30]), chunk(ACCEPTED[30:]), chunk(b""))

    assert await sent(saying(*pieces)) == TAKEN


async def test_chunks_that_break_off_leave_a_doubt() -> None:
    assert await sent(saying(CHUNKED, chunk(ACCEPTED), close=True)) == Unknown("answer_cut_off")


async def test_chunks_beyond_the_limit_are_not_read() -> None:
    megabyte = chunk(b" " * 600_000)

    result = await sent(saying(CHUNKED, megabyte, megabyte, chunk(b"")))

    assert result == Unknown("answer_cut_off")


async def test_an_answer_without_length_ends_with_the_connection() -> None:
    assert await sent(saying(TO_THE_END, ACCEPTED[:9], ACCEPTED[9:], close=True)) == TAKEN


async def test_an_answer_without_length_that_is_reset_leaves_a_doubt() -> None:
    async def reset(call: Call) -> None:
        call.writer.write(TO_THE_END + ACCEPTED)
        await call.writer.drain()
        await call.reader.read()

    assert await sent(reset, total_seconds=0.3) == Unknown("answer_cut_off")


async def test_a_head_may_come_byte_by_byte() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ACCEPTED)
    pieces = [head[at : at + 1] for at in range(len(head))]

    assert await sent(saying(*pieces, ACCEPTED)) == TAKEN


async def test_a_head_that_never_ends_is_unknown() -> None:
    async def stall(call: Call) -> None:
        call.writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        await call.reader.read()

    assert await sent(stall, total_seconds=0.3) == Unknown("timeout")


async def test_a_head_without_measure_is_unknown() -> None:
    line = b"X-Header: " + b"x" * 60_000 + b"\r\n"

    assert await sent(saying(b"HTTP/1.1 200 OK\r\n", *[line] * 20)) == Unknown("broken_answer")


async def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(ACCEPTED), ACCEPTED)

    assert await sent(saying(interim + final)) == TAKEN
    assert await sent(saying(interim, final)) == TAKEN


async def test_a_change_of_protocol_is_unknown() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"

    assert await sent(saying(upgrade)) == Unknown("broken_answer")


async def test_an_answer_with_two_lengths_is_unknown() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n"

    assert await sent(saying(head, b"12345")) == Unknown("broken_answer")


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress)],
)
async def test_an_answer_may_be_compressed_though_nobody_asked_for_it(
    coding: str, compress: Callable[[bytes], bytes]
) -> None:
    answer = answering(200, compress(ACCEPTED), f"Content-Encoding: {coding}")

    assert await sent(answer) == TAKEN


@pytest.mark.parametrize(
    "body",
    [gzip.compress(ACCEPTED)[:-9], b"no gzip", gzip.compress(ACCEPTED + b" " * LARGEST_ANSWER)],
    ids=["cut off", "no gzip", "too long"],
)
async def test_a_compressed_answer_that_breaks_off_or_is_too_long_leaves_a_doubt(
    body: bytes,
) -> None:
    answer = answering(200, body, "Content-Encoding: gzip")

    assert await sent(answer) == Unknown("answer_cut_off")


async def test_a_plain_answer_may_follow_a_compressed_one() -> None:
    async def answer(call: Call) -> None:
        if len(server.calls) == 1:
            call.answer(200, gzip.compress(ACCEPTED), "Content-Encoding: gzip")
        else:
            call.answer(200, ACCEPTED)

    async with serving(answer) as server, GraphClient() as client:
        results = [await client.send(server.account(), BODY) for _ in range(2)]

    assert results == [TAKEN] * 2
    assert server.connections == 1


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_may_have_no_body(status: int) -> None:
    async with (
        serving(saying(b"HTTP/1.1 %d X\r\n\r\n" % status)) as server,
        GraphClient() as client,
    ):
        results = [await client.send(server.account(), BODY) for _ in range(2)]

    assert {type(result) for result in results} == {Unknown if status == 204 else Refused}
    assert server.connections == 1


async def test_a_connection_that_is_to_be_closed_is_not_used_again() -> None:
    close = answering(200, ACCEPTED, "Connection: close")
    async with serving(close) as server, GraphClient() as client:
        results = [await client.send(server.account(), BODY) for _ in range(3)]

    assert results == [TAKEN] * 3
    assert server.connections == 3


@pytest.mark.parametrize(
    "surplus", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
)
async def test_an_answer_that_nobody_asked_for_is_no_answer_to_the_next(surplus: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(ACCEPTED), ACCEPTED)
    async with serving(saying(answer + surplus)) as server, GraphClient() as client:
        results = [await client.send(server.account(), BODY) for _ in range(2)]

    assert results == [TAKEN] * 2
    assert server.connections == 2


async def test_a_refusal_in_pieces_says_how_long_to_wait() -> None:
    refusal = b"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n"

    result = await sent(saying(refusal, b"{", b"}"))

    assert isinstance(result, Refused)
    assert result.retry_after == 7.0


async def test_a_refusal_whose_body_never_ends_may_be_sent_again() -> None:
    async def stall(call: Call) -> None:
        call.answer(400, b'{"error":', length=500)
        await call.reader.read()

    assert await sent(stall, total_seconds=0.3) == NotSent("http_400_cut_off")
