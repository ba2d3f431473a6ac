"""Writes what became of requests to Meta: on the message, in its lane, about the number, for the people.

Lock order, here and in `settle.py`: messages by id, then outbox rows by id, then numbers, then alerts.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from recado.engine.phones import canonical, digits
from recado.store import changes, holds, inbox, messages, notices, outbox
from recado.store.accepted import Taken, accept
from recado.store.alerts import NewAlert, Severity
from recado.store.holds import Hold
from recado.store.messages import Fate
from recado.store.notices import Posting
from recado.store.outbox import Back, InLane, Sending
from recado.store.pool import Db, Pool
from recado.store.withdraw import cancelled
from recado.whatsapp.outcomes import Accepted, SendResult
from recado.worker import fate as fates
from recado.worker import metrics
from recado.worker.requests import Done
from recado.worker.subject import about
from recado.worker.verdict import Again, InDoubt, Lost, Went, verdict

log = structlog.get_logger(__name__)

NEVER = datetime.min.replace(tzinfo=UTC)  # before anybody wrote


@dataclass(slots=True)
class Outcome:
    """What a round writes about finished requests."""

    fates: dict[UUID, Fate]
    rows: dict[UUID, InLane]
    removed: list[UUID] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    doubts: list[UUID] = field(default_factory=list)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    accounts: dict[tuple[UUID, str], Hold] = field(default_factory=dict)
    identities: set[tuple[UUID, str, str, UUID]] = field(default_factory=set)
    alerts: list[NewAlert] = field(default_factory=list)
    changed: dict[UUID, Fate] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    results: list[tuple[UUID, str]] = field(default_factory=list)
    doubled: int = 0

    def hold(self, sending: Sending, hold: Hold, *, whole_account: bool = False) -> None:
        """Holds a message's number, and perhaps its account; the longest hold stands."""
        number, account = sending.number_id, (sending.workspace_id, sending.waba_id or "")
        self.holds[number] = _longer(self.holds.get(number), hold)
        if whole_account and sending.waba_id:
            self.accounts[account] = _longer(self.accounts.get(account), hold)

    def count(self, sending: Sending, result: str) -> None:
        """Notes what came of a request, for the metrics: accepted, again, failed or unknown."""
        self.results.append((sending.number_id, result))

    def set(self, fate: Fate) -> None:
        """Notes the new fate of a message."""
        self.fates[fate.id] = self.changed[fate.id] = fate

    def alert(
        self, sending: Sending, kind: str, severity: Severity, subject: str, **details: Any
    ) -> None:
        """Tells the people about a message."""
        about = {"message": str(sending.id), "conversation": str(sending.conversation_id)}
        self.alerts.append(
            NewAlert(sending.workspace_id, kind, severity, subject, {**about, **details})
        )

    def confirm(self, id: UUID, *, accepted: bool) -> None:
        """Tells the wait that hangs on the fate of a message that leaves its lane, if one does."""
        row = self.rows.get(id)
        if row and row.confirm:
            self.tell(row, id, accepted=accepted)

    def tell(self, row: InLane, id: UUID, *, accepted: bool, code: int | None = None) -> None:
        """Tells the wait that a message carries what became of it."""
        if row.token:
            notice = notices.Settled(row.token, code, accepted)
            self.postings.append(Posting(row.workspace_id, row.conversation_id, str(id), notice))


async def finish_usual(pool: Pool, done: Sequence[Done]) -> tuple[set[UUID], bool]:
    """Writes what Meta simply took; gives which messages it was, and whether other messages of their lanes may go now."""
    taken = [
        Taken(sending, result.wamid)
        for sending, result in done
        if isinstance(result, Accepted) and _is_usual(sending, result)
    ]
    if not taken or len({each.sending.id for each in taken}) < len(taken):  # two copies went out
        return set(), False
    async with pool.acquire() as db:
        gone = await accept(db, sorted(taken, key=lambda each: each.sending.id))
    written = [each for each in taken if each.sending.id in gone]
    metrics.sent([(each.sending.number_id, "accepted") for each in written], doubled=0)
    if log.is_enabled_for(logging.DEBUG):  # else nobody pays for the lines
        for each in written:
            log.debug("send_accepted", wamid=each.wamid, **about(each.sending))
    return set(gone), any(gone.values())


def _is_usual(sending: Sending, result: Accepted) -> bool:
    """Says whether a result tells no more than that Meta has the message."""
    if sending.confirm:
        return False
    same = result.wa_id in (None, sending.phone) and result.user_id in (None, sending.user_id)
    return same or not _identities(sending, result)


async def finish(
    db: Db,
    done: Sequence[Done],
    *,
    luck: Callable[[], float],
    unknown_wait: float,
) -> Outcome:
    """Writes the results of requests; the alerts are left to be raised at the end of the transaction."""
    ids = sorted({sending.id for sending, _ in done})
    outcome = Outcome(await messages.lock_fates(db, ids), await outbox.lock(db, ids))
    for sending, result in done:
        if sending.id in outcome.fates:  # else retention or a deletion was faster
            _judge(outcome, sending, result, luck)
    await messages.settle(db, list(outcome.changed.values()))
    await outbox.remove(db, outcome.removed)
    await outbox.put_back(db, outcome.backs)
    await outbox.doubt(db, outcome.doubts, wait=unknown_wait)
    await holds.hold(db, outcome.holds, accounts=outcome.accounts)
    if outcome.identities:
        await changes.add_identities(db, list(outcome.identities))
    if outcome.postings:
        await notices.post(db, outcome.postings)
        await inbox.notify(db, turns=True, statuses=False)
    return outcome


def _judge(
    outcome: Outcome, sending: Sending, result: SendResult, luck: Callable[[], float]
) -> None:
    """Sorts a result. Nothing but an acceptance matters once the row has gone or another attempt is on the way.

    Nor once Meta is known to have the message by an earlier attempt: then the lane just goes on.
    """
    row = outcome.rows.get(sending.id)
    current = row is not None and row.attempt == sending.attempt
    match verdict(sending, result, luck):
        case Went() as went:
            _went(outcome, sending, went, row)
        case _ if not current:
            log.info("late_result_ignored", attempt=sending.attempt, **about(sending))
        case _ if outcome.fates[sending.id].wamid is not None:
            log.info("taken_already", attempt=sending.attempt, **about(sending))
            outcome.removed.append(sending.id)
            outcome.confirm(sending.id, accepted=True)
        case Again() if row and row.withdrawn:
            log.info("send_withdrawn", attempt=sending.attempt, **about(sending))
            outcome.set(cancelled(outcome.fates[sending.id]))
            outcome.removed.append(sending.id)
            outcome.confirm(sending.id, accepted=False)
        case Again() as again:
            _again(outcome, sending, again)
        case Lost() as lost:
            _lost(outcome, sending, lost)
        case InDoubt() as doubt:
            _doubt(outcome, sending, doubt)


def _went(outcome: Outcome, sending: Sending, went: Went, row: InLane | None) -> None:
    outcome.count(sending, "accepted")
    if log.is_enabled_for(logging.DEBUG):  # else nobody pays for the line
        log.debug("send_accepted", wamid=went.wamid, **about(sending))
    before = outcome.fates[sending.id]
    after = fates.accepted(before, went.wamid, sending_at=sending.first_sending_at)
    if after != before:  # else a status was faster, and has told all of it
        outcome.set(after)
    if fates.went_out_twice(before, after):
        log.error("double_send", attempt=sending.attempt, **about(sending))
        outcome.doubled += 1
        outcome.alert(sending, "double_send", "error", str(sending.number_id))
    if row and (row.attempt == sending.attempt or row.status != "sending"):
        outcome.removed.append(sending.id)
        outcome.confirm(sending.id, accepted=True)
    outcome.identities |= set(_identities(sending, went))


def _identities(sending: Sending, went: Went | Accepted) -> list[tuple[UUID, str, str, UUID]]:
    """Finds what Meta calls the person that we did not know; spellings of one number are the same."""
    found: list[tuple[UUID, str, str, UUID]] = []
    wa_id = canonical(digits(went.wa_id or ""))
    if wa_id and wa_id != canonical(digits(sending.phone or "")):
        found.append((sending.workspace_id, "phone", wa_id, sending.contact_id))
    if went.user_id and went.user_id != sending.user_id:
        found.append((sending.workspace_id, "user_id", went.user_id, sending.contact_id))
    return found


def _again(outcome: Outcome, sending: Sending, again: Again) -> None:
    unheard_since = (sending.last_inbound_at or NEVER) if again.unheard else None
    outcome.backs.append(Back(sending.id, sending.attempt, again.wait, again.counts, unheard_since))
    outcome.count(sending, "again")
    log.warning(
        "send_put_back",
        **about(sending),
        reason=again.reason,
        wait=round(again.wait, 2),
        hold=again.hold.kind if again.hold else None,
    )
    if again.hold:
        outcome.hold(sending, again.hold, whole_account=again.whole_account)
    if again.alert:
        outcome.alert(sending, again.alert, "critical", str(sending.number_id), reason=again.reason)


def _longer(one: Hold | None, other: Hold) -> Hold:
    if one is None or (one.seconds is not None and (other.seconds or math.inf) > one.seconds):
        return other
    return one


def _lost(outcome: Outcome, sending: Sending, lost: Lost) -> None:
    code = lost.error.get("code")
    outcome.count(sending, "failed")
    log.error("send_failed", code=code, **about(sending))
    before = outcome.fates[sending.id]
    outcome.set(fates.failed(before, lost.error, sending_at=sending.first_sending_at))
    outcome.removed.append(sending.id)
    outcome.tell(outcome.rows[sending.id], sending.id, accepted=False, code=code)
    meaning = lost.error.get("meaning")
    outcome.alert(
        sending, "send_failed", "error", str(sending.number_id), code=code, meaning=meaning
    )


def _doubt(outcome: Outcome, sending: Sending, doubt: InDoubt) -> None:
    outcome.count(sending, "unknown")
    log.warning("send_unknown", attempt=sending.attempt, reason=doubt.reason, **about(sending))
    before = outcome.fates[sending.id]
    outcome.set(fates.unknown(before, sending_at=sending.first_sending_at))
    if doubt.hold:
        outcome.hold(sending, doubt.hold)
    if not doubt.last:
        outcome.doubts.append(sending.id)
        return
    outcome.removed.append(sending.id)
    outcome.confirm(sending.id, accepted=False)
    outcome.alert(sending, "send_unknown", "warning", str(sending.number_id), reason=doubt.reason)
