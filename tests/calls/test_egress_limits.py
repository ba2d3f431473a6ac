"""No service can make an answer too large, too long or too strange for us."""

import asyncio
import gzip
import zlib

import pytest

from recado.calls.egress import Egress
from tests.calls.servers import Heard, always, outcome, response, serving

MEGABYTE = 1_000_000

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("size", [MEGABYTE, MEGABYTE + 1])
async def test_a_body_has_a_size(egress: Egress, size: int) -> None:
    async with serving(always(response(200, b"x" * size))) as server:
        ended = await outcome(egress, server.url(host="a.example.com"))

    assert ended == (size if size == MEGABYTE else "too_large")


async def test_a_body_without_a_length_has_a_size_as_well(egress: Egress) -> None:
    stopped = asyncio.Event()

    async def endless(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            stopped.set()

    async with serving(endless) as server:
        ended = await outcome(egress, server.url(host="a.example.com"))
        await asyncio.wait_for(stopped.wait(), 30)

    assert ended == "too_large"


async def test_the_size_is_counted_when_unpacked(egress: Egress) -> None:
    bomb = gzip.compress(b"\0" * 200 * MEGABYTE)
    assert len(bomb) < MEGABYTE
    async with serving(always(response(200, bomb, "Content-Encoding: gzip"))) as server:
        ended = await outcome(egress, server.url(host="a.example.com"))

    assert ended == "too_large"


def _bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "raw", "ended"),
    [
        ("gzip", gzip.compress(b"hello"), 5),
        ("x-gzip", gzip.compress(b"hello"), 5),
        ("GZIP", gzip.compress(b"hel") + gzip.compress(b"lo"), 5),
        ("deflate", zlib.compress(b"hello"), 5),
        ("deflate", _bare(b"hello"), 5),
        ("identity", b"hello", 5),
        ("gzip", gzip.compress(b"x" * MEGABYTE), MEGABYTE),
        ("gzip", gzip.compress(b"x" * MEGABYTE) + gzip.compress(b"x"), "too_large"),
        ("gzip", gzip.compress(b"") * 10_000, "broken_answer"),
        ("gzip", gzip.compress(b"hello")[:-6], "broken_answer"),
        ("gzip", b"hello", "broken_answer"),
        ("deflate", b"hello", "broken_answer"),
        ("br", b"hello", "encoding"),
        ("zstd", b"hello", "encoding"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello")), "encoding"),
    ],
)
async def test_packed_answers(egress: Egress, encoding: str, raw: bytes, ended: int | str) -> None:
    async with serving(always(response(200, raw, f"Content-Encoding: {encoding}"))) as server:
        assert await outcome(egress, server.url(host="a.example.com")) == ended


async def test_an_answer_to_head_has_no_body_whatever_its_length_says(egress: Egress) -> None:
    raw = response(200, b"", "Content-Encoding: gzip", length=10 * MEGABYTE)
    async with serving(always(raw)) as server:
        answer = await egress.request("HEAD", server.url(host="a.example.com"), timeout=5)

    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_an_answer_that_does_not_end_runs_out_of_time(
    egress: Egress, beginning: bytes
) -> None:
    over = asyncio.Event()

    async def hang(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        await writer.drain()
        await over.wait()

    async with serving(hang) as server:
        ended = await outcome(egress, server.url(host="a.example.com"), timeout=0.3)
        over.set()

    assert ended == "timeout"


async def test_an_answer_that_drips_runs_out_of_time(egress: Egress) -> None:
    async def drip(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(drip) as server:
        ended = await outcome(egress, server.url(host="a.example.com"), timeout=0.3)

    assert ended == "timeout"


async def test_the_time_limit_is_for_all_redirects_together(egress: Egress) -> None:
    over = asyncio.Event()

    async def slow(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.path == "/4":
            await over.wait()
        writer.write(response(302, b"", f"Location: /{int(heard.path[1:]) + 1}"))

    async with serving(slow) as server:
        ended = await outcome(egress, server.url("/1", "a.example.com"), timeout=0.3)
        over.set()

    assert ended == "timeout"


async def test_a_name_server_that_is_silent_runs_out_of_time() -> None:
    async def silent(host: str, port: int) -> list[object]:
        await asyncio.Event().wait()
        return []

    egress = Egress(look_up=silent)  # type: ignore[arg-type]
    try:
        assert await outcome(egress, "http://a.example.com/", timeout=0.1) == "timeout"
    finally:
        await egress.close()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"hello\r\n\r\n", "broken_answer"),
        (b"HTTP/1.1 999999 X\r\n\r\n", "broken_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "broken_answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 5_000 + b"\r\n", "broken_answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "broken_answer"),
        (b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n", "broken_answer"),
        (response(200, b"half", length=9), "disconnected"),
        (b"", "disconnected"),
    ],
    ids=["no HTTP", "status", "length", "headers", "long header", "long line", "half", "nothing"],
)
async def test_answers_that_are_no_http(egress: Egress, raw: bytes, code: str) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with serving(answer) as server:
        assert await outcome(egress, server.url(host="a.example.com")) == code
