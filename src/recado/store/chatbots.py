"""Chatbots: what a number answers with, the flows of each, and which of them is the main one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import set_clause
from recado.store.pool import Db

_COLUMNS = """c.id, c.name, c.description, c.is_active, c.is_fallback, c.ab_test_enabled, c.variables,
              c.settings, c.created_at, c.updated_at,
              array(select n.id from whatsapp_numbers n
                     where n.default_chatbot_id = c.id order by n.id) as whatsapp_number_ids,
              (select l.flow_id from chatbot_flows l where l.chatbot_id = c.id and l.is_main) as flow_id,
              coalesce((select jsonb_agg(jsonb_build_object('flow_id', l.flow_id, 'weight', l.weight,
                                                            'variant_name', l.variant_name)
                                         order by l.variant_name, l.flow_id)
                          from chatbot_flows l where l.chatbot_id = c.id and l.in_test), '[]')
              as ab_test_flows"""
SETTABLE = frozenset(
    {
        "name",
        "description",
        "is_active",
        "is_fallback",
        "ab_test_enabled",
        "variables",
        "settings",
    }
)


@dataclass(frozen=True, slots=True)
class Chatbot:
    """A chatbot with its numbers and flows."""

    id: UUID
    name: str
    description: str | None
    is_active: bool
    is_fallback: bool
    ab_test_enabled: bool
    variables: dict[str, Any]
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    whatsapp_number_ids: list[UUID]
    flow_id: UUID | None
    ab_test_flows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Variant:
    """A flow's share in a chatbot's A/B test."""

    flow_id: UUID
    weight: float
    variant_name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A chatbot's id and name."""

    id: UUID
    name: str


async def list_chatbots(
    db: Db, workspace_id: UUID, *, limit: int, after: UUID | None
) -> list[Chatbot]:
    """Lists a workspace's chatbots, the oldest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from chatbots c
             where c.workspace_id = $1 and ($3::uuid is null or c.id > $3)
             order by c.id limit $2""",
        workspace_id,
        limit,
        after,
    )
    return [Chatbot(**row) for row in rows]


async def count_chatbots(db: Db, workspace_id: UUID) -> int:
    """Counts a workspace's chatbots."""
    count: int = await db.fetchval(
        "select count(*) from chatbots where workspace_id = $1", workspace_id
    )
    return count


async def find_chatbot(db: Db, workspace_id: UUID, chatbot_id: UUID) -> Chatbot | None:
    """Finds a chatbot of a workspace."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from chatbots c where c.workspace_id = $1 and c.id = $2",
        workspace_id,
        chatbot_id,
    )
    return None if row is None else Chatbot(**row)


async def find_fallback(db: Db, workspace_id: UUID) -> Named | None:
    """Finds the chatbot that answers where a number has none."""
    row = await db.fetchrow(
        "select id, name from chatbots where workspace_id = $1 and is_fallback", workspace_id
    )
    return None if row is None else Named(**row)


async def insert_chatbot(db: Db, chatbot_id: UUID, *, workspace_id: UUID, name: str) -> None:
    """Adds a chatbot with nothing but its name."""
    await db.execute(
        "insert into chatbots (id, workspace_id, name) values ($1, $2, $3)",
        chatbot_id,
        workspace_id,
        name,
    )


async def update_chatbot(
    db: Db, workspace_id: UUID, chatbot_id: UUID, *, changes: Mapping[str, Any]
) -> None:
    """Changes columns of a chatbot; raises UniqueViolationError for a second fallback."""
    clause, values = set_clause(changes, SETTABLE, first=3)
    await db.execute(
        f"update chatbots set updated_at = now(){clause} where workspace_id = $1 and id = $2",
        workspace_id,
        chatbot_id,
        *values,
    )


async def delete_chatbot(db: Db, workspace_id: UUID, chatbot_id: UUID) -> bool:
    """Removes a chatbot; its numbers and flows stay, without it. Tells whether there was one."""
    # No foreign key does it: that would be asked at every session's beginning. A session that begins at this very
    # moment may keep the id; a chatbot that is not there is as good as one that is switched off.
    await db.execute(
        "update conversation_states set chatbot_id = null where workspace_id = $1 and chatbot_id = $2",
        workspace_id,
        chatbot_id,
    )
    done = await db.execute(
        "delete from chatbots where workspace_id = $1 and id = $2", workspace_id, chatbot_id
    )
    return bool(done == "DELETE 1")


async def lock_chatbot(db: Db, workspace_id: UUID, chatbot_id: UUID) -> bool:
    """Keeps others from changing a chatbot's flows meanwhile; tells whether there is one."""
    found = await db.fetchval(
        "select true from chatbots where workspace_id = $1 and id = $2 for update",
        workspace_id,
        chatbot_id,
    )
    return found is not None


async def set_main_flow(
    db: Db, workspace_id: UUID, chatbot_id: UUID, *, flow_id: UUID | None
) -> None:
    """Makes a flow the main one of a locked chatbot, or leaves it without; the old one stays the chatbot's."""
    await db.execute(
        """update chatbot_flows l set is_main = false
             from chatbots c
            where c.id = l.chatbot_id and c.workspace_id = $1 and c.id = $2
              and l.is_main and l.flow_id is distinct from $3""",
        workspace_id,
        chatbot_id,
        flow_id,
    )
    await db.execute(
        """insert into chatbot_flows (chatbot_id, flow_id, is_main)
           select c.id, f.id, true
             from chatbots c join flows f on f.workspace_id = c.workspace_id
            where c.workspace_id = $1 and c.id = $2 and f.id = $3
           on conflict (chatbot_id, flow_id) do update set is_main = true""",
        workspace_id,
        chatbot_id,
        flow_id,
    )


async def set_variants(
    db: Db, workspace_id: UUID, chatbot_id: UUID, *, variants: Sequence[Variant]
) -> None:
    """Lets exactly these flows take part in the A/B test of a locked chatbot."""
    await db.execute(
        """update chatbot_flows l set in_test = false, weight = 1, variant_name = null
             from chatbots c
            where c.id = l.chatbot_id and c.workspace_id = $1 and c.id = $2 and l.in_test""",
        workspace_id,
        chatbot_id,
    )
    await db.execute(
        """insert into chatbot_flows (chatbot_id, flow_id, in_test, weight, variant_name)
           select c.id, f.id, true, v.weight, v.variant_name
             from unnest($3::uuid[], $4::float8[], $5::text[]) as v (flow_id, weight, variant_name)
             join chatbots c on c.workspace_id = $1 and c.id = $2
             join flows f on f.id = v.flow_id and f.workspace_id = c.workspace_id
           on conflict (chatbot_id, flow_id) do update set in_test = true, weight = excluded.weight,
                                                           variant_name = excluded.variant_name""",
        workspace_id,
        chatbot_id,
        [variant.flow_id for variant in variants],
        [variant.weight for variant in variants],
        [variant.variant_name for variant in variants],
    )


async def missing_flows(db: Db, workspace_id: UUID, flow_ids: Sequence[UUID]) -> list[UUID]:
    """Gives those of the ids that are no flows of the workspace."""
    rows = await db.fetch(
        """select x.id from unnest($2::uuid[]) as x (id)
            where not exists (select from flows f where f.workspace_id = $1 and f.id = x.id)""",
        workspace_id,
        list(flow_ids),
    )
    return [row["id"] for row in rows]
