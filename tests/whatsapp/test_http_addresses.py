"""Where a host is: asked once by many, kept for a while, and a failure by nobody."""

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from recado.whatsapp import http_addresses
from recado.whatsapp.client import Accepted, GraphClient, NotSent
from recado.whatsapp.http_addresses import Addresses
from tests.whatsapp.graph_server import ACCEPTED, BODY, Server, answering, serving

pytestmark = pytest.mark.asyncio


@dataclass
class Resolver:
    """Leads every host to this machine, when it may, and counts."""

    asked: list[str] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        await self.may_answer.wait()
        if self.fails:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]


@pytest_asyncio.fixture
async def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    resolver.may_answer.set()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolver.getaddrinfo)
    return resolver


async def test_a_thousand_replies_on_a_cold_pool_ask_once(resolver: Resolver) -> None:
    async with serving(answering(200, ACCEPTED)) as server, GraphClient() as client:
        resolver.asked.clear()
        account = server.account(graph_url=f"http://graph.test:{server.port}")
        sends = (client.send(account, BODY) for _ in range(1_000))
        results = await asyncio.gather(*sends)

    assert {type(result) for result in results} == {Accepted}
    assert resolver.asked == ["graph.test"]


async def test_a_failure_is_told_to_all_who_wait_and_to_nobody_else(resolver: Resolver) -> None:
    server = Server(answering(200, ACCEPTED))
    async with GraphClient() as client:
        account = server.account(graph_url="http://graph.test:1")
        resolver.fails = True
        failed = await asyncio.gather(*(client.send(account, BODY) for _ in range(5)))
        asked = len(resolver.asked)
        resolver.fails = False
        after = await client.send(account, BODY)

    assert failed == [NotSent("dns")] * 5
    assert (asked, len(resolver.asked)) == (1, 2)
    assert after == NotSent("connect")


async def test_who_gives_up_waiting_leaves_the_others_waiting(resolver: Resolver) -> None:
    resolver.may_answer.clear()
    addresses = Addresses()
    waits = [asyncio.create_task(addresses.of("graph.test", 443)) for _ in range(2)]
    await asyncio.sleep(0)
    waits[0].cancel()
    await asyncio.wait(waits[:1])
    resolver.may_answer.set()

    assert (await waits[1])[0][4] == ("127.0.0.1", 443)
    assert len(resolver.asked) == 1


async def test_addresses_are_asked_for_again_after_a_while(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_addresses, "KEPT_SECONDS", 0)
    addresses = Addresses()
    await addresses.of("graph.test", 443)
    while len(resolver.asked) < 2:
        await addresses.of("graph.test", 443)
        await asyncio.sleep(0)

    assert resolver.asked == ["graph.test"] * 2
