"""Who is signed in: sessions of the web interface, by the hash of their token."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session that is still good."""

    user_id: UUID
    email: str
    name: str
    csrf_hash: bytes


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a session acts: the workspace and the role there."""

    workspace_id: UUID
    role: str


async def insert_session(
    db: Db, *, token_hash: bytes, csrf_hash: bytes, user_id: UUID, lifetime: timedelta
) -> None:
    """Opens a session, and clears away the user's sessions that are over."""
    await db.execute("delete from sessions_web where user_id = $1 and expires_at <= now()", user_id)
    await db.execute(
        """insert into sessions_web (token_hash, csrf_hash, user_id, expires_at)
           values ($1, $2, $3, now() + $4)""",
        token_hash,
        csrf_hash,
        user_id,
        lifetime,
    )


async def find_session(db: Db, token_hash: bytes) -> SignIn | None:
    """Finds who is signed in with a token."""
    row = await db.fetchrow(
        """select s.user_id, u.email, u.name, s.csrf_hash
             from sessions_web s join users u on u.id = s.user_id
            where s.token_hash = $1 and s.expires_at > now()""",
        token_hash,
    )
    return None if row is None else SignIn(**row)


async def find_seat(db: Db, user_id: UUID, *, workspace_id: UUID | None) -> Seat | None:
    """Finds the workspace that a user asks for, or the first one joined; None without a membership."""
    row = await db.fetchrow(
        """select workspace_id, role from memberships
            where user_id = $1 and ($2::uuid is null or workspace_id = $2)
            order by created_at, workspace_id limit 1""",
        user_id,
        workspace_id,
    )
    return None if row is None else Seat(**row)


async def delete_session(db: Db, token_hash: bytes) -> None:
    """Ends a session."""
    await db.execute("delete from sessions_web where token_hash = $1", token_hash)
