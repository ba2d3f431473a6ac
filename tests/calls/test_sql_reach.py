"""Which databases may be reached, and how: the egress's addresses, TLS for the name, files of one folder."""

import asyncio
import socket
import sqlite3
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
import uvloop

from recado.calls.allow import NONE, Allow
from recado.calls.egress import Egress
from recado.calls.public_addresses import Ip
from recado.calls.sql import Connection, perform
from recado.calls.sql_files import is_file_name
from recado.calls.tls import context_for
from recado.engine.events import CallResult
from recado.engine.requests import Sql
from tests.calls.certificates import Authority
from tests.calls.databases import PASSWORD, Shop, TcpDoor, open_shop, socket_of

HOST = "db.example.test"
SSL_REQUEST = struct.pack("!ll", 8, 80877103)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest_asyncio.fixture
async def shop(empty_database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop("postgresql", empty_database_url, tmp_path) as shop:
        yield shop


async def ask(
    connection: Connection,
    egress: Egress,
    folder: Path = Path("nowhere"),
    query: str = "select 1",
    *,
    within: float = 5,
) -> CallResult:
    request = Sql(connection="x", query=query, mode="scalar")
    return await perform(request, connection, {}, egress, timeout=within, sqlite_dir=folder)


@asynccontextmanager
async def listening(handle: Handler) -> AsyncIterator[int]:
    """Serves on a free port while the block runs, and lets every visit come to its end."""
    visits: list[asyncio.Task[None]] = []

    def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def serve() -> None:
            await handle(reader, writer)

        visits.append(asyncio.create_task(serve()))

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*visits)


async def here(host: str, port: int) -> list[Ip]:
    return [ip_address("127.0.0.1")]


@asynccontextmanager
async def egress_to(*opened: str) -> AsyncIterator[Egress]:
    egress = Egress(Allow.parse(opened) if opened else NONE, look_up=here)
    try:
        yield egress
    finally:
        await egress.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "db.example.com", "10.0.0.7", "/tmp", ""]
)
async def test_a_database_is_reached_only_by_the_egress(kind: str, host: str) -> None:
    knocks: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(1)
        writer.close()

    async with listening(handle) as port, egress_to() as egress:
        result = await ask(
            Connection(kind, "loja", host, port, "u", "p", tls=False),  # type: ignore[arg-type]
            egress,
        )

    assert (result.ok, result.error, knocks) == (False, "address_refused", [])


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_a_port_where_nobody_listens_is_not_reached(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with egress_to("127.0.0.1") as egress:
        result = await ask(Connection(kind, "x", "127.0.0.1", port, "u", "p"), egress)  # type: ignore[arg-type]

    assert (result.ok, result.error) == (False, "not_reached")


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_a_server_that_says_nothing_runs_into_the_time_limit(kind: str) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listening(silent) as port, egress_to("127.0.0.1") as egress:
        connection = Connection(kind, "x", "127.0.0.1", port, "u", "p", tls=False)  # type: ignore[arg-type]
        result = await ask(connection, egress, within=0.2)

    assert (result.ok, result.error) == (False, "timeout")


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_a_server_of_something_else_is_no_answer(kind: str) -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 3)
        writer.close()

    async with listening(http) as port, egress_to("127.0.0.1") as egress:
        connection = Connection(kind, "x", "127.0.0.1", port, "u", "p", tls=False)  # type: ignore[arg-type]
        result = await ask(connection, egress)

    assert result.ok is False
    assert result.error in ("not_reached", "bad_answer")


def tls_postgres(context: ssl.SSLContext | None, names: list[str]) -> Handler:
    """A PostgreSQL that only gets as far as TLS, and then says that the password is wrong."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == SSL_REQUEST
        writer.write(b"S" if context else b"N")
        if context is not None:
            context.sni_callback = lambda _, name, __: names.append(name)
            try:
                await writer.start_tls(context)
                await reader.readexactly(8)
            except (ssl.SSLError, asyncio.IncompleteReadError, OSError):
                return
            fields = b"SFATAL\0C28P01\0Mpassword is wrong\0\0"
            writer.write(b"E" + struct.pack("!l", len(fields) + 4) + fields)
        else:
            names.append((await reader.read()).decode())
        writer.close()

    return handle


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    context_for.cache_clear()
    return authority


async def by_tls(context: ssl.SSLContext | None) -> tuple[CallResult, list[str]]:
    """Asks a server by its name; gives the result and the names that it was asked for by."""
    names: list[str] = []
    async with listening(tls_postgres(context, names)) as port, egress_to(HOST) as egress:
        result = await ask(Connection("postgresql", "x", HOST, port, "u", PASSWORD), egress)
    context_for.cache_clear()
    return result, names


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_tls_is_for_the_name_and_not_for_the_address(
    authority: Authority, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        result, names = runner.run(by_tls(authority.server_context(HOST)))

    assert (result.error, result.detail, names) == ("login_refused", "password is wrong", [HOST])


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_another_hosts_certificate_is_refused(
    authority: Authority, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        result, _ = runner.run(by_tls(authority.server_context("other.example.test")))

    assert result.error == "not_reached"
    assert "certificate" in result.detail


@pytest.mark.asyncio
async def test_a_strangers_certificate_is_refused(tmp_path: Path) -> None:
    context_for.cache_clear()
    result, _ = await by_tls(Authority(tmp_path).server_context(HOST))

    assert result.error == "not_reached"
    assert "certificate" in result.detail


@pytest.mark.asyncio
async def test_a_postgresql_without_tls_gets_no_password() -> None:
    result, heard = await by_tls(None)

    assert (result.error, result.detail) == ("not_reached", "The database offers no TLS.")
    assert heard == [""]


def mysql_greeting(*, capabilities: int) -> bytes:
    """A MySQL's first packet."""
    low, high = capabilities & 0xFFFF, capabilities >> 16
    body = b"\x0a8.0.36\0" + struct.pack("<I", 1) + b"12345678\0" + struct.pack("<H", low)
    body += b"\x2d" + struct.pack("<HH", 2, high) + b"\x15" + bytes(10) + b"123456789012\0"
    body += b"mysql_native_password\0"
    return struct.pack("<I", len(body))[:3] + b"\0" + body


PROTOCOL_41, SSL, SECURE, PLUGINS = 0x200, 0x800, 0x8000, 0x80000


@pytest.mark.asyncio
async def test_a_mysql_without_tls_gets_no_password() -> None:
    heard: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(mysql_greeting(capabilities=PROTOCOL_41 | SECURE | PLUGINS))
        heard.append(await reader.read())
        writer.close()

    async with listening(handle) as port, egress_to(HOST) as egress:
        result = await ask(Connection("mysql", "x", HOST, port, "u", PASSWORD), egress)

    assert (result.error, result.detail) == ("not_reached", "The server offers no TLS.")
    assert heard == [b""]


@pytest.mark.asyncio
async def test_no_mysql_gets_the_password_in_the_clear() -> None:
    heard: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(mysql_greeting(capabilities=PROTOCOL_41 | SECURE | PLUGINS))
        size = await reader.readexactly(4)
        heard.append(await reader.readexactly(int.from_bytes(size[:3], "little")))
        switch = b"\xfemysql_clear_password\0"
        writer.write(struct.pack("<I", len(switch))[:3] + bytes([size[3] + 1]) + switch)
        heard.append(await reader.read())
        writer.close()

    async with listening(handle) as port, egress_to(HOST) as egress:
        connection = Connection("mysql", "x", HOST, port, "u", PASSWORD, tls=False)
        result = await ask(connection, egress)

    assert result.error == "not_reached"
    assert "in the clear" in result.detail
    assert PASSWORD.encode() not in b"".join(heard)


@pytest.mark.asyncio
async def test_a_wrong_password_is_said(shop: Shop) -> None:
    shop.connection = replace(shop.connection, password="errada-123")

    result = await shop.ask("select 1")

    assert (result.ok, result.error) == (False, "login_refused")
    assert "errada" not in result.detail


@pytest.mark.asyncio
async def test_the_operators_own_password_is_not_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    shop.connection = replace(shop.connection, password=None)

    assert (await shop.ask("select 1")).error == "login_refused"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "power", ["superuser", "pg_read_server_files", "pg_execute_server_program"]
)
async def test_a_user_with_power_over_the_server_is_refused(
    shop: Shop, empty_database_url: str, power: str
) -> None:
    admin = await asyncpg.connect(empty_database_url)
    user = shop.connection.username
    grant = f"alter role {user} superuser" if power == "superuser" else f"grant {power} to {user}"
    await admin.execute(grant)

    for query in ("select 1", "select pg_sleep(0)"):
        result = await shop.ask(query)
        assert (result.ok, result.error) == (False, "query_failed")
        assert "may only do what flows need" in result.detail
    await admin.execute(f"alter role {user} nosuperuser")
    await admin.close()


@pytest.mark.asyncio
async def test_the_next_address_of_a_host_is_tried(empty_database_url: str, tmp_path: Path) -> None:
    async with (
        open_shop("postgresql", empty_database_url, tmp_path) as shop,
        TcpDoor(socket_of(empty_database_url)).open() as door,
    ):

        async def two(host: str, port: int) -> list[Ip]:
            return [ip_address("127.0.0.2"), ip_address("127.0.0.1")]

        egress = Egress(Allow.parse(HOST), look_up=two)
        connection = replace(shop.connection, host=HOST, port=door.port)
        result = await ask(connection, egress)
        await egress.close()

    assert (result.ok, result.value, door.visits) == (True, 1, 1)


@pytest.mark.asyncio
async def test_no_connection_stays_open(shop: Shop, empty_database_url: str) -> None:
    for query in ("select 1", "select nada", "select pg_sleep(9)"):
        await shop.ask(query, within=0.3)

    admin = await asyncpg.connect(empty_database_url)
    # Waits for the backends' ends in the server itself.
    await admin.execute(
        f"""do $$ begin
              for i in 1..500 loop
                perform pg_stat_clear_snapshot();
                exit when not exists (
                    select from pg_stat_activity where usename = '{shop.connection.username}');
                perform pg_sleep(0.02);
              end loop;
            end $$"""
    )
    query = "select count(*) from pg_stat_activity where usename = $1"
    assert await admin.fetchval(query, shop.connection.username) == 0
    await admin.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name",
    ["../loja.db", "..", ".", "", "sub/loja.db", "/etc/passwd", "loja.db\0", "nada.db", "link.db",
     "sub", "loja.db?mode=rwc", ".loja.db", "a" * 200],
)  # fmt: skip
async def test_only_a_plain_file_of_the_folder_is_opened(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "sqlite"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "loja.db", folder / "sub" / "loja.db", folder / ".loja.db"):
        sqlite3.connect(path).execute("create table t (x)").connection.close()
    (folder / "link.db").symlink_to(tmp_path / "loja.db")
    before = sorted(folder.rglob("*"))

    async with egress_to() as egress:
        result = await ask(Connection("sqlite", name, allow_writes=True), egress, folder)

    assert (result.ok, result.error) == (False, "file_missing")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["loja.db", "a", "A_b-1.sqlite3"])
def test_plain_names_are_file_names(name: str) -> None:
    assert is_file_name(name)


@pytest.mark.asyncio
async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database at all, but long enough to look like one" * 100)

    async with egress_to() as egress:
        result = await ask(Connection("sqlite", "x.db"), egress, tmp_path, "select * from t")

    assert (result.ok, result.error) == (False, "query_failed")


def test_a_connection_shows_no_password() -> None:
    connection = Connection("postgresql", urlsplit("x").path, password=PASSWORD)

    assert PASSWORD not in repr(connection)
