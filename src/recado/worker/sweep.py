"""What time alone does to the outbox of the numbers we send for: doubts end, messages expire, orphans are found."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from recado.store import messages, outbox
from recado.store.alerts import NewAlert, raise_alerts
from recado.store.outbox import Waiting
from recado.store.pool import Db
from recado.worker import fate as fates

log = structlog.get_logger(__name__)

EXPIRED: dict[str, Any] = {"source": "expiry", "code": "window_closed"}


async def adopt_orphans(
    db: Db, held: dict[UUID, int], in_flight: Sequence[UUID], *, unknown_wait: float
) -> None:
    """Treats what an earlier holder of these leases left `sending` as of unknown fate; its doubts wait anew."""
    ids = await outbox.orphans(db, held, in_flight)
    if not ids:
        return
    log.warning("sends_orphaned", messages=[str(id) for id in ids])
    known = await messages.lock_fates(db, ids)
    await messages.settle(db, [fates.unknown(fate, sending_at=None) for fate in known.values()])
    await outbox.doubt(db, ids, wait=unknown_wait)


async def end_doubts(db: Db, numbers: Sequence[UUID]) -> None:
    """Gives up on sends of unknown fate that were sent again already, or may not be."""
    lost = await _still(db, await outbox.lost_doubts(db, numbers), "unknown")
    if not lost:
        return
    await outbox.remove(db, [each.id for each in lost])
    log.error("sends_stay_unknown", messages=[str(each.id) for each in lost])
    await raise_alerts(db, [_alert(each, "send_unknown", "warning") for each in lost])


async def expire(db: Db, numbers: Sequence[UUID]) -> None:
    """Fails queued messages whose 24 hours are over."""
    late = await _still(db, await outbox.expired(db, numbers), "queued")
    if not late:
        return
    known = await messages.lock_fates(db, [each.id for each in late])
    await messages.settle(
        db, [fates.failed(fate, EXPIRED, sending_at=None) for fate in known.values()]
    )
    await outbox.remove(db, [each.id for each in late])
    log.error("sends_expired", messages=[str(each.id) for each in late])
    await raise_alerts(db, [_alert(each, "send_expired", "error") for each in late])


async def _still(db: Db, found: Sequence[Waiting], status: str) -> list[Waiting]:
    """Locks messages and rows, in that order, and keeps those that are still as they were found."""
    if not found:
        return []
    ids = [each.id for each in found]
    await messages.lock_fates(db, ids)
    rows = await outbox.lock(db, ids)
    return [each for each in found if each.id in rows and rows[each.id][0] == status]


def _alert(each: Waiting, kind: str, severity: Any) -> NewAlert:
    details = {"message": str(each.id), "conversation": str(each.conversation_id)}
    return NewAlert(each.workspace_id, kind, severity, str(each.number_id), details)
