"""Settles: merges Meta's statuses into the messages they speak of, and ends doubts about sends.

A status proves that Meta has the message, whatever became of the request: its row leaves the outbox and the lane goes
on. Our own id (`biz_opaque_callback_data`) comes first, because a status may come before the answer that holds the
wamid. A status that is about nobody's message of that very number is somebody else's (another app, another tenant).
"""

from collections.abc import Callable, Iterable
from uuid import UUID

import structlog

from recado.store import messages, outbox, statuses
from recado.store.alerts import NewAlert, raise_alerts
from recado.store.messages import Fate
from recado.store.pool import Db, Pool
from recado.store.statuses import Owner, Status
from recado.worker import fate as fates

log = structlog.get_logger(__name__)

BATCH = 500


class Settler:
    """The settle loop's work; `step` merges one batch."""

    def __init__(
        self, pool: Pool, *, freed: Callable[[set[UUID]], None], batch: int = BATCH
    ) -> None:
        self._pool = pool
        self._freed = freed
        self._most = self._limit = batch
        self._give_up = False

    def isolate(self) -> None:
        """Goes on one status at a time after a failure; one that fails alone is dropped (the webhook log has it)."""
        self._give_up = self._limit == 1
        self._limit = 1

    async def step(self) -> bool:
        """Merges one batch; says whether there may be more."""
        freed: set[UUID] = set()
        async with self._pool.acquire() as db, db.transaction():
            batch = await statuses.take(db, self._limit)
            if self._give_up and batch:
                log.error("status_dropped", status=batch[0].status, wamid=batch[0].wamid)
            elif batch:
                freed = await _merge(db, batch)
        self._give_up, self._limit = False, min(self._limit * 2, self._most)
        if freed:
            self._freed(freed)
        return bool(batch)


async def _merge(db: Db, batch: list[Status]) -> set[UUID]:
    """Merges statuses in the order they came; gives the numbers whose lanes were freed."""
    owners = await _owners(db, batch)
    known = await messages.lock_fates(db, sorted({owner.message_id for owner in owners.values()}))
    alerts: list[NewAlert] = []
    changed: dict[UUID, Fate] = {}
    for status in batch:
        owner = owners.get(status.seq)
        if owner is None or owner.message_id not in known:
            log.debug("foreign_status", wamid=status.wamid, status=status.status)
            continue
        before = known[owner.message_id]
        after = fates.told(before, status.wamid, status.status, status.at, status.payload)
        known[owner.message_id] = after
        if after != before:
            changed[after.id] = after
            alerts += _alerts(owner, status, before, after)
    await messages.settle(db, list(changed.values()))
    freed = await _adopt(db, owners.values())
    await raise_alerts(db, alerts)
    return freed


async def _owners(db: Db, batch: list[Status]) -> dict[int, Owner]:
    """Finds the message of each status, by sequence number: by our own id, else by Meta's."""
    ours = {status.seq: id for status in batch if (id := _our_id(status.opaque))}
    by_id = {
        owner.message_id: owner
        for owner in await statuses.owners_by_id(db, list(set(ours.values())))
    }
    rest = {status.wamid for status in batch if ours.get(status.seq) not in by_id}
    by_wamid = await statuses.owners_by_wamid(db, list(rest))
    found = {
        status.seq: by_id.get(ours[status.seq])
        if ours.get(status.seq) in by_id
        else by_wamid.get(status.wamid)
        for status in batch
    }
    return {
        status.seq: owner
        for status in batch
        if (owner := found[status.seq]) and owner.phone_number_id == status.phone_number_id
    }


def _our_id(opaque: str | None) -> UUID | None:
    """Reads `<message id>.<attempt>`; anything else is not ours."""
    id, dot, attempt = (opaque or "").partition(".")
    try:
        return UUID(id) if dot and attempt.isdigit() else None
    except ValueError:
        return None


async def _adopt(db: Db, owners: Iterable[Owner]) -> set[UUID]:
    """Takes messages that Meta proved to have out of their lanes."""
    by_message = {owner.message_id: owner for owner in owners}
    rows = await outbox.lock(db, list(by_message)) if by_message else {}
    await outbox.remove(db, list(rows))
    for id, row in rows.items():
        log.info("send_adopted", message=str(id), was=row.status, attempt=row.attempt)
    return {by_message[id].number_id for id in rows}


def _alerts(owner: Owner, status: Status, before: Fate, after: Fate) -> list[NewAlert]:
    about = {"message": str(owner.message_id), "conversation": str(owner.conversation_id)}
    number, alerts = str(owner.number_id), []
    if fates.went_out_twice(before, after):
        log.error("double_send", message=str(owner.message_id), opaque=status.opaque)
        alerts.append(NewAlert(owner.workspace_id, "double_send", "error", number, about))
    if after.status == "failed" and before.status != "failed":
        error = {"errors": (after.error or {}).get("errors")}
        log.error("delivery_failed", message=str(owner.message_id), number=number)
        alerts.append(
            NewAlert(owner.workspace_id, "delivery_failed", "error", number, {**about, **error})
        )
    return alerts
