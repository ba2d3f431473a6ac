"""Forgets the history of removed numbers, in batches, so that no statement holds locks long."""

import asyncio
from functools import partial
from uuid import UUID

import structlog

from recado.store import burial
from recado.store.burial import Grave
from recado.store.pool import Db

CONVERSATIONS, BATCH = 200, 5_000

_log = structlog.get_logger(__name__)


async def bury(db: Db, number_id: UUID | None = None, *, stop: asyncio.Event) -> None:
    """Buries a number, or all that wait for it; one that was not removed is left alone.

    When this process is to stop it ends in the middle; the daily maintenance goes on from there.
    """
    for grave in await burial.graves(db, number_id):
        await _bury(db, grave, stop)


async def _bury(db: Db, grave: Grave, stop: asyncio.Event) -> None:
    while not stop.is_set():
        ids = await burial.conversations(db, grave.id, limit=CONVERSATIONS)
        if not ids:
            break
        await _forget(db, ids, stop)
    while not stop.is_set() and await burial.forget_posts(db, grave, limit=BATCH) == BATCH:
        pass
    if not stop.is_set():
        await burial.forget_number(db, grave.id)
        _log.info("number_buried", number=str(grave.id))


async def _forget(db: Db, ids: list[UUID], stop: asyncio.Event) -> None:
    for forget in (partial(burial.forget_messages, db), partial(burial.forget_journal, db)):
        while not stop.is_set() and await forget(ids, limit=BATCH) == BATCH:
            pass
    if stop.is_set():
        return
    async with db.transaction():
        await burial.lock_conversations(db, ids)
        # A turn that was under way has written its last words by now.
        await burial.forget_messages(db, ids, limit=None)
        await burial.forget_journal(db, ids, limit=None)
        await burial.forget_conversations(db, ids)
