"""Settles: merges Meta's statuses into the messages they speak of, and ends doubts about sends.

Nearly every status is the next word about a message that was answered for: the database merges those alone. The odd
ones are looked at here.

A status proves that Meta has the message, whatever became of the request: its row leaves the outbox and the lane goes
on. Our own id (`biz_opaque_callback_data`) comes first, because a status may come before the answer that holds the
wamid. A status that is about nobody's message of that very number is somebody else's (another app, another tenant).
"""

import time
from collections.abc import Callable
from uuid import UUID

import asyncpg
import structlog

from recado.store import inbox, messages, notices, outbox, statuses
from recado.store.alerts import NewAlert, raise_alerts
from recado.store.messages import Fate
from recado.store.pool import UNAVAILABLE, Db, Pool
from recado.store.statuses import Owner, Status
from recado.worker import fate as fates
from recado.worker import metrics
from recado.worker.account import take_news

log = structlog.get_logger(__name__)

BATCH = 500
GATHER = 0.25  # seconds: nobody waits for a status, and many together cost a fraction
LOOK_FOR_NEWS_EVERY = 1.0  # seconds
NOBODYS_FAULT = (
    *UNAVAILABLE,
    asyncpg.TransactionRollbackError,  # a deadlock
    asyncpg.SyntaxOrAccessError,  # a table that is missing
)


class Settler:
    """The settle loop's work; `step` merges one batch. News of accounts are looked for now and then."""

    def __init__(
        self,
        pool: Pool,
        *,
        freed: Callable[[set[UUID]], None],
        batch: int = BATCH,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._freed = freed
        self._most = self._limit = batch
        self._merging: list[int] = []
        self._careful = False
        self._bad: int | None = None
        self._monotonic = monotonic
        self._looked_at = -LOOK_FOR_NEWS_EVERY

    def isolate(self, reason: Exception) -> None:
        """Goes on one status at a time after a failure; one that fails alone is dropped (the webhook log has it).

        All are looked at here until that goes well, since a single one may be why the database could merge none.
        A database that is away, a deadlock or a table that is missing says nothing about a status.
        """
        if isinstance(reason, NOBODYS_FAULT):
            return
        if len(self._merging) == 1:
            self._bad = self._merging[0]
        self._limit, self._careful = 1, True

    async def step(self) -> bool:
        """Merges one batch; says whether there may be more."""
        self._merging = []
        if self._monotonic() - self._looked_at >= LOOK_FOR_NEWS_EVERY:
            self._looked_at = self._monotonic()
            async with self._pool.acquire() as db, db.transaction():
                await take_news(db)
        if self._careful:  # for `merge` itself may be what failed
            return await self._settle(await statuses.oldest(self._pool, self._limit))
        merged = await statuses.merge(self._pool, self._most)
        metrics.merged(merged.words)
        if not merged.odd:
            return merged.full
        return await self._settle(merged.odd) or merged.full

    async def _settle(self, odd: list[int]) -> bool:
        """Merges statuses that are not just the next word about a message that went out."""
        freed: set[UUID] = set()
        async with self._pool.acquire() as db, db.transaction():
            taken = await statuses.take(db, odd)
            batch = [status for status in taken if status.seq != self._bad]
            self._merging = [status.seq for status in batch]
            if batch:
                freed = await _merge(db, batch)
        for dropped in (status for status in taken if status.seq == self._bad):
            metrics.LOST.labels("status_dropped").inc()
            log.error("status_dropped", status=dropped.status, **_names(dropped))
        metrics.merged(status.status for status in batch)
        self._merging, self._limit = [], min(self._limit * 2, self._most)
        self._careful = self._careful and bool(taken) and self._limit < self._most
        if freed:
            self._freed(freed)
        return bool(taken)


async def _merge(db: Db, batch: list[Status]) -> set[UUID]:
    """Merges statuses in the order they came; gives the numbers whose lanes were freed."""
    owners = await _owners(db, batch)
    ids = sorted({owner.message_id for owner in owners.values()})
    known = await messages.lock_fates(db, ids)
    rows = await outbox.lock(db, ids)
    changed = fates.begun(known.values(), rows)
    known |= changed
    alerts: list[NewAlert] = []
    for status in batch:
        owner = owners.get(status.seq)
        if owner is None or owner.message_id not in known:
            log.debug("foreign_status", status=status.status, **_names(status))
            continue
        before = known[owner.message_id]
        after = fates.told(before, status.wamid, status.status, status.at, status.payload)
        known[owner.message_id] = after
        if after != before:
            changed[after.id] = after
            alerts += _alerts(owner, status, before, after)
    await messages.settle(db, list(changed.values()))
    await outbox.remove(db, list(rows))
    if await notices.post_confirmed(db, rows, accepted=True):
        await inbox.notify(db, turns=True, statuses=False)
    for owner in {each.message_id: each for each in owners.values()}.values():
        if row := rows.get(owner.message_id):
            if row.status == "unknown":
                metrics.IN_DOUBT.labels("adopted").inc()
            log.info("send_adopted", was=row.status, attempt=row.attempt, **owner.ids)
    await raise_alerts(db, alerts)
    return {owner.number_id for owner in owners.values() if owner.message_id in rows}


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


def _names(status: Status) -> dict[str, str | None]:
    """Gives what a line of the log can say of a status that is about no message of ours."""
    return {
        "phone_number_id": status.phone_number_id,
        "wamid": status.wamid,
        "opaque": status.opaque,
    }


def _code(fate: Fate) -> int | None:
    """Gives Meta's code for why a message was not delivered."""
    match (fate.error or {}).get("errors"):
        case [{"code": int(code)}, *_]:
            return code
    return None


def _our_id(opaque: str | None) -> UUID | None:
    """Reads `<message id>.<attempt>`; anything else is not ours."""
    id, dot, attempt = (opaque or "").partition(".")
    try:
        return UUID(id) if dot and attempt.isdigit() else None
    except ValueError:
        return None


def _alerts(owner: Owner, status: Status, before: Fate, after: Fate) -> list[NewAlert]:
    about = {"message": str(owner.message_id), "conversation": str(owner.conversation_id)}
    number, alerts = str(owner.number_id), []
    if fates.went_out_twice(before, after):
        metrics.DOUBLED.inc()
        log.error("double_send", opaque=status.opaque, wamid=status.wamid, **owner.ids)
        alerts.append(NewAlert(owner.workspace_id, "double_send", "error", number, about))
    if after.status == "failed" and before.status != "failed":
        error = {"errors": (after.error or {}).get("errors")}
        code = _code(after)
        metrics.not_delivered(code)
        log.error("delivery_failed", code=code, wamid=status.wamid, **owner.ids)
        alerts.append(
            NewAlert(owner.workspace_id, "delivery_failed", "error", number, {**about, **error})
        )
    return alerts
