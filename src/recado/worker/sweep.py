"""What time alone does to the outbox of the numbers we send for: doubts end, messages expire, orphans are found."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from recado.store import holds, inbox, messages, notices, outbox, overdue
from recado.store.alerts import NewAlert, raise_alerts, resolve_alerts
from recado.store.outbox import InLane
from recado.store.overdue import Waiting
from recado.store.pool import Db
from recado.worker import fate as fates
from recado.worker import metrics
from recado.worker.subject import about

log = structlog.get_logger(__name__)

EXPIRED: dict[str, Any] = {"source": "expiry", "code": "window_closed"}


async def sweep(
    db: Db, held: dict[UUID, int], in_flight: Sequence[UUID], *, unknown_wait: float
) -> None:
    """Does all of it for the numbers whose leases we hold (by epoch), each thing in a transaction of its own."""
    numbers = list(held)
    async with (
        db.transaction()
    ):  # what was in flight here when its lease was taken may be an orphan by now
        await adopt_orphans(db, held, in_flight, unknown_wait=unknown_wait)
    for each in (expire, end_doubts, send_again, free_heard, renew):
        async with db.transaction():
            await each(db, numbers)


async def adopt_orphans(
    db: Db,
    held: dict[UUID, int],
    in_flight: Sequence[UUID],
    *,
    unknown_wait: float,
    doubts: bool = False,
) -> None:
    """Treats what an earlier holder of these leases left `sending` as of unknown fate.

    `doubts`, for leases that were just taken: its doubts wait anew, because their wait may have passed while nobody
    ran, and then Meta's statuses still wait with her.
    """
    found = await overdue.orphans(db, held, in_flight, doubts=doubts)
    ids = [each.id for each in found]
    if not ids:
        return
    metrics.IN_DOUBT.labels("began").inc(len(found))
    for each in found:
        log.warning("send_orphaned", **about(each))
    known = await messages.lock_fates(db, ids)
    rows = await outbox.lock(db, ids)
    known |= fates.begun(known.values(), rows)
    taken = [id for id, fate in known.items() if fate.wamid is not None]
    doubted = [fates.unknown(fate, sending_at=None) for fate in known.values()]
    await messages.settle(db, doubted)
    await _remove(db, taken, rows, accepted=True)  # Meta has these by an earlier attempt
    await outbox.doubt(db, [id for id in ids if id not in taken], wait=unknown_wait)


async def end_doubts(db: Db, numbers: Sequence[UUID]) -> None:
    """Gives up on sends of unknown fate that were sent again already, or may not be."""
    lost, rows = await _still(db, await overdue.lost_doubts(db, numbers), "unknown")
    if not lost:
        return
    await _remove(db, [each.id for each in lost], rows, accepted=False)
    metrics.IN_DOUBT.labels("given_up").inc(len(lost))
    for each in lost:
        log.error("send_stays_unknown", **about(each))
    await raise_alerts(db, [_alert(each, "send_unknown", "warning") for each in lost])


async def expire(db: Db, numbers: Sequence[UUID]) -> None:
    """Fails queued messages whose 24 hours are over."""
    late, rows = await _still(db, await overdue.expired(db, numbers), "queued")
    if not late:
        return
    began = {each.id: each.first_sending_at for each in late}
    known = await messages.lock_fates(db, list(began))
    await messages.settle(
        db,
        [fates.failed(fate, EXPIRED, sending_at=began[fate.id]) for fate in known.values()],
    )
    await _remove(db, [each.id for each in late], rows, accepted=False)
    metrics.LOST.labels("expired").inc(len(late))
    for each in late:
        log.error("send_expired", **about(each))
    await raise_alerts(db, [_alert(each, "send_expired", "error") for each in late])


async def send_again(db: Db, numbers: Sequence[UUID]) -> None:
    """Queues messages again, once, for which no status came in time."""
    for each in await overdue.resend_doubts(db, numbers):
        metrics.IN_DOUBT.labels("sent_again").inc()
        log.warning("send_again_after_doubt", **about(each))


async def free_heard(db: Db, numbers: Sequence[UUID]) -> None:
    """Lets messages go that waited for their customers to write."""
    for each in await overdue.free_heard(db, numbers):
        log.info("send_heard", **about(each))


async def renew(db: Db, numbers: Sequence[UUID]) -> None:
    """Lets numbers go on that were held for a token they have no more.

    What a request with the old token told may come after the new one was saved; so this is looked at again and again.
    """
    renewed = [str(id) for id in await holds.renewed(db, numbers)]
    if renewed:
        log.info("token_renewed", numbers=renewed)
        await resolve_alerts(db, ["number_unauthorized"], renewed)


async def _still(
    db: Db, found: Sequence[Waiting], status: str
) -> tuple[list[Waiting], dict[UUID, InLane]]:
    """Locks messages and rows, in that order, and keeps those that are still as they were found."""
    if not found:
        return [], {}
    ids = [each.id for each in found]
    await messages.lock_fates(db, ids)
    rows = await outbox.lock(db, ids)
    return [each for each in found if each.id in rows and rows[each.id].status == status], rows


async def _remove(
    db: Db, ids: Collection[UUID], rows: Mapping[UUID, InLane], *, accepted: bool
) -> None:
    """Takes messages out of their lanes, and tells the waits that hang on their fate."""
    await outbox.remove(db, list(ids))
    gone = {id: rows[id] for id in ids if id in rows}
    if await notices.post_confirmed(db, gone, accepted=accepted):
        await inbox.notify(db, turns=True, statuses=False)


def _alert(each: Waiting, kind: str, severity: Any) -> NewAlert:
    details = {"message": str(each.id), "conversation": str(each.conversation_id)}
    return NewAlert(each.workspace_id, kind, severity, str(each.number_id), details)
