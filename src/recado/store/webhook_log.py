"""The webhook log, written: every post as it came, and what it was taken for."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from recado.store.pool import Db

RING = 1_000


class LogRow(msgspec.Struct, frozen=True):
    """One post, or what one workspace may see of it; no workspace means that no number of ours was named."""

    id: UUID
    workspace_id: UUID | None
    phone_number_id: str | None
    outcome: str
    body: bytes
    reason: str = ""
    counts: dict[str, int] = {}


async def insert_many(db: Db, rows: Sequence[LogRow]) -> None:
    """Adds posts to the log."""
    await db.execute(
        """insert into webhook_log (id, workspace_id, phone_number_id, outcome, reason, counts, body)
           select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bytea[])""",
        [row.id for row in rows],
        [row.workspace_id for row in rows],
        [row.phone_number_id for row in rows],
        [row.outcome for row in rows],
        [row.reason for row in rows],
        [row.counts for row in rows],
        [row.body for row in rows],
    )


async def trim_ring(db: Db, outcomes: Iterable[str]) -> None:
    """Keeps only the newest thousand of each of these outcomes: anybody on the internet can cause them."""
    await db.execute(
        """delete from webhook_log l using unnest($1::text[]) as o (outcome)
            where l.outcome = o.outcome and l.outcome in ('unknown_number', 'rejected')
              and l.id < (select id from webhook_log k
                           where k.outcome = o.outcome and k.outcome in ('unknown_number', 'rejected')
                           order by k.id desc offset $2 - 1 limit 1)""",
        list(outcomes),
        RING,
    )
