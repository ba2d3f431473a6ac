"""Alerts: what people must know. One open row per matter; the same matter again is counted, not repeated."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec

from recado.store.ids import new_id
from recado.store.pool import Db

Severity = Literal["info", "warning", "error", "critical"]


@dataclass(frozen=True, slots=True)
class NewAlert:
    """A matter: its kind (for example `send_failed`), what it is about, and what helps to understand it."""

    workspace_id: UUID | None
    kind: str
    severity: Severity
    subject: str
    details: dict[str, Any]


async def raise_alerts(db: Db, alerts: Iterable[NewAlert]) -> None:
    """Opens or counts many alerts; the last details win. Call it last in a transaction: its rows are shared."""
    matters: dict[tuple[str, str, str], tuple[NewAlert, int]] = {}
    for alert in alerts:
        key = (str(alert.workspace_id), alert.kind, alert.subject)
        matters[key] = (alert, matters[key][1] + 1 if key in matters else 1)
    if not matters:
        return
    ordered = [matters[key] for key in sorted(matters)]
    await db.execute(
        """insert into alerts as a (id, workspace_id, kind, severity, subject, details, count)
           select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[],
                  $7::integer[])
           on conflict (workspace_id, kind, subject) where resolved_at is null do update set
                  count = a.count + excluded.count, details = excluded.details,
                  severity = excluded.severity, last_at = clock_timestamp()""",
        [new_id() for _ in ordered],
        [alert.workspace_id for alert, _ in ordered],
        [alert.kind for alert, _ in ordered],
        [alert.severity for alert, _ in ordered],
        [alert.subject for alert, _ in ordered],
        [msgspec.json.encode(alert.details) for alert, _ in ordered],
        [count for _, count in ordered],
    )


async def resolve_alerts(db: Db, kinds: Collection[str], subjects: Collection[str]) -> None:
    """Closes what people need not care for any more; like raising, last in a transaction."""
    if subjects:
        await db.execute(
            """with done as materialized (
                   select id from alerts
                    where resolved_at is null and kind = any ($1::text[]) and subject = any ($2::text[])
                    order by workspace_id, kind, subject for no key update
               )
               update alerts a set resolved_at = clock_timestamp() from done where a.id = done.id""",
            list(kinds),
            list(subjects),
        )
