"""A library that brings its own HTTP client goes out by the egress all the same."""

import asyncio
import gzip

import httpx2
import pytest

from recado.calls.egress_transport import EgressTransport
from tests.calls.servers import Heard, always, going_out, response, serving

pytestmark = pytest.mark.asyncio


async def test_a_client_sends_and_reads_through_the_egress() -> None:
    raw = response(
        200,
        gzip.compress(b'{"a": 1}'),
        "Content-Type: application/json",
        "Content-Encoding: gzip",
        "X-Request-Id: r1",
    )
    async with serving(always(raw)) as server, going_out(f"127.0.0.1:{server.port}") as egress:
        transport = EgressTransport(egress, timeout=5)
        async with httpx2.AsyncClient(transport=transport) as client:
            answer = await client.post(
                server.url("/v1?x=1"), json={"q": "é"}, headers={"Authorization": "Bearer k"}
            )

    assert (answer.status_code, answer.json()) == (200, {"a": 1})
    assert answer.headers["x-request-id"] == "r1"
    [heard] = server.heard
    assert (heard.line, heard.header("Authorization")) == ("POST /v1?x=1 HTTP/1.1", "Bearer k")
    assert heard.body.decode() in ('{"q":"é"}', '{"q": "é"}')


async def test_a_refusal_is_an_error_that_the_client_knows() -> None:
    async with going_out() as egress:
        transport = EgressTransport(egress, timeout=5)
        async with httpx2.AsyncClient(transport=transport) as client:
            with pytest.raises(httpx2.ConnectError, match="not on the public internet"):
                await client.get("http://127.0.0.1:1/")


async def test_a_time_out_is_an_error_that_the_client_knows() -> None:
    over = asyncio.Event()

    async def hang(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with serving(hang) as server, going_out("127.0.0.1") as egress:
        transport = EgressTransport(egress, timeout=0.2)
        async with httpx2.AsyncClient(transport=transport) as client:
            with pytest.raises(httpx2.ReadTimeout, match="too long"):
                await client.get(server.url())
        over.set()


async def test_a_redirect_to_another_origin_loses_the_key() -> None:
    async with serving(always(response(200, b"{}"))) as other:
        moved = response(307, b"", f"Location: {other.url()}")
        async with serving(always(moved)) as server, going_out("127.0.0.1") as egress:
            transport = EgressTransport(egress, timeout=5)
            async with httpx2.AsyncClient(transport=transport) as client:
                await client.get(server.url(), headers={"Authorization": "k", "api-key": "k"})

    assert not other.heard[0].names() & {"authorization", "api-key"}
