"""What came from Meta, and what it was taken for or why it was ignored."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from recado.store import webhook_reading as store
from recado.store.paging import Place
from recado.store.webhook_reading import Post
from recado.web.errors import not_found
from recado.web.lists import Page, Paged
from recado.web.roles import Permission
from recado.web.serving import Tx
from recado.web.viewer import Reader, Viewer

router = APIRouter(prefix="/webhook-log", tags=["operations"])
Outcome = Literal["stored", "duplicate", "ignored", "rejected", "unknown_number", "failed"]


class PostAnswer(BaseModel):
    """One post of Meta."""

    id: UUID
    phone_number_id: str | None
    outcome: Outcome
    reason: str
    counts: dict[str, int] = Field(description="How many messages, statuses and so on it held.")
    received_at: datetime
    body: str = Field(description="In lists only the first 2,000 bytes.")


@router.get("")
async def list_posts(
    viewer: Reader, db: Tx, paging: Paged, outcome: Outcome | None = None
) -> Page[PostAnswer]:
    """Lists posts, the newest first. Those of unknown numbers: admins only, in a lone workspace."""
    workspace_id, strangers = viewer.workspace_id, _sees_strangers(viewer)
    posts = await store.list_posts(
        db,
        workspace_id,
        strangers=strangers,
        outcome=outcome,
        limit=paging.limit + 1,
        after=paging.after,
    )
    total = await store.count_posts(db, workspace_id, strangers=strangers, outcome=outcome)
    return paging.page(posts, total, shape=_shape, place=lambda p: Place(p.id, p.received_at))


@router.get("/{post_id}")
async def get_post(post_id: UUID, viewer: Reader, db: Tx) -> PostAnswer:
    """Shows a post with its whole body."""
    post = await store.find_post(
        db, viewer.workspace_id, post_id, strangers=_sees_strangers(viewer)
    )
    if post is None:
        raise not_found()
    return _shape(post)


def _sees_strangers(viewer: Viewer) -> bool:
    return viewer.may(Permission.ADMINISTER)


def _shape(post: Post) -> PostAnswer:
    return PostAnswer(
        id=post.id,
        phone_number_id=post.phone_number_id,
        outcome=post.outcome,
        reason=post.reason,
        counts=post.counts,
        received_at=post.received_at,
        body=post.body.decode("utf-8", errors="replace"),
    )
