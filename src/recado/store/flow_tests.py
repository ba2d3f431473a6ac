"""Flow tests: the stories that a flow must pass, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import set_clause
from recado.store.pool import Db

_COLUMNS = "id, flow_id, name, story, created_at, updated_at"
SETTABLE = frozenset({"name", "story"})
# As many as are run at once.
MOST_TESTS = 200


@dataclass(frozen=True, slots=True)
class FlowTest:
    """A test as it is stored; `story` is what `engine/story.py` reads, without the flow itself."""

    id: UUID
    flow_id: UUID
    name: str
    story: dict[str, Any]
    created_at: datetime
    updated_at: datetime


async def list_tests(
    db: Db, workspace_id: UUID, *, flow_id: UUID | None, limit: int, after: UUID | None = None
) -> list[FlowTest]:
    """Lists a workspace's tests, or a flow's, the oldest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from flow_tests
             where workspace_id = $1 and ($2::uuid is null or flow_id = $2)
               and ($4::uuid is null or id > $4)
             order by id limit $3""",
        workspace_id,
        flow_id,
        limit,
        after,
    )
    return [FlowTest(**row) for row in rows]


async def count_tests(db: Db, workspace_id: UUID, *, flow_id: UUID | None) -> int:
    """Counts a workspace's tests, or a flow's."""
    count: int = await db.fetchval(
        """select count(*) from flow_tests
            where workspace_id = $1 and ($2::uuid is null or flow_id = $2)""",
        workspace_id,
        flow_id,
    )
    return count


async def find_test(db: Db, workspace_id: UUID, test_id: UUID) -> FlowTest | None:
    """Finds a test of a workspace."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from flow_tests where workspace_id = $1 and id = $2",
        workspace_id,
        test_id,
    )
    return None if row is None else FlowTest(**row)


async def insert_test(
    db: Db,
    test_id: UUID,
    *,
    workspace_id: UUID,
    flow_id: UUID,
    name: str,
    story: Mapping[str, Any],
) -> None:
    """Adds a test; raises UniqueViolationError for a name that the flow has already."""
    await db.execute(
        """insert into flow_tests (id, workspace_id, flow_id, name, story)
           values ($1, $2, $3, $4, $5)""",
        test_id,
        workspace_id,
        flow_id,
        name,
        story,
    )


async def update_test(
    db: Db, workspace_id: UUID, test_id: UUID, *, changes: Mapping[str, Any]
) -> None:
    """Changes columns of a test; raises UniqueViolationError for a name that is taken."""
    clause, values = set_clause(changes, SETTABLE, first=3)
    await db.execute(
        f"update flow_tests set updated_at = now(){clause} where workspace_id = $1 and id = $2",
        workspace_id,
        test_id,
        *values,
    )


async def delete_test(db: Db, workspace_id: UUID, test_id: UUID) -> bool:
    """Removes a test; tells whether there was one."""
    done = await db.execute(
        "delete from flow_tests where workspace_id = $1 and id = $2", workspace_id, test_id
    )
    return bool(done == "DELETE 1")
