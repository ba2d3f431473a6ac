"""How connections are shared, bounded, given up and secured."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recado.whatsapp.client import Accepted, GraphClient, NotSent, Unknown
from tests.whatsapp.graph_server import ACCEPTED, BODY, Call, Server, answering, serving

pytestmark = pytest.mark.asyncio


async def test_a_thousand_at_once_share_few_connections() -> None:
    async with (
        serving(answering(200, ACCEPTED)) as server,
        GraphClient(most_connections=50) as client,
    ):
        sends = (client.send(server.account(), BODY) for _ in range(1_000))
        results = await asyncio.gather(*sends)

    assert {type(result) for result in results} == {Accepted}
    assert (len(server.calls), server.connections) == (1_000, 50)


async def test_every_answer_reaches_the_one_who_asked() -> None:
    async def echo(call: Call) -> None:
        wamid = call.body.split(b'"x":"')[1].split(b'"')[0]
        call.answer(200, b'{"messages":[{"id":"%b"}]}' % wamid)

    async with serving(echo) as server, GraphClient(most_connections=8) as client:
        sends = (client.send(server.account(), {"x": f"w{n}"}) for n in range(200))
        results = await asyncio.gather(*sends)

    assert results == [Accepted(f"w{n}") for n in range(200)]


async def test_who_finds_no_room_in_time_is_not_sent() -> None:
    async def say_nothing(call: Call) -> None:
        await call.reader.read()

    limits: dict[str, Any] = {"connect_seconds": 0.2, "total_seconds": 0.6}
    async with serving(say_nothing) as server, GraphClient(most_connections=1, **limits) as client:
        sends = (client.send(server.account(), BODY) for _ in range(2))
        results = await asyncio.gather(*sends)

    assert results == [Unknown("timeout"), NotSent("connect_timeout")]
    assert len(server.calls) == 1


async def test_an_idle_connection_makes_room_for_another_host() -> None:
    answer = answering(200, ACCEPTED)
    async with (
        serving(answer) as one,
        serving(answer) as other,
        GraphClient(most_connections=1) as client,
    ):
        results = [await client.send(each.account(), BODY) for each in (one, other, one)]

    assert {type(result) for result in results} == {Accepted}
    assert (one.connections, other.connections) == (2, 1)


async def test_a_request_that_is_cancelled_takes_its_connection_along() -> None:
    asked = asyncio.Event()

    async def late_or_never(call: Call) -> None:
        if len(server.calls) == 1:
            asked.set()
            await call.reader.read()
        else:
            call.answer(200, ACCEPTED)

    async with serving(late_or_never) as server, GraphClient() as client:
        first = asyncio.create_task(client.send(server.account(), BODY))
        await asked.wait()
        first.cancel()
        await asyncio.wait({first})
        second = await client.send(server.account(), BODY)

    assert first.cancelled()
    assert isinstance(second, Accepted)
    assert server.connections == 2


async def test_closing_leaves_what_is_on_its_way_in_doubt() -> None:
    asked = asyncio.Event()

    async def say_nothing(call: Call) -> None:
        asked.set()
        await call.reader.read()

    async with serving(say_nothing) as server:
        client = GraphClient()
        request = asyncio.create_task(client.send(server.account(), BODY))
        await asked.wait()
        await client.close()

        assert await request == Unknown("disconnected")
        assert await client.send(server.account(), BODY) == NotSent("closed")


async def test_each_request_has_its_own_time() -> None:
    """One that is late ends alone: those that began after it go on."""

    async def answer_others(call: Call) -> None:
        if b"late" in call.body:
            await call.reader.read()
        else:
            call.answer(200, ACCEPTED)

    async with serving(answer_others) as server, GraphClient(total_seconds=0.3) as client:
        late = asyncio.create_task(client.send(server.account(), {"x": "late"}))
        others = []
        while not late.done():
            others.append(await client.send(server.account(), BODY))

    assert late.result() == Unknown("timeout")
    assert {type(other) for other in others} == {Accepted}


async def test_a_receipt_may_have_less_time_than_a_message() -> None:
    async def say_nothing(call: Call) -> None:
        await call.reader.read()

    async with serving(say_nothing) as server, GraphClient() as client:
        assert await client.mark_read(server.account(), "w", within=0.2) == Unknown("timeout")


async def test_a_connection_that_cannot_be_set_up_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[socket.socket] = []

    class Stubborn(socket.socket):
        def setsockopt(self, *_: Any) -> None:
            raise OSError

    async def connect(*_: Any, **__: Any) -> socket.socket:
        opened.append(Stubborn())
        return opened[0]

    monkeypatch.setattr("aiohappyeyeballs.start_connection", connect)
    async with serving(answering(200, ACCEPTED)) as server, GraphClient() as client:
        assert await client.send(server.account(), BODY) == NotSent("connect")

    assert [each.fileno() for each in opened] == [-1]


# TLS.


async def test_the_machines_certificates_are_read_once_and_not_on_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_side, trusting = certified(tmp_path, "127.0.0.1")
    readers: list[threading.Thread] = []

    def read() -> ssl.SSLContext:
        readers.append(threading.current_thread())
        return trusting

    monkeypatch.setattr(ssl, "create_default_context", read)
    async with serving_tls(server_side) as server, GraphClient() as client:
        sends = (client.send(server.account("https"), BODY) for _ in range(5))
        results = await asyncio.gather(*sends)

    assert {type(result) for result in results} == {Accepted}
    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()


async def test_a_certificate_that_is_trusted_will_do(tmp_path: Path) -> None:
    server_side, trusting = certified(tmp_path, "127.0.0.1")
    async with serving_tls(server_side) as server, GraphClient(tls=trusting) as client:
        results = [await client.send(server.account("https"), BODY) for _ in range(2)]

    assert {type(result) for result in results} == {Accepted}
    assert server.connections == 1


async def test_a_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    server_side, _ = certified(tmp_path, "127.0.0.1")
    async with serving_tls(server_side) as server, GraphClient() as client:
        assert await client.send(server.account("https"), BODY) == NotSent("tls")

    assert server.calls == []


async def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    server_side, trusting = certified(tmp_path, "127.0.0.2")
    async with serving_tls(server_side) as server, GraphClient(tls=trusting) as client:
        assert await client.send(server.account("https"), BODY) == NotSent("tls")

    assert server.calls == []


async def test_a_secure_connection_that_dies_under_a_request_is_unknown(tmp_path: Path) -> None:
    async def hang_up(call: Call) -> None:
        call.writer.close()

    server_side, trusting = certified(tmp_path, "127.0.0.1")
    async with (
        serving_tls(server_side, Server(hang_up)) as server,
        GraphClient(tls=trusting) as client,
    ):
        assert await client.send(server.account("https"), BODY) == Unknown("disconnected")


@asynccontextmanager
async def serving_tls(
    context: ssl.SSLContext, server: Server | None = None
) -> AsyncIterator[Server]:
    server = server or Server(answering(200, ACCEPTED))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


def certified(folder: Path, address: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Makes a certificate of our own for an address; gives the server's side and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pem)
    return server_side, ssl.create_default_context(cafile=str(pem))
