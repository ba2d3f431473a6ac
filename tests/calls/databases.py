"""A shop's database on each kind of server, to be asked as a flow asks it.

PostgreSQL is the test run's own, which listens on a Unix socket only: `TcpDoor` lets a port on 127.0.0.1 lead there.
MySQL or MariaDB must be named by RECADO_TEST_MYSQL_URL, such as mysql://root:password@127.0.0.1:3306.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiomysql
import asyncpg
import pytest

from recado.calls.allow import Allow
from recado.calls.egress import Egress
from recado.calls.sql import Connection, perform
from recado.engine.events import CallResult
from recado.engine.requests import Sql
from recado.store.ids import new_id

KINDS = ("postgresql", "mysql", "sqlite")
PASSWORD = "senha-do-leitor-4711"
MYSQL_URL = os.environ.get("RECADO_TEST_MYSQL_URL")
ROWS = [
    (1, "Ana", "19.90", "2026-11-23 12:30:00", 1),
    (2, "Bruno's", "1234567890.12", "2026-11-24 08:00:00", 0),
    (3, "Célia", None, None, None),
]
TABLES = {
    "postgresql": "create table pedidos (id integer primary key, nome text, total numeric(12,2),"
    " criado timestamp, ativo boolean)",
    "mysql": "create table pedidos (id int primary key, nome varchar(100), total decimal(12,2),"
    " criado datetime, ativo tinyint(1)) engine=innodb collate utf8mb4_unicode_ci",
    "sqlite": "create table pedidos (id integer primary key, nome text, total numeric, criado text, ativo integer)",
}


@dataclass
class Shop:
    """A database with three orders; `ask` performs a query as a flow would."""

    connection: Connection
    egress: Egress
    sqlite_dir: Path
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Which kind of database it is."""
        return self.connection.kind

    def writable(self) -> "Shop":
        """Gives the same shop by a connection that allows writing."""
        return replace(self, connection=replace(self.connection, allow_writes=True))

    async def ask(
        self,
        query: str,
        mode: Literal["rows", "first", "scalar", "execute"] = "rows",
        *,
        secrets: Mapping[str, str] | None = None,
        max_rows: int = 100,
        within: float = 10,
        **parameters: Any,
    ) -> CallResult:
        """Asks the database."""
        request = Sql(
            connection="loja",
            query=query,
            parameters=parameters,
            secrets=dict(secrets or {}),
            mode=mode,
            max_rows=max_rows,
        )
        return await perform(
            request,
            self.connection,
            self.secrets,
            self.egress,
            timeout=within,
            sqlite_dir=self.sqlite_dir,
        )

    async def value(self, query: str, **parameters: Any) -> Any:
        """Asks for one value, which must be there."""
        result = await self.ask(query, "scalar", **parameters)
        assert result.ok, (result.error, result.detail)
        return result.value


class TcpDoor:
    """A port on 127.0.0.1 that leads to a Unix socket; it counts who comes in."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._tasks: set[asyncio.Task[None]] = set()
        self.visits = 0
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        behind, inside = await asyncio.open_unix_connection(self._socket)
        for source, sink in ((reader, inside), (behind, writer)):
            task = asyncio.create_task(_pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["TcpDoor"]:
        """Listens while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()


def socket_of(url: str) -> str:
    """Gives the path of the Unix socket that a URL names."""
    query = parse_qs(urlsplit(url).query)
    return f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"


@asynccontextmanager
async def open_shop(kind: str, postgres_url: str, folder: Path) -> AsyncIterator[Shop]:
    """Makes a shop, with a user who may change its table: what keeps a query from it is not the lack of a grant."""
    egress = Egress(Allow.parse("127.0.0.1"))
    makers = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}
    try:
        async with makers[kind](postgres_url, folder) as connection:
            yield Shop(connection, egress, folder)
    finally:
        await egress.close()


@asynccontextmanager
async def _postgresql(url: str, folder: Path) -> AsyncIterator[Connection]:
    user = f"leitor_{new_id().hex}"
    admin = await asyncpg.connect(url)
    await admin.execute(f"create role {user} login password '{PASSWORD}'")
    await admin.execute(TABLES["postgresql"])
    await admin.execute(f"grant all on pedidos to {user}; grant create on schema public to {user}")
    rows = [(id, nome, total, criado, ativo) for id, nome, total, criado, ativo in ROWS]
    for row in rows:
        literals = [
            f"'{str(each).replace(chr(39), chr(39) * 2)}'" if each is not None else "null"
            for each in row
        ]
        await admin.execute(f"insert into pedidos values ({', '.join(literals)})")
    try:
        async with TcpDoor(socket_of(url)).open() as door:
            database = urlsplit(url).path.strip("/")
            yield Connection(
                "postgresql", database, "127.0.0.1", door.port, user, PASSWORD, tls=False
            )
    finally:
        await admin.execute(f"drop owned by {user}; drop role {user}")
        await admin.close()


@asynccontextmanager
async def _mysql(url: str, folder: Path) -> AsyncIterator[Connection]:
    if MYSQL_URL is None:
        pytest.skip("RECADO_TEST_MYSQL_URL names no MySQL or MariaDB")
    at = urlsplit(MYSQL_URL)
    name = f"loja_{new_id().hex[-12:]}"
    admin = await aiomysql.connect(
        host=at.hostname, port=at.port or 3306, user=at.username, password=unquote(at.password or ""),
        autocommit=True,
    )  # fmt: skip
    cursor = await admin.cursor()
    for statement in (
        f"create database {name} character set utf8mb4",
        f"create user {name}@'%' identified by '{PASSWORD}'",
        f"grant all on {name}.* to {name}@'%'",
        f"use {name}",
        TABLES["mysql"],
    ):
        await cursor.execute(statement)
    await cursor.executemany("insert into pedidos values (%s, %s, %s, %s, %s)", ROWS)
    try:
        yield Connection("mysql", name, at.hostname, at.port or 3306, name, PASSWORD, tls=False)
    finally:
        await cursor.execute(f"drop database {name}")
        await cursor.execute(f"drop user {name}@'%'")
        admin.close()


@asynccontextmanager
async def _sqlite(url: str, folder: Path) -> AsyncIterator[Connection]:
    file = sqlite3.connect(folder / "loja.db")
    file.execute(TABLES["sqlite"])
    file.executemany("insert into pedidos values (?, ?, ?, ?, ?)", ROWS)
    file.commit()
    file.close()
    yield Connection("sqlite", "loja.db")
