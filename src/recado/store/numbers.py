"""Our WhatsApp numbers, as their owners see and set them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import set_clause
from recado.store.pool import Db

# A number whose activity nobody has set is active once a chatbot can answer on it.
_EFFECTIVE = """coalesce(n.is_active, n.default_chatbot_id is not null or exists (
                    select from chatbots f
                     where f.workspace_id = n.workspace_id and f.is_fallback and f.is_active))"""
_COLUMNS = f"""n.id, n.workspace_id, n.phone_number, n.phone_shown, n.display_name, n.connection_type,
               n.status, n.health, {_EFFECTIVE} as is_active, n.is_active as activity_set, n.phone_number_id, n.waba_id,
               n.default_chatbot_id, n.webhook_url, n.webhook_token, n.webhook_verify_token,
               n.app_secret_id, n.access_token_id, n.graph_url, n.away_message, n.away_mode,
               n.business_hours, n.limits, n.quality, n.created_at, n.updated_at,
               case when s.held_until > clock_timestamp() then s.hold end as hold,
               nullif(s.held_until, 'infinity') as held_until, s.hold_code, s.hold_reason,
               case when s.until > clock_timestamp() then s.breaker_until end as breaker_until,
               s.breaker_reason"""
_TABLES = "whatsapp_numbers n left join number_senders s on s.number_id = n.id"
SETTABLE = frozenset(
    {
        "display_name",
        "status",
        "is_active",
        "phone_number_id",
        "waba_id",
        "default_chatbot_id",
        "webhook_url",
        "webhook_verify_token",
        "app_secret_id",
        "access_token_id",
        "graph_url",
        "away_message",
        "away_mode",
        "business_hours",
        "limits",
        "phone_number",
        "phone_shown",
        "connection_type",
    }
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `is_active` is what holds, `activity_set` what somebody set, None while nobody has.

    `hold` is why it sends nothing now (store/holds.py), with `held_until` None: until somebody acts.
    """

    id: UUID
    workspace_id: UUID
    phone_number: str
    phone_shown: str
    display_name: str | None
    connection_type: str
    status: str
    health: dict[str, Any]
    is_active: bool
    activity_set: bool | None
    phone_number_id: str | None
    waba_id: str | None
    default_chatbot_id: UUID | None
    webhook_url: str | None
    webhook_token: str
    webhook_verify_token: str
    app_secret_id: UUID | None
    access_token_id: UUID | None
    graph_url: str | None
    away_message: str | None
    away_mode: str
    business_hours: dict[str, Any] | None
    limits: dict[str, Any]
    quality: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    hold: str | None
    held_until: datetime | None
    hold_code: int | None
    hold_reason: str | None
    breaker_until: datetime | None
    breaker_reason: str | None


async def list_numbers(
    db: Db, workspace_id: UUID, *, limit: int, after: UUID | None
) -> list[Number]:
    """Lists a workspace's numbers, the oldest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where n.workspace_id = $1 and n.deleted_at is null and ($3::uuid is null or n.id > $3)
             order by n.id limit $2""",
        workspace_id,
        limit,
        after,
    )
    return [Number(**row) for row in rows]


async def count_numbers(db: Db, workspace_id: UUID) -> int:
    """Counts a workspace's numbers."""
    count: int = await db.fetchval(
        "select count(*) from whatsapp_numbers where workspace_id = $1 and deleted_at is null",
        workspace_id,
    )
    return count


async def find_number(db: Db, workspace_id: UUID, number_id: UUID) -> Number | None:
    """Finds a number of a workspace."""
    row = await db.fetchrow(
        f"""select {_COLUMNS} from {_TABLES}
             where n.workspace_id = $1 and n.id = $2 and n.deleted_at is null""",
        workspace_id,
        number_id,
    )
    return None if row is None else Number(**row)


async def insert_number(
    db: Db,
    number_id: UUID,
    *,
    workspace_id: UUID,
    phone_number: str,
    phone_shown: str,
    connection_type: str,
    webhook_token: str,
    webhook_verify_token: str,
) -> bool:
    """Adds a number with nothing but its name; False when the workspace already has it."""
    done = await db.execute(
        """insert into whatsapp_numbers (id, workspace_id, phone_number, phone_shown, connection_type,
                                         webhook_token, webhook_verify_token)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict (workspace_id, phone_number) do nothing""",
        number_id,
        workspace_id,
        phone_number,
        phone_shown,
        connection_type,
        webhook_token,
        webhook_verify_token,
    )
    return bool(done == "INSERT 0 1")


async def update_number(
    db: Db, workspace_id: UUID, number_id: UUID, *, changes: Mapping[str, Any]
) -> None:
    """Changes columns of a number; raises UniqueViolationError where Meta's id or the phone is taken."""
    clause, values = set_clause(changes, SETTABLE, first=3)
    await db.execute(
        f"""update whatsapp_numbers set updated_at = now(){clause}
             where workspace_id = $1 and id = $2""",
        workspace_id,
        number_id,
        *values,
    )


async def link_numbers(
    db: Db, workspace_id: UUID, *, chatbot_id: UUID, number_ids: list[UUID]
) -> list[UUID]:
    """Lets exactly these numbers answer with a chatbot; gives the ids that the workspace does not have."""
    await db.execute(
        """update whatsapp_numbers set default_chatbot_id = null, updated_at = now()
            where workspace_id = $1 and default_chatbot_id = $2 and id <> all ($3::uuid[])""",
        workspace_id,
        chatbot_id,
        number_ids,
    )
    rows = await db.fetch(
        """update whatsapp_numbers set default_chatbot_id = $2, updated_at = now()
            where workspace_id = $1 and id = any ($3::uuid[]) and deleted_at is null
           returning id""",
        workspace_id,
        chatbot_id,
        number_ids,
    )
    found = {row["id"] for row in rows}
    return [number_id for number_id in number_ids if number_id not in found]


async def can_be_answered(db: Db, workspace_id: UUID, chatbot_id: UUID | None) -> bool:
    """Says whether a number with this chatbot (or none) has somebody to answer: it or the fallback."""
    return chatbot_id is not None or bool(
        await db.fetchval(
            """select exists (select from chatbots
                               where workspace_id = $1 and is_fallback and is_active)""",
            workspace_id,
        )
    )
