"""Our WhatsApp numbers: register, set, look at and remove them."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from starlette.requests import Request

from recado.store import burial
from recado.store import numbers as store
from recado.store.ids import new_id
from recado.store.numbers import Number
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web.errors import not_found
from recado.web.inputs import Input, Line, Name, Object, Text, absent
from recado.web.lists import Page, Paged
from recado.web.number_changes import (
    already_there,
    change_number_to,
    phone_of,
    webhook_address,
)
from recado.web.number_health import health
from recado.web.passwords import new_token
from recado.web.roles import Permission
from recado.web.serving import Served, Serving, Tx
from recado.web.viewer import Admin, Editor, Reader, Viewer

router = APIRouter(prefix="/whatsapp", tags=["numbers"])

ConnectionType = Literal["official", "qrcode"]
MetaId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Secret = Annotated[Line, StringConstraints(strip_whitespace=True, min_length=1)]
VerifyToken = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\S{8,200}$")]


class Limits(BaseModel):
    """How fast a number may send; null is no limit of ours."""

    messages_per_second: Annotated[int, Field(ge=1, le=1_000)] | None = None


class NumberFields(Input):
    """What can be set on a number. Absent fields stay, null clears."""

    read_only: ClassVar[frozenset[str]] = Input.read_only | {
        "phone_e164",
        "status",
        "health",
        "quality",
        "has_app_secret",
        "has_access_token",
        "insecure",
        "is_fake",
        "webhook_own_url",
    }

    display_name: Name | None = None
    is_active: bool | None = Field(
        default=None,
        description="Null: active as soon as a chatbot can answer. True is refused while something is missing.",
    )
    default_chatbot_id: UUID | None = None
    webhook_url: Line | None = Field(default=None, description="Null: the address we compute.")
    webhook_verify_token: VerifyToken | None = Field(
        default=None, description="Owners and admins only; null leaves it as it is."
    )
    app_secret: Secret | None = None
    access_token: Secret | None = None
    phone_number_id: MetaId | None = None
    whatsapp_business_account_id: MetaId | None = None
    away_message: Text | None = None
    away_mode: Literal["run", "replace"] = absent()
    business_hours: Object | None = None
    limits: Annotated[Limits, BeforeValidator(lambda value: {} if value is None else value)] = (
        absent()
    )


class NewNumber(NumberFields):
    """A number to register; any spelling of its phone will do."""

    phone_number: Line
    connection_type: ConnectionType


class NumberChange(NumberFields):
    """What changes on a number."""

    phone_number: Line = absent()
    connection_type: ConnectionType = absent()


class NumberAnswer(BaseModel):
    """A number. Its secrets are never shown, only whether they are set."""

    id: UUID
    phone_number: str = Field(description="As it was typed.")
    phone_e164: str
    display_name: str | None
    connection_type: ConnectionType
    status: Literal["connected", "disconnected"]
    health: dict[str, Any]
    quality: dict[str, Any]
    is_active: bool = Field(description="What holds, whether somebody set it or not.")
    default_chatbot_id: UUID | None
    webhook_url: str
    webhook_own_url: str | None = Field(
        description="This number's own address to paste at Meta; for owners and admins only."
    )
    webhook_verify_token: str | None = Field(description="Shown to owners and admins only.")
    has_app_secret: bool
    has_access_token: bool
    insecure: bool = Field(
        description="No app secret: anybody can send us messages in Meta's name."
    )
    is_fake: bool = Field(description="The fake Meta on this machine serves it.")
    phone_number_id: str | None
    whatsapp_business_account_id: str | None
    away_message: str | None
    away_mode: Literal["run", "replace"]
    business_hours: dict[str, Any] | None
    limits: Limits
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_numbers(
    viewer: Reader, db: Tx, paging: Paged, request: Request, served: Served
) -> Page[NumberAnswer]:
    """Lists the workspace's numbers."""
    found = await store.list_numbers(
        db, viewer.workspace_id, limit=paging.limit + 1, after=after(paging.after)
    )
    base = served.base_url(request)
    return paging.page(
        found,
        await store.count_numbers(db, viewer.workspace_id),
        shape=lambda number: shape(number, viewer, base),
        place=lambda number: Place(number.id),
    )


@router.post("", status_code=201)
async def register_number(
    number: NewNumber, viewer: Editor, db: Tx, request: Request, served: Served
) -> NumberAnswer:
    """Registers a number; `phone_number` and `connection_type` are enough."""
    number_id = new_id()
    fresh = await store.insert_number(
        db,
        number_id,
        workspace_id=viewer.workspace_id,
        phone_number=phone_of(number.phone_number),
        phone_shown=number.phone_number.strip(),
        connection_type=number.connection_type,
        webhook_token=new_token(),
        webhook_verify_token=new_token(),
    )
    if not fresh:
        raise already_there(number.phone_number)
    return await _changed(
        db, viewer, number_id, number, served=served, base_url=served.base_url(request)
    )


@router.get("/{number_id}")
async def get_number(
    number_id: UUID, viewer: Reader, db: Tx, request: Request, served: Served
) -> NumberAnswer:
    """Shows a number."""
    number = await _found(db, viewer, number_id)
    return shape(number, viewer, served.base_url(request))


@router.put("/{number_id}")
@router.patch("/{number_id}")
async def change_number(
    number_id: UUID,
    change: NumberChange,
    *,
    viewer: Editor,
    db: Tx,
    request: Request,
    served: Served,
) -> NumberAnswer:
    """Changes the fields that are given."""
    number = await _found(db, viewer, number_id)
    if number.activity_set is None and change.is_active == number.is_active:
        # Read and sent back, not chosen: it goes on following the chatbot.
        change.model_fields_set.discard("is_active")
    return await _changed(
        db, viewer, number_id, change, served=served, base_url=served.base_url(request)
    )


@router.post("/{number_id}/verify-token")
async def rotate_verify_token(
    number_id: UUID, viewer: Admin, db: Tx, request: Request, served: Served
) -> NumberAnswer:
    """Replaces the verify token by a new one, to be pasted at Meta."""
    await _found(db, viewer, number_id)
    await store.update_number(
        db, viewer.workspace_id, number_id, changes={"webhook_verify_token": new_token()}
    )
    return shape(await _found(db, viewer, number_id), viewer, served.base_url(request))


@router.delete("/{number_id}", status_code=204)
async def delete_number(number_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes a number: gone at once, its conversations a little later, by a background job."""
    if not await burial.delete_number(db, viewer.workspace_id, number_id):
        raise not_found()


def shape(number: Number, viewer: Viewer, base_url: str) -> NumberAnswer:
    """Gives a number as the viewer may see it."""
    administers = viewer.may(Permission.ADMINISTER)
    address = webhook_address(base_url)
    return NumberAnswer(
        id=number.id,
        phone_number=number.phone_shown,
        phone_e164=number.phone_number,
        display_name=number.display_name,
        connection_type=number.connection_type,
        status=number.status,
        health=health(number),
        quality=number.quality,
        is_active=number.is_active,
        default_chatbot_id=number.default_chatbot_id,
        webhook_url=number.webhook_url or address,
        webhook_own_url=f"{address}/{number.webhook_token}" if administers else None,
        webhook_verify_token=number.webhook_verify_token if administers else None,
        has_app_secret=number.app_secret_id is not None,
        has_access_token=number.access_token_id is not None,
        insecure=number.app_secret_id is None,
        is_fake=number.graph_url is not None,
        phone_number_id=number.phone_number_id,
        whatsapp_business_account_id=number.waba_id,
        away_message=number.away_message,
        away_mode=number.away_mode,
        business_hours=number.business_hours,
        limits=Limits(messages_per_second=number.limits.get("messages_per_second")),
        created_at=number.created_at,
        updated_at=number.updated_at,
    )


async def _found(db: Db, viewer: Viewer, number_id: UUID) -> Number:
    number = await store.find_number(db, viewer.workspace_id, number_id)
    if number is None:
        raise not_found()
    return number


async def _changed(
    db: Db, viewer: Viewer, number_id: UUID, change: NumberFields, *, served: Serving, base_url: str
) -> NumberAnswer:
    number = await _found(db, viewer, number_id)
    await change_number_to(
        db, number, change.given(), viewer=viewer, served=served, base_url=base_url
    )
    return shape(await _found(db, viewer, number_id), viewer, base_url)
