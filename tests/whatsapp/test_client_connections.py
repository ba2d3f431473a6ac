"""What the client says about a request whose connection fails, at every point of the way."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from recado.whatsapp.client import Accepted, Account, GraphClient, NotSent, Unknown
from tests.whatsapp.graph_server import ACCEPTED, BODY, TOKEN, Call, answering, sent, serving

pytestmark = pytest.mark.asyncio


async def test_a_reset_after_the_request_is_unknown() -> None:
    async def reset(call: Call) -> None:
        call.reset()

    assert await sent(reset) in (Unknown("reset"), Unknown("disconnected"))


async def test_a_hang_up_after_the_request_is_unknown() -> None:
    async def hang_up(call: Call) -> None:
        call.writer.close()

    assert await sent(hang_up) == Unknown("disconnected")


async def test_silence_after_the_request_is_unknown() -> None:
    async def say_nothing(call: Call) -> None:
        await call.reader.read()  # until the client gives up and hangs up

    assert await sent(say_nothing, total_seconds=0.3) == Unknown("timeout")


async def test_an_answer_that_is_not_http_is_unknown() -> None:
    async def babble(call: Call) -> None:
        call.writer.write(b"220 smtp ready\r\n\r\n")
        call.writer.close()

    assert await sent(babble) == Unknown("broken_answer")


async def test_an_acceptance_cut_off_in_the_middle_is_unknown() -> None:
    async def break_off(call: Call) -> None:
        call.answer(200, ACCEPTED[:20], length=len(ACCEPTED))
        call.writer.close()

    assert await sent(break_off) == Unknown("answer_cut_off")


async def test_an_acceptance_that_never_ends_is_unknown() -> None:
    async def stall(call: Call) -> None:
        call.answer(200, ACCEPTED[:20], length=len(ACCEPTED))
        await call.reader.read()

    assert await sent(stall, total_seconds=0.3) == Unknown("answer_cut_off")


async def test_a_refusal_cut_off_in_the_middle_may_be_sent_again() -> None:
    async def break_off(call: Call) -> None:
        call.answer(400, b'{"error":', length=500)
        call.writer.close()

    assert await sent(break_off) == NotSent("http_400_cut_off")


async def test_a_refused_connection_is_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody else can take the port
        account = Account("1", TOKEN, f"http://127.0.0.1:{taken.getsockname()[1]}", "v25.0")
        async with GraphClient() as client:
            assert await client.send(account, BODY) == NotSent("connect")


async def test_a_name_that_does_not_resolve_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unresolved(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    async with GraphClient() as client:
        result = await client.send(Account("1", TOKEN, "http://nobody.invalid"), BODY)

    assert result == NotSent("dns")


Talking = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def greeted(talk: Talking, **limits: Any) -> Any:
    """Sends over TLS to a server that speaks none."""
    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with GraphClient(**limits) as client:
        result = await client.send(Account("1", TOKEN, f"https://127.0.0.1:{port}"), BODY)
    listening.close()
    return result


async def test_a_failed_handshake_is_not_sent() -> None:
    async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    assert await greeted(speak_plainly) == NotSent("tls")


async def test_a_handshake_that_never_ends_is_not_sent() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    assert await greeted(say_nothing, connect_seconds=0.3) == NotSent("connect_timeout")


async def test_a_hang_up_in_the_handshake_is_not_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    assert isinstance(await greeted(hang_up), NotSent)


async def test_a_kept_connection_that_dies_under_a_request_is_unknown_and_not_retried() -> None:
    async def answer_once(call: Call) -> None:
        if len(server.calls) == 1:
            call.answer(200, ACCEPTED)
        else:
            call.writer.close()

    async with serving(answer_once) as server, GraphClient() as client:
        first = await client.send(server.account(), BODY)
        second = await client.send(server.account(), BODY)

    assert isinstance(first, Accepted)
    assert second == Unknown("disconnected")
    assert (server.connections, len(server.calls)) == (1, 2)


async def test_a_kept_connection_that_died_before_the_request_is_replaced() -> None:
    noticed = asyncio.Event()

    async def answer_and_close(call: Call) -> None:
        call.answer(200, ACCEPTED)
        call.writer.write_eof()
        await call.reader.read()  # ends when the client has closed its side too
        noticed.set()

    async with serving(answer_and_close) as server, GraphClient() as client:
        first = await client.send(server.account(), BODY)
        await noticed.wait()
        second = await client.send(server.account(), BODY)

    assert (type(first), type(second)) == (Accepted, Accepted)
    assert server.connections == 2


async def test_requests_share_a_connection() -> None:
    async with serving(answering(200, ACCEPTED)) as server, GraphClient() as client:
        for _ in range(3):
            await client.send(server.account(), BODY)

    assert server.connections == 1


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert isinstance(await sent(answering(200, ACCEPTED)), Accepted)
