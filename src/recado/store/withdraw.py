"""Calls messages of ours back that have not gone out: a person takes over, or a contact wants no more of them.

What waits is cancelled. What is on its way cannot be called back, but it gets no other attempt. Lock order, as
everywhere: messages by id, then outbox rows by id.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from recado.store import inbox, messages, notices, outbox
from recado.store.messages import Fate
from recado.store.pool import Db


async def withdraw_lane(db: Db, conversation_id: UUID) -> None:
    """Calls back everything that the bot has for a conversation."""
    rows = await db.fetch("select id from outbox where conversation_id = $1", conversation_id)
    await _withdraw(db, [row["id"] for row in rows])


async def withdraw_begun(db: Db, contact_ids: Sequence[UUID]) -> None:
    """Calls back what nobody asked for: what timers and bulk say to these contacts, on any number."""
    if not contact_ids:
        return
    rows = await db.fetch(
        """select o.id from conversations v join outbox o on o.conversation_id = v.id
            where v.contact_id = any ($1::uuid[]) and o.origin <> 'reply'""",
        contact_ids,
    )
    await _withdraw(db, [row["id"] for row in rows])


async def is_sending(db: Db, conversation_id: UUID) -> bool:
    """Says whether a message of a conversation is on its way at this moment."""
    found: bool = await db.fetchval(
        "select exists (select from outbox where conversation_id = $1 and status = 'sending')",
        conversation_id,
    )
    return found


def cancelled(fate: Fate) -> Fate:
    """Gives the fate of a message that is called back; one that may have gone out before stays unknown."""
    return fate if fate.status == "unknown" else replace(fate, status="cancelled", status_at=None)


async def _withdraw(db: Db, ids: Sequence[UUID]) -> None:
    if not ids:
        return
    fates = await messages.lock_fates(db, ids)
    rows = await outbox.lock(db, ids)
    waiting = [id for id, row in rows.items() if row.status == "queued"]
    await messages.settle(db, [cancelled(fates[id]) for id in waiting if id in fates])
    await outbox.remove(db, waiting)
    gone = {id: rows[id] for id in waiting}
    if await notices.post_confirmed(db, gone, accepted=False):
        await inbox.notify(db, turns=True, statuses=False)
    going = [id for id in rows if id not in waiting]
    if going:
        await db.execute("update outbox set withdrawn = true where id = any ($1::uuid[])", going)
