"""The connections to PostgreSQL: one pool a process, every connection set up the same way.

Nothing may change a pooled connection's session (no SET, no LISTEN, no session advisory lock; SET LOCAL and
`pg_advisory_xact_lock` are fine): the pool saves asyncpg's reset, a round trip after each use. An open transaction
is still rolled back when a connection comes home.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
import msgspec

Db: TypeAlias = asyncpg.Connection
Pool: TypeAlias = asyncpg.Pool

# Whoever stalls between two statements loses its locks, and the server notices within a minute who vanished.
_PATIENCE = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "30",  # seconds
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_JSONB_VERSION = b"\x01"  # the only version of jsonb's binary format (PostgreSQL: jsonb_recv)


class PoolBusy(Exception):
    """No connection came free in time."""


# These say that the database cannot be used just now, never that a row is odd.
UNAVAILABLE = (
    OSError,  # refused, reset, timed out
    PoolBusy,
    asyncpg.InterfaceError,  # the connection or the pool was closed under us
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # a standby after a fail-over
    asyncpg.ObjectNotInPrerequisiteStateError,  # takes no connections just now
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


async def create_pool(
    url: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    statement_timeout: float | None = None,
    application_name: str = "recado",
) -> Pool:
    """Opens a pool at a `postgresql://` URL; `statement_timeout` in seconds ends any longer statement."""
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        init=prepare,
        reset=_leave_session_alone,
        server_settings=session_settings(application_name, statement_timeout=statement_timeout),
    )


async def connect(url: str, *, application_name: str = "recado") -> Db:
    """Opens one connection outside any pool, set up like those of the pool; the caller closes it."""
    connection = await asyncpg.connect(url, server_settings=session_settings(application_name))
    await prepare(connection)
    return connection


@asynccontextmanager
async def borrow(pool: Pool, *, within: float) -> AsyncIterator[Db]:
    """Lends a connection; raises `PoolBusy` when none is free `within` so many seconds."""
    try:
        connection = await pool.acquire(timeout=within)
    except TimeoutError as problem:
        raise PoolBusy(f"no database connection came free within {within:g} s") from problem
    try:
        yield connection
    finally:
        await pool.release(connection)


async def prepare(connection: Db) -> None:
    """Teaches a connection our jsonb: any JSON-able object or encoded `bytes` in, Python objects out."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode, decoder=_decode, format="binary"
    )


def session_settings(
    application_name: str, *, statement_timeout: float | None = None
) -> dict[str, str]:
    """Gives the settings every session starts with; PostgreSQL takes the timeout in milliseconds."""
    settings = {"timezone": "UTC", "application_name": application_name, **_PATIENCE}
    if statement_timeout is not None:
        settings["statement_timeout"] = str(round(statement_timeout * 1000))
    return settings


def _encode(value: object) -> bytes:
    match value:
        case bytes():
            return _JSONB_VERSION + value
        case _:
            return _JSONB_VERSION + msgspec.json.encode(value)


def _decode(data: bytes) -> object:
    return msgspec.json.decode(memoryview(data)[1:])


async def _leave_session_alone(connection: Db) -> None:
    """Does nothing, on purpose (see above)."""
