"""What people must know: failed sends, parked messages, flows that broke."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from recado.store import alert_reading as store
from recado.store.alert_reading import Alert
from recado.store.paging import Place
from recado.web.lists import Page, Paged
from recado.web.serving import Tx
from recado.web.viewer import Reader

router = APIRouter(prefix="/alerts", tags=["operations"])


class AlertAnswer(BaseModel):
    """A matter, with how often it came up."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    severity: Literal["info", "warning", "error", "critical"]
    subject: str
    details: dict[str, Any]
    count: int
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None


@router.get("")
async def list_alerts(
    viewer: Reader, db: Tx, paging: Paged, resolved: bool = False
) -> Page[AlertAnswer]:
    """Lists open alerts, or those that are done with, the latest first."""
    workspace_id = viewer.workspace_id
    found = await store.list_alerts(
        db, workspace_id, resolved=resolved, limit=paging.limit + 1, after=paging.after
    )
    total = await store.count_alerts(db, workspace_id, resolved=resolved)
    return paging.page(found, total, shape=_shape, place=lambda a: Place(a.id, a.last_at))


def _shape(alert: Alert) -> AlertAnswer:
    return AlertAnswer.model_validate(alert)
