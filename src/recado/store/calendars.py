"""Calendars: opening hours and holidays, by the name that flows call them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import set_clause
from recado.store.pool import Db

_COLUMNS = "id, name, definition, created_at, updated_at"
SETTABLE = frozenset({"name", "definition"})
# As many as an event carries.
MOST_CALENDARS = 50


@dataclass(frozen=True, slots=True)
class CalendarRecord:
    """A calendar as it is stored; `definition` is what `engine/calendar.py` reads."""

    id: UUID
    name: str
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


async def list_calendars(
    db: Db, workspace_id: UUID, *, limit: int, after: UUID | None
) -> list[CalendarRecord]:
    """Lists a workspace's calendars, the oldest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from calendars
             where workspace_id = $1 and ($3::uuid is null or id > $3)
             order by id limit $2""",
        workspace_id,
        limit,
        after,
    )
    return [CalendarRecord(**row) for row in rows]


async def count_calendars(db: Db, workspace_id: UUID) -> int:
    """Counts a workspace's calendars."""
    count: int = await db.fetchval(
        "select count(*) from calendars where workspace_id = $1", workspace_id
    )
    return count


async def find_calendar(db: Db, workspace_id: UUID, calendar_id: UUID) -> CalendarRecord | None:
    """Finds a calendar of a workspace."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from calendars where workspace_id = $1 and id = $2",
        workspace_id,
        calendar_id,
    )
    return None if row is None else CalendarRecord(**row)


async def insert_calendar(
    db: Db, calendar_id: UUID, *, workspace_id: UUID, name: str, definition: Mapping[str, Any]
) -> None:
    """Adds a calendar; raises UniqueViolationError for a name that is taken."""
    await db.execute(
        "insert into calendars (id, workspace_id, name, definition) values ($1, $2, $3, $4)",
        calendar_id,
        workspace_id,
        name,
        definition,
    )


async def update_calendar(
    db: Db, workspace_id: UUID, calendar_id: UUID, *, changes: Mapping[str, Any]
) -> None:
    """Changes columns of a calendar; raises UniqueViolationError for a name that is taken."""
    clause, values = set_clause(changes, SETTABLE, first=3)
    await db.execute(
        f"update calendars set updated_at = now(){clause} where workspace_id = $1 and id = $2",
        workspace_id,
        calendar_id,
        *values,
    )


async def delete_calendar(db: Db, workspace_id: UUID, calendar_id: UUID) -> bool:
    """Removes a calendar; flows that ask it leave by *error*. Tells whether there was one."""
    done = await db.execute(
        "delete from calendars where workspace_id = $1 and id = $2", workspace_id, calendar_id
    )
    return bool(done == "DELETE 1")
