"""Meta's message templates: what the last sync saw, and the sync itself."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from recado.engine.template_checks import read_template
from recado.store import numbers
from recado.store import templates as store
from recado.store.numbers import Number
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.store.templates import TemplateRecord, Wanted
from recado.web.errors import not_found
from recado.web.lists import Page, Paged, Paging
from recado.web.serving import Served, Tx
from recado.web.template_sync import AccountSynced, sync_accounts
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(tags=["templates"])

Word = Annotated[str | None, Query(min_length=1, max_length=512)]


class TemplateButtonAnswer(BaseModel):
    """A button of a template."""

    kind: str = Field(description="quick_reply, url, copy_code, phone_number, ...")
    title: str
    needs_value: bool


class TemplateValues(BaseModel):
    """What a sender must fill in; values by name, or "1", "2" and so on where they go by place."""

    header: str = Field(description="none, text, image, video, document or location")
    header_values: list[str]
    body_values: list[str]
    buttons: list[TemplateButtonAnswer]


class TemplateAnswer(BaseModel):
    """A template as the last sync saw it."""

    id: UUID
    whatsapp_business_account_id: str
    meta_id: str | None
    name: str
    language: str
    category: str | None
    status: str = Field(description="Meta's word: APPROVED, PENDING, REJECTED, PAUSED, ...")
    quality: str | None
    rejected_reason: str | None
    parameter_format: str
    components: list[dict[str, Any]] = Field(description="As Meta lists them.")
    values: TemplateValues
    synced_at: datetime


class SyncAnswer(BaseModel):
    """What a sync came to, account by account; one that failed keeps what it had."""

    accounts: list[AccountSynced]


class Filters(BaseModel):
    """Which templates are asked for."""

    status: Word = None
    language: Word = None
    q: Word = None

    def wanted(self, waba_id: str | None) -> Wanted:
        """Gives the filter as the store takes it."""
        status = self.status.upper() if self.status else None
        name = self.q.lower() if self.q else None
        return Wanted(waba_id, status, self.language, name)


class AllFilters(Filters):
    """Which templates of the workspace are asked for."""

    whatsapp_number_id: UUID | None = None
    whatsapp_business_account_id: Word = None


@router.get("/templates")
async def list_templates(
    viewer: Reader, db: Tx, paging: Paged, filters: Annotated[AllFilters, Query()]
) -> Page[TemplateAnswer]:
    """Lists the templates of all accounts behind the workspace's numbers."""
    waba_id = filters.whatsapp_business_account_id
    if filters.whatsapp_number_id is not None:
        number = await _number(db, viewer, filters.whatsapp_number_id)
        waba_id = _account_of(number, waba_id)
    return await _page(db, viewer, paging, filters.wanted(waba_id))


@router.post("/templates/sync")
async def sync_templates(viewer: Editor, db: Tx, served: Served) -> SyncAnswer:
    """Reads the templates of all accounts anew at Meta."""
    found = await store.accounts(db, viewer.workspace_id)
    return SyncAnswer(accounts=await sync_accounts(db, viewer.workspace_id, found, served=served))


@router.get("/whatsapp/{number_id}/templates")
async def list_number_templates(
    number_id: UUID, viewer: Reader, db: Tx, paging: Paged, filters: Annotated[Filters, Query()]
) -> Page[TemplateAnswer]:
    """Lists the templates that a number may send."""
    number = await _number(db, viewer, number_id)
    return await _page(db, viewer, paging, filters.wanted(_account_of(number)))


@router.post("/whatsapp/{number_id}/templates/sync")
async def sync_number_templates(
    number_id: UUID, viewer: Editor, db: Tx, served: Served
) -> SyncAnswer:
    """Reads the templates of a number's account anew at Meta; without an account there are none."""
    number = await _number(db, viewer, number_id)
    found = await store.accounts(db, viewer.workspace_id, number_id=number.id)
    return SyncAnswer(accounts=await sync_accounts(db, viewer.workspace_id, found, served=served))


async def _number(db: Db, viewer: Viewer, number_id: UUID) -> Number:
    number = await numbers.find_number(db, viewer.workspace_id, number_id)
    if number is None:
        raise not_found()
    return number


def _account_of(number: Number, asked: str | None = None) -> str:
    """Gives the number's account; a number without one, or of another than was asked for, has no templates."""
    account = number.waba_id or ""
    return account if asked in (None, account) else ""


async def _page(db: Db, viewer: Viewer, paging: Paging, wanted: Wanted) -> Page[TemplateAnswer]:
    found = await store.list_templates(
        db, viewer.workspace_id, wanted, limit=paging.limit + 1, after=after(paging.after)
    )
    total = await store.count_templates(db, viewer.workspace_id, wanted)
    return paging.page(found, total, shape=_shape, place=lambda template: Place(template.id))


def _shape(template: TemplateRecord) -> TemplateAnswer:
    known = read_template(
        template.name,
        template.language,
        status=template.status,
        parameter_format=template.parameter_format,
        components=template.components,
    )
    buttons = [
        TemplateButtonAnswer(kind=each.kind, title=each.title, needs_value=each.needs_value)
        for each in known.buttons
    ]
    return TemplateAnswer(
        id=template.id,
        whatsapp_business_account_id=template.waba_id,
        meta_id=template.meta_id,
        name=template.name,
        language=template.language,
        category=template.category,
        status=template.status,
        quality=template.quality,
        rejected_reason=template.rejected_reason,
        parameter_format=template.parameter_format,
        components=template.components,
        values=TemplateValues(
            header=known.header,
            header_values=list(known.header_values),
            body_values=list(known.body_values),
            buttons=buttons,
        ),
        synced_at=template.synced_at,
    )
