"""What flows count: events for the analytics, and goals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from recado.engine.events import Json
from recado.store.pool import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """Something a flow counted, where and when; a `goal` counts for the A/B test."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    session_id: UUID | None
    flow_id: UUID | None
    flow_version_id: UUID | None
    node_id: str | None
    event: str
    value: Json
    properties: dict[str, Json]
    goal: bool
    at: datetime


async def insert(db: Db, tracked: Sequence[Tracked]) -> None:
    """Keeps what was counted."""
    if not tracked:
        return
    await db.execute(
        """insert into tracked (id, workspace_id, conversation_id, session_id, flow_id, flow_version_id,
                                node_id, event, value, properties, goal, at)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
                                $7::text[], $8::text[], $9::jsonb[], $10::jsonb[], $11::boolean[],
                                $12::timestamptz[])""",
        *zip(*(_row(each) for each in tracked), strict=True),
    )


def _row(each: Tracked) -> tuple[object, ...]:
    return (
        each.id,
        each.workspace_id,
        each.conversation_id,
        each.session_id,
        each.flow_id,
        each.flow_version_id,
        each.node_id,
        each.event,
        None if each.value is None else msgspec.json.encode(each.value),
        each.properties,
        each.goal,
        each.at,
    )
