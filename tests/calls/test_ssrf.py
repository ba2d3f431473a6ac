"""No form of address in `ssrf.json` gets out, by itself or by a redirect: nobody is connected to."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import ResolveResult

from recado.calls.allow import NONE
from recado.calls.egress_errors import EgressRefused
from recado.calls.gate import Gate
from tests.calls.servers import Heard, Names, going_out, response, serving, trap

FORMS = json.loads((Path(__file__).parent / "ssrf.json").read_text())
URLS: list[dict[str, Any]] = FORMS["urls"]
REDIRECTS: list[dict[str, Any]] = FORMS["redirects"]


def test_there_are_many_forms_and_none_twice() -> None:
    forms = [form["url"] for form in URLS]

    assert len(forms) >= 100
    assert len(set(forms)) == len(forms)
    assert {"address", "host", "bad_url", "scheme", "userinfo", "port"} == {
        form["code"] for form in URLS
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("form", URLS, ids=lambda form: ascii(form["url"])[1:60])
async def test_an_address_does_not_get_out(
    form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trap() as caught, going_out(names=Names.fixed(form.get("names", {}))) as egress:
        opened = _count_sockets(monkeypatch)

        with pytest.raises(EgressRefused) as refused:
            await egress.request("GET", form["url"].replace("{port}", str(caught.port)), timeout=5)

        assert refused.value.code == form["code"]
        assert (caught.connections, opened) == (0, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("form", REDIRECTS, ids=lambda form: ascii(form["location"])[1:60])
async def test_a_redirect_does_not_get_out(form: dict[str, Any]) -> None:
    answer: list[bytes] = []

    async def redirect(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(answer[0])

    async with trap() as caught, serving(redirect) as server:
        location = form["location"].replace("{trap}", str(caught.port))
        location = location.replace("{port}", str(server.port))
        answer.append(response(302, b"", f"Location: {location}"))
        names = Names.fixed(form.get("names", {}))
        async with going_out(f"127.0.0.1:{server.port}", names) as egress:
            with pytest.raises(EgressRefused) as refused:
                await egress.request("GET", server.url(), timeout=5)

    assert refused.value.code == form["code"]
    assert (len(server.heard), caught.connections) == (1, 0)


@pytest.mark.asyncio
async def test_the_trap_works_where_the_operator_opens_it() -> None:
    async with trap() as caught, going_out(f"127.0.0.1:{caught.port}") as egress:
        answer = await egress.request("GET", f"http://127.0.0.1:{caught.port}/", timeout=5)

    assert (answer.body, caught.connections) == (b"secret", 1)


@pytest.mark.asyncio
async def test_a_name_that_changes_its_address_after_the_check_is_refused_at_connect() -> None:
    names = Names()
    names.answers["rebind.example.com"] = [["93.184.215.14"], ["127.0.0.1"]]

    async with trap() as caught, going_out(names=names) as egress:
        first = await egress.addresses("rebind.example.com", caught.port)
        with pytest.raises(EgressRefused) as refused:
            await egress.request("GET", f"http://rebind.example.com:{caught.port}/", timeout=5)

    assert [address.ip for address in first] == ["93.184.215.14"]
    assert (refused.value.code, caught.connections) == ("address", 0)
    assert names.asked == ["rebind.example.com"] * 2


@pytest.mark.asyncio
async def test_the_socket_refuses_what_a_resolver_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with trap() as caught, going_out() as egress:

        async def unguarded(
            self: Gate, host: str, port: int = 0, family: int = 0
        ) -> list[ResolveResult]:
            plain = {"hostname": host, "host": "127.0.0.1", "port": port}
            return [ResolveResult(**plain, family=socket.AF_INET, proto=0, flags=0)]  # type: ignore[typeddict-item]

        monkeypatch.setattr(Gate, "resolve", unguarded)
        with pytest.raises(EgressRefused) as refused:
            await egress.request("GET", f"http://example.com:{caught.port}/", timeout=5)

    assert (refused.value.code, caught.connections) == ("address", 0)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, ("127.0.0.1", 80)),
        (socket.AF_INET, ("169.254.169.254", 80)),
        (socket.AF_INET6, ("::1", 80, 0, 0)),
        (socket.AF_INET6, ("::ffff:10.0.0.1", 80, 0, 0)),
        (socket.AF_INET6, ("2606:4700::1111", 80, 0, 2)),
        (socket.AF_INET, ("93.184.215.14", 25)),
    ],
)
async def test_a_socket_that_nobody_aims_is_judged_by_its_address(
    family: socket.AddressFamily, address: tuple[str | int, ...]
) -> None:
    gate = Gate(NONE, Names())

    with pytest.raises(PermissionError):
        gate.open_socket((family, socket.SOCK_STREAM, 0, "", address))


@pytest.mark.asyncio
async def test_of_many_addresses_only_public_ones_are_connected_to() -> None:
    names = Names.fixed({"mixed.example.com": ["10.0.0.1", "93.184.215.14", "::1", "2606:4700::1"]})

    async with going_out(names=names) as egress:
        found = await egress.addresses("mixed.example.com", 5432)

    assert [(each.ip, each.port, each.family) for each in found] == [
        ("93.184.215.14", 5432, socket.AF_INET),
        ("2606:4700::1", 5432, socket.AF_INET6),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "10.0.0.1", "db", "0.0.0.0"])
async def test_other_services_are_reached_by_the_same_rules(host: str) -> None:
    async with going_out(names=Names.fixed({"db": ["172.18.0.2"]})) as egress:
        with pytest.raises(EgressRefused):
            await egress.addresses(host, 5432)


def _count_sockets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes every socket that is made from here on."""
    made: list[int] = []

    class Counted(socket.socket):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            made.append(self.fileno())

    monkeypatch.setattr(socket, "socket", Counted)
    return made
