"""What is known about a message of ours, and how news change it. Pure, and the same in whatever order news come.

Meta's statuses only rise: sent, delivered, read, played. `failed` ends a message unless it was seen to arrive. Two
different ids of Meta's for one message of ours mean that it went out twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.messages import Fate
from recado.store.outbox import InLane

RANK = {
    "queued": 0,
    "sending": 0,
    "cancelled": 0,
    "unknown": 1,
    "accepted": 2,
    "sent": 3,
    "delivered": 4,
    "read": 5,
    "played": 6,
}
ARRIVED = ("delivered", "read", "played")


def accepted(fate: Fate, wamid: str, *, sending_at: datetime) -> Fate:
    """Meta took the message; a status may have told more already."""
    return _named(_risen(_revived(fate), "accepted", None), wamid, sending_at)


def begun(known: Iterable[Fate], rows: Mapping[UUID, InLane]) -> dict[UUID, Fate]:
    """Keeps of messages that leave their lanes when their sending began; gives those of which it was not known."""
    return {
        fate.id: replace(fate, sending_at=row.first_sending_at)
        for fate in known
        if fate.sending_at is None and (row := rows.get(fate.id)) and row.first_sending_at
    }


def failed(fate: Fate, error: dict[str, Any], *, sending_at: datetime | None) -> Fate:
    """We give up on a message that Meta did not take; one that has Meta's id she has taken."""
    if fate.wamid is not None:
        return fate
    sending_at = fate.sending_at or sending_at
    return replace(fate, status="failed", status_at=None, error=error, sending_at=sending_at)


def unknown(fate: Fate, *, sending_at: datetime | None) -> Fate:
    """Nobody knows whether Meta took the message."""
    return replace(_risen(fate, "unknown", None), sending_at=fate.sending_at or sending_at)


def told(fate: Fate, wamid: str, status: str, at: datetime, payload: dict[str, Any]) -> Fate:
    """Merges a status of Meta's; words of hers that we do not know only tell that she has the message."""
    fate = _named(_revived(fate), wamid, fate.sending_at)
    fate = replace(fate, pricing=payload.get("pricing") or fate.pricing)
    if status != "failed":
        return _risen(fate, status if status in RANK else "accepted", at)
    fate = replace(fate, error={"source": "status", "errors": payload.get("errors")})
    return fate if fate.status in ARRIVED else replace(fate, status="failed", status_at=at)


def went_out_twice(before: Fate, after: Fate) -> bool:
    """Says whether the news were the first to tell of a second copy."""
    return before.double_wamid is None and after.double_wamid is not None


def _named(fate: Fate, wamid: str, sending_at: datetime | None) -> Fate:
    fate = replace(fate, sending_at=fate.sending_at or sending_at)
    if fate.wamid is None:
        return replace(fate, wamid=wamid)
    if fate.wamid != wamid and fate.double_wamid is None:
        return replace(fate, double_wamid=wamid)
    return fate


def _revived(fate: Fate) -> Fate:
    """Takes back a failure that was only our own belief: Meta has the message after all."""
    if fate.status == "failed" and fate.wamid is None:
        return replace(fate, status="unknown", error=None)
    return fate


def _risen(fate: Fate, status: str, at: datetime | None) -> Fate:
    if fate.status == "failed":
        return replace(fate, status=status, status_at=at) if status in ARRIVED else fate
    return replace(fate, status=status, status_at=at) if RANK[status] > RANK[fate.status] else fate
