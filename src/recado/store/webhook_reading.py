"""The webhook log, read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.store.paging import COUNT_LIMIT, Place
from recado.store.pool import Db

# A post that names no number of ours belongs to nobody; where there is one workspace it can only be meant for that.
_FILTER = """(workspace_id = $1 or (workspace_id is null and $2
                                    and (select count(*) from workspaces) = 1))"""
_COLUMNS = "id, phone_number_id, outcome, reason, counts, received_at"


@dataclass(frozen=True, slots=True)
class Post:
    """One post of Meta; `body` is its beginning, or all of it where one post is asked for."""

    id: UUID
    phone_number_id: str | None
    outcome: str
    reason: str
    counts: dict[str, int]
    received_at: datetime
    body: bytes


async def list_posts(
    db: Db,
    workspace_id: UUID,
    *,
    strangers: bool,
    outcome: str | None,
    limit: int,
    after: Place | None,
) -> list[Post]:
    """Lists posts with the first 2,000 bytes of each, the newest first; `strangers` adds unknown numbers'."""
    rows = await db.fetch(
        f"""select {_COLUMNS}, substr(body, 1, 2000) as body from webhook_log
             where {_FILTER} and ($3::text is null or outcome = $3)
               and ($5::uuid is null or (received_at, id) < ($6, $5))
             order by received_at desc, id desc limit $4""",
        workspace_id,
        strangers,
        outcome,
        limit,
        None if after is None else after.id,
        None if after is None else after.at,
    )
    return [Post(**row) for row in rows]


async def count_posts(db: Db, workspace_id: UUID, *, strangers: bool, outcome: str | None) -> int:
    """Counts posts, up to the limit of counting."""
    count: int = await db.fetchval(
        f"""select count(*) from (select from webhook_log
             where {_FILTER} and ($3::text is null or outcome = $3) limit {COUNT_LIMIT}) x""",
        workspace_id,
        strangers,
        outcome,
    )
    return count


async def find_post(db: Db, workspace_id: UUID, post_id: UUID, *, strangers: bool) -> Post | None:
    """Finds a post with its whole body."""
    row = await db.fetchrow(
        f"select {_COLUMNS}, body from webhook_log where {_FILTER} and id = $3",
        workspace_id,
        strangers,
        post_id,
    )
    return None if row is None else Post(**row)
