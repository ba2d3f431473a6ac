"""Events that were given up on: a message whose turn failed three times waits here for a person."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from recado.store import inbox
from recado.store import parked as store
from recado.store.paging import Place
from recado.store.parked import ParkedEvent
from recado.web.errors import not_found
from recado.web.lists import Page, Paged
from recado.web.serving import Tx
from recado.web.viewer import Editor, Reader

router = APIRouter(prefix="/parked", tags=["operations"])
Seq = Annotated[int, Path(ge=1, lt=2**63)]


class ParkedAnswer(BaseModel):
    """A message that no turn could take up; it is in the conversation's history too."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    message_id: UUID
    conversation_id: UUID
    contact_id: UUID
    contact_name: str | None
    contact_phone: str | None
    type: str
    text: str
    at: datetime
    tries: int
    parked_at: datetime
    error: str | None = Field(description="The type of the last failure.")


@router.get("")
async def list_parked(viewer: Reader, db: Tx, paging: Paged) -> Page[ParkedAnswer]:
    """Lists events that were given up on, the latest first."""
    workspace_id = viewer.workspace_id
    found = await store.list_parked(db, workspace_id, limit=paging.limit + 1, after=paging.after)
    total = await store.count_parked(db, workspace_id)
    return paging.page(found, total, shape=_shape, place=lambda e: Place(e.message_id, e.parked_at))


@router.post("/{seq}/retry", status_code=204)
async def retry_parked(seq: Seq, viewer: Editor, db: Tx) -> None:
    """Lets an event wait for its turn again, with all its tries."""
    if not await store.retake(db, viewer.workspace_id, seq):
        raise not_found()
    await inbox.notify(db, turns=True, statuses=False)


def _shape(event: ParkedEvent) -> ParkedAnswer:
    return ParkedAnswer.model_validate(event)
