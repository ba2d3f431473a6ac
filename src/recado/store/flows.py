"""Flows: the draft of each, with the revision that guards it, and the chatbot it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.pool import Db

_FACTS = """f.id, f.name, f.revision, f.created_at, f.updated_at, v.number as published_version,
            v.created_at as published_at, f.draft is distinct from v.document as has_changes,
            l.chatbot_id, coalesce(l.is_main, false) as is_main,
            coalesce(jsonb_array_length(f.draft -> 'nodes'), 0) as node_count"""
# A flow may serve several chatbots in A/B tests; it belongs to the one that it is the main flow of.
_TABLES = """flows f left join flow_versions v on v.id = f.published_version_id
             left join lateral (
                 select b.chatbot_id, b.is_main from chatbot_flows b where b.flow_id = f.id
                  order by b.is_main desc, b.in_test, b.chatbot_id limit 1) l on true"""


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """What a list of flows shows."""

    id: UUID
    name: str
    revision: int
    created_at: datetime
    updated_at: datetime
    published_version: int | None
    published_at: datetime | None
    has_changes: bool
    chatbot_id: UUID | None
    is_main: bool
    node_count: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with its draft, a document in our own form."""

    facts: FlowFacts
    draft: dict[str, Any]


async def list_flows(
    db: Db, workspace_id: UUID, *, chatbot_id: UUID | None, limit: int, after: UUID | None
) -> list[FlowFacts]:
    """Lists a workspace's flows, or a chatbot's, the oldest first."""
    rows = await db.fetch(
        f"""select {_FACTS} from {_TABLES}
             where f.workspace_id = $1 and ($3::uuid is null or f.id > $3)
               and ($4::uuid is null or exists (
                    select from chatbot_flows b where b.flow_id = f.id and b.chatbot_id = $4))
             order by f.id limit $2""",
        workspace_id,
        limit,
        after,
        chatbot_id,
    )
    return [FlowFacts(**row) for row in rows]


async def count_flows(db: Db, workspace_id: UUID, *, chatbot_id: UUID | None) -> int:
    """Counts a workspace's flows, or a chatbot's."""
    count: int = await db.fetchval(
        """select count(*) from flows f
            where f.workspace_id = $1 and ($2::uuid is null or exists (
                  select from chatbot_flows b where b.flow_id = f.id and b.chatbot_id = $2))""",
        workspace_id,
        chatbot_id,
    )
    return count


async def find_flow(db: Db, workspace_id: UUID, flow_id: UUID) -> Flow | None:
    """Finds a flow of a workspace."""
    row = await db.fetchrow(
        f"select {_FACTS}, f.draft from {_TABLES} where f.workspace_id = $1 and f.id = $2",
        workspace_id,
        flow_id,
    )
    if row is None:
        return None
    facts = {key: value for key, value in row.items() if key != "draft"}
    return Flow(FlowFacts(**facts), row["draft"])


async def lock_flow(db: Db, workspace_id: UUID, flow_id: UUID) -> int | None:
    """Keeps others from saving or publishing a flow meanwhile; gives its revision, None without a flow."""
    revision: int | None = await db.fetchval(
        "select revision from flows where workspace_id = $1 and id = $2 for update",
        workspace_id,
        flow_id,
    )
    return revision


async def insert_flow(
    db: Db, flow_id: UUID, *, workspace_id: UUID, name: str, draft: Mapping[str, Any]
) -> None:
    """Adds a flow with its first draft."""
    await db.execute(
        "insert into flows (id, workspace_id, name, draft) values ($1, $2, $3, $4)",
        flow_id,
        workspace_id,
        name,
        draft,
    )


async def save_draft(
    db: Db, workspace_id: UUID, flow_id: UUID, *, name: str, draft: Mapping[str, Any]
) -> None:
    """Replaces a flow's draft and counts its revision up."""
    await db.execute(
        """update flows set name = $3, draft = $4, revision = revision + 1, updated_at = now()
            where workspace_id = $1 and id = $2""",
        workspace_id,
        flow_id,
        name,
        draft,
    )


async def delete_flow(db: Db, workspace_id: UUID, flow_id: UUID) -> bool:
    """Removes a flow with its versions; sessions still on it go to a person at their next event."""
    done = await db.execute(
        "delete from flows where workspace_id = $1 and id = $2", workspace_id, flow_id
    )
    return bool(done == "DELETE 1")


async def move_flow(db: Db, workspace_id: UUID, flow_id: UUID, *, chatbot_id: UUID | None) -> None:
    """Gives a flow to a locked chatbot, or to none; it becomes the main flow of a chatbot that has none."""
    await db.execute(
        """delete from chatbot_flows l using flows f
            where f.id = l.flow_id and f.workspace_id = $1 and f.id = $2
              and l.chatbot_id is distinct from $3""",
        workspace_id,
        flow_id,
        chatbot_id,
    )
    await db.execute(
        """insert into chatbot_flows (chatbot_id, flow_id, is_main)
           select c.id, f.id, not exists (
                  select from chatbot_flows b where b.chatbot_id = c.id and b.is_main)
             from chatbots c join flows f on f.workspace_id = c.workspace_id
            where c.workspace_id = $1 and f.id = $2 and c.id = $3
           on conflict (chatbot_id, flow_id) do nothing""",
        workspace_id,
        flow_id,
        chatbot_id,
    )
