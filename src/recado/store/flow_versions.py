"""Published versions of flows: numbered, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.pool import Db

_COLUMNS = """v.id, v.number, v.note, v.created_at, v.published_by, u.name as published_by_name,
              v.id is not distinct from f.published_version_id as is_published"""
_TABLES = """flow_versions v join flows f on f.id = v.flow_id
             left join users u on u.id = v.published_by"""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version; at most one of a flow is the one that new sessions run."""

    id: UUID
    number: int
    note: str | None
    created_at: datetime
    published_by: UUID | None
    published_by_name: str | None
    is_published: bool


async def list_versions(
    db: Db, workspace_id: UUID, flow_id: UUID, *, limit: int, after: UUID | None
) -> list[Version]:
    """Lists a flow's versions, the newest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where f.workspace_id = $1 and f.id = $2
               and ($4::uuid is null or v.number < (select number from flow_versions where id = $4))
             order by v.number desc limit $3""",
        workspace_id,
        flow_id,
        limit,
        after,
    )
    return [Version(**row) for row in rows]


async def count_versions(db: Db, workspace_id: UUID, flow_id: UUID) -> int:
    """Counts a flow's versions."""
    count: int = await db.fetchval(
        "select count(*) from flow_versions where workspace_id = $1 and flow_id = $2",
        workspace_id,
        flow_id,
    )
    return count


async def find_version(
    db: Db, workspace_id: UUID, flow_id: UUID, *, number: int
) -> tuple[Version, dict[str, Any]] | None:
    """Finds a version of a flow and its document."""
    row = await db.fetchrow(
        f"""select {_COLUMNS}, v.document from {_TABLES}
             where f.workspace_id = $1 and f.id = $2 and v.number = $3""",
        workspace_id,
        flow_id,
        number,
    )
    if row is None:
        return None
    facts = {key: value for key, value in row.items() if key != "document"}
    return Version(**facts), row["document"]


async def insert_version(
    db: Db,
    version_id: UUID,
    *,
    workspace_id: UUID,
    flow_id: UUID,
    document: Mapping[str, Any],
    triggers: Sequence[Any],
    note: str | None,
    published_by: UUID | None,
) -> int:
    """Publishes a document as the flow's next version; gives its number. The flow must be locked."""
    number: int = await db.fetchval(
        """with made as (
               insert into flow_versions (id, workspace_id, flow_id, number, document, triggers, note, published_by)
               select $3, f.workspace_id, f.id,
                      1 + coalesce((select max(number) from flow_versions where flow_id = f.id), 0),
                      $4, $5, $6, $7
                 from flows f where f.workspace_id = $1 and f.id = $2
               returning id, number)
           select number from made""",
        workspace_id,
        flow_id,
        version_id,
        document,
        list(triggers),
        note,
        published_by,
    )
    await db.execute(
        "update flows set published_version_id = $3 where workspace_id = $1 and id = $2",
        workspace_id,
        flow_id,
        version_id,
    )
    return number


async def published_id(db: Db, workspace_id: UUID, flow_id: UUID) -> UUID | None:
    """Finds the version of a flow that new sessions run."""
    found: UUID | None = await db.fetchval(
        "select published_version_id from flows where workspace_id = $1 and id = $2",
        workspace_id,
        flow_id,
    )
    return found
