"""Alerts, read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import COUNT_LIMIT, Place
from recado.store.pool import Db

# An alert of the whole installation is shown where there is one workspace.
_FILTER = """(workspace_id = $1 or (workspace_id is null and (select count(*) from workspaces) = 1))
             and (resolved_at is not null) = $2"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A matter that people must know, counted as often as it came up."""

    id: UUID
    kind: str
    severity: str
    subject: str
    details: dict[str, Any]
    count: int
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None


async def list_alerts(
    db: Db, workspace_id: UUID, *, resolved: bool, limit: int, after: Place | None
) -> list[Alert]:
    """Lists alerts, the latest first."""
    rows = await db.fetch(
        f"""select id, kind, severity, subject, details, count, first_at, last_at, resolved_at
              from alerts
             where {_FILTER} and ($4::uuid is null or (last_at, id) < ($5, $4))
             order by last_at desc, id desc limit $3""",
        workspace_id,
        resolved,
        limit,
        None if after is None else after.id,
        None if after is None else after.at,
    )
    return [Alert(**row) for row in rows]


async def count_alerts(db: Db, workspace_id: UUID, *, resolved: bool) -> int:
    """Counts alerts, up to the limit of counting."""
    count: int = await db.fetchval(
        f"select count(*) from (select from alerts where {_FILTER} limit {COUNT_LIMIT}) x",
        workspace_id,
        resolved,
    )
    return count
