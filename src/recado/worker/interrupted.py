"""Calls of which nobody knows how they went: made again where they may be, else their sessions hear `interrupted`."""

from collections.abc import Collection
from uuid import UUID

import structlog

from recado.engine.events import CallResult
from recado.store import calls, inbox, notices
from recado.store.listen import CALLS
from recado.store.notices import Called, Posting
from recado.store.pool import Db

log = structlog.get_logger(__name__)

INTERRUPTED = CallResult(ok=False, error="interrupted")


async def give_up(db: Db, ids: Collection[UUID]) -> None:
    """Ends the wait for calls whose process will not tell any more (flow language, end of section 4)."""
    if not ids:
        return
    again, over = await calls.give_up(db, ids)
    for id in again:
        log.warning("call_again_after_crash", call=str(id))
    for each in over:
        about = {
            "workspace": str(each.workspace_id),
            "conversation": str(each.conversation_id),
            "call": str(each.id),
        }
        log.error("call_interrupted", **about)
    await notices.post(
        db,
        [
            Posting(
                each.workspace_id,
                each.conversation_id,
                str(each.id),
                Called(each.token, INTERRUPTED, each.origin),
            )
            for each in over
        ],
    )
    if over:
        await inbox.notify(db, turns=True, statuses=False)
    if again:
        await db.execute("select pg_notify($1, '')", CALLS)
