"""Lets a number send again that was stopped."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request

from recado.store import holds
from recado.store import numbers as store
from recado.store.alerts import resolve_alerts
from recado.store.listen import OUTBOX, notify
from recado.web.errors import not_found
from recado.web.numbers import NumberAnswer, shape
from recado.web.serving import Served, Tx
from recado.web.viewer import Editor

router = APIRouter(prefix="/whatsapp", tags=["numbers"])

ALERTS = ("number_stopped", "account_stopped", "number_unauthorized")


@router.post("/{number_id}/resume")
async def resume_number(
    number_id: UUID, viewer: Editor, db: Tx, request: Request, served: Served
) -> NumberAnswer:
    """Ends whatever keeps a number from sending, and all numbers of its account if the account was stopped.

    If Meta still refuses, the next message says so and it is held again.
    """
    freed = await holds.resume(db, viewer.workspace_id, number_id)
    await resolve_alerts(db, ALERTS, [str(id) for id in freed])
    await notify(db, OUTBOX)
    number = await store.find_number(db, viewer.workspace_id, number_id)
    if number is None:
        raise not_found()
    return shape(number, viewer, served.base_url(request))
