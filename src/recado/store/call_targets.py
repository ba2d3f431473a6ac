"""What calls find by the names that flows call them by: databases and accounts of language models."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class ConnectionTarget:
    """A database that flows may ask; the password is a secret's id."""

    kind: Literal["postgresql", "mysql", "sqlite"]
    database: str
    host: str | None
    port: int | None
    username: str | None
    password_id: UUID | None
    tls: bool
    allow_writes: bool


@dataclass(frozen=True, slots=True)
class AccountTarget:
    """An account of a language model; the key is a secret's id."""

    id: UUID
    base_url: str
    model: str
    key_id: UUID | None


async def connection(db: Db, workspace_id: UUID, name: str) -> ConnectionTarget | None:
    """Finds a database by name."""
    row = await db.fetchrow(
        """select kind, database, host, port, username, password_id, tls, allow_writes
             from connections where workspace_id = $1 and name = $2""",
        workspace_id,
        name,
    )
    return None if row is None else ConnectionTarget(**row)


async def account(db: Db, workspace_id: UUID, name: str) -> AccountTarget | None:
    """Finds an account by name."""
    row = await db.fetchrow(
        """select id, base_url, model, key_id from ai_accounts
            where workspace_id = $1 and name = $2""",
        workspace_id,
        name,
    )
    return None if row is None else AccountTarget(**row)
