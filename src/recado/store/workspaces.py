"""Workspaces: what flows read of one, and those nobody owns yet.

`recado up` makes such a one for the demo, and the first owner takes it over.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class Ways:
    """How a workspace's bots speak and behave where nothing nearer says otherwise."""

    locale: str
    timezone: str
    texts: dict[str, str]
    settings: dict[str, Any]


async def find_ways(db: Db, workspace_id: UUID) -> Ways:
    """Reads how a workspace's bots speak and behave."""
    row = await db.fetchrow(
        "select locale, timezone, texts, settings from workspaces where id = $1", workspace_id
    )
    return Ways(**row)


async def any_workspace(db: Db) -> bool:
    """Says whether the installation has a workspace at all."""
    return bool(await db.fetchval("select exists (select from workspaces)"))


async def insert_unowned(db: Db, workspace_id: UUID, *, name: str) -> None:
    """Adds a workspace without members."""
    await db.execute("insert into workspaces (id, name) values ($1, $2)", workspace_id, name)


async def take_over(db: Db, *, name: str, owner: UUID) -> bool:
    """Makes a user the owner of the workspace that nobody owns, under a new name; False when there is none."""
    taken = await db.fetchval(
        """update workspaces w set name = $1
            where w.id = (select id from workspaces o
                           where not exists (select from memberships m where m.workspace_id = o.id)
                           order by id limit 1)
           returning id""",
        name,
    )
    if taken is None:
        return False
    await db.execute(
        "insert into memberships (workspace_id, user_id, role) values ($1, $2, 'owner')",
        taken,
        owner,
    )
    return True
