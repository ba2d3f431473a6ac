"""Connections: databases that flows may ask, by the name that they call them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from recado.store.paging import set_clause
from recado.store.pool import Db

Kind = Literal["postgresql", "mysql", "sqlite"]
SETTABLE = frozenset(
    {
        "name",
        "kind",
        "host",
        "port",
        "database",
        "username",
        "password_id",
        "tls",
        "allow_writes",
    }
)
_COLUMNS = """id, name, kind, host, port, database, username, password_id, tls, allow_writes,
              created_at, updated_at"""


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """A connection as it is stored; the password is a secret's id."""

    id: UUID
    name: str
    kind: Kind
    host: str | None
    port: int | None
    database: str
    username: str | None
    password_id: UUID | None
    tls: bool
    allow_writes: bool
    created_at: datetime
    updated_at: datetime


async def list_connections(
    db: Db, workspace_id: UUID, *, limit: int, after: UUID | None
) -> list[ConnectionRecord]:
    """Lists a workspace's connections, the oldest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from connections
             where workspace_id = $1 and ($3::uuid is null or id > $3)
             order by id limit $2""",
        workspace_id,
        limit,
        after,
    )
    return [ConnectionRecord(**row) for row in rows]


async def count_connections(db: Db, workspace_id: UUID) -> int:
    """Counts a workspace's connections."""
    count: int = await db.fetchval(
        "select count(*) from connections where workspace_id = $1", workspace_id
    )
    return count


async def find_connection(
    db: Db, workspace_id: UUID, connection_id: UUID
) -> ConnectionRecord | None:
    """Finds a connection of a workspace."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from connections where workspace_id = $1 and id = $2",
        workspace_id,
        connection_id,
    )
    return None if row is None else ConnectionRecord(**row)


async def insert_connection(
    db: Db, connection_id: UUID, *, workspace_id: UUID, name: str, kind: Kind, database: str
) -> None:
    """Adds a connection with the least it needs; raises UniqueViolationError for a name that is taken."""
    await db.execute(
        """insert into connections (id, workspace_id, name, kind, database)
           values ($1, $2, $3, $4, $5)""",
        connection_id,
        workspace_id,
        name,
        kind,
        database,
    )


async def update_connection(
    db: Db, workspace_id: UUID, connection_id: UUID, *, changes: Mapping[str, Any]
) -> None:
    """Changes columns of a connection; raises UniqueViolationError for a name that is taken."""
    clause, values = set_clause(changes, SETTABLE, first=3)
    await db.execute(
        f"update connections set updated_at = now(){clause} where workspace_id = $1 and id = $2",
        workspace_id,
        connection_id,
        *values,
    )


async def delete_connection(db: Db, workspace_id: UUID, connection_id: UUID) -> bool:
    """Removes a connection and its password; tells whether there was one."""
    gone: int = await db.fetchval(
        """with gone as (delete from connections where workspace_id = $1 and id = $2 returning password_id),
                forgotten as (delete from secrets where id in (select password_id from gone))
           select count(*) from gone""",
        workspace_id,
        connection_id,
    )
    return gone == 1
