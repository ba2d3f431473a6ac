"""People who sign in, and the workspaces they belong to."""

from dataclasses import dataclass
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in; `password_hash` is argon2's own text."""

    id: UUID
    email: str
    name: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A workspace that a user belongs to, and what the user may do there."""

    workspace_id: UUID
    workspace_name: str
    role: str


async def any_user(db: Db) -> bool:
    """Says whether anybody can sign in, that is, whether the installation is set up."""
    return bool(await db.fetchval("select exists (select from users)"))


async def find_user(db: Db, email: str) -> User | None:
    """Finds a user by e-mail address, in lower case."""
    row = await db.fetchrow(
        "select id, email, name, password_hash from users where email = $1", email
    )
    return None if row is None else User(**row)


async def insert_user(db: Db, user: User) -> None:
    """Adds a user."""
    await db.execute(
        "insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)",
        user.id,
        user.email,
        user.name,
        user.password_hash,
    )


async def set_password(db: Db, user_id: UUID, *, password_hash: str) -> None:
    """Replaces a user's password."""
    await db.execute("update users set password_hash = $2 where id = $1", user_id, password_hash)


async def insert_workspace(db: Db, workspace_id: UUID, *, name: str, owner: UUID) -> None:
    """Adds a workspace with its owner."""
    await db.execute(
        """with made as (insert into workspaces (id, name) values ($1, $2) returning id)
           insert into memberships (workspace_id, user_id, role) select id, $3, 'owner' from made""",
        workspace_id,
        name,
        owner,
    )


async def memberships(db: Db, user_id: UUID) -> list[Membership]:
    """Lists a user's workspaces, the first joined first."""
    rows = await db.fetch(
        """select m.workspace_id, w.name as workspace_name, m.role
             from memberships m join workspaces w on w.id = m.workspace_id
            where m.user_id = $1 order by m.created_at, m.workspace_id""",
        user_id,
    )
    return [Membership(**row) for row in rows]
