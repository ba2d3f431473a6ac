"""Calendars: opening hours and holidays that flows ask by name."""

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
import msgspec
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from recado.engine.calendar import parse_calendar
from recado.engine.events import Json
from recado.store import calendars as store
from recado.store.calendars import MOST_CALENDARS, CalendarRecord
from recado.store.ids import new_id
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web.errors import Refusal, not_found
from recado.web.inputs import Input, Name, absent, at_most, storable
from recado.web.lists import Page, Paged
from recado.web.serving import Tx
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(prefix="/calendars", tags=["calendars"])

# An event carries all calendars of a workspace, and the journal every event.
MAX_DEFINITION_BYTES = 16_000
PLACE = re.compile(r"(?s)(.*) - at `\$\.?(.*)`")

Definition = Annotated[
    dict[str, Any], AfterValidator(storable), AfterValidator(at_most(MAX_DEFINITION_BYTES))
]
_SHAPE = (
    "`timezone`; `hours` by weekday (monday to sunday), each a list of `{from, to}` in HH:MM; `holidays` "
    "`{country, state, optional, municipal: [{date, name}]}`; `closed` `[{date, to, name}]`; `open` `[{date, hours, name}]`."
)


class NewCalendar(Input):
    """A calendar to make."""

    name: Name
    definition: Definition = Field(description=_SHAPE)


class CalendarChange(Input):
    """What changes on a calendar; a definition is given whole."""

    read_only: ClassVar[frozenset[str]] = Input.read_only
    name: Name = absent()
    definition: Definition = absent()


class CalendarAnswer(BaseModel):
    """A calendar."""

    id: UUID
    name: str
    definition: dict[str, Any] = Field(description=_SHAPE)
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_calendars(viewer: Reader, db: Tx, paging: Paged) -> Page[CalendarAnswer]:
    """Lists the workspace's calendars."""
    found = await store.list_calendars(
        db, viewer.workspace_id, limit=paging.limit + 1, after=after(paging.after)
    )
    total = await store.count_calendars(db, viewer.workspace_id)
    return paging.page(found, total, shape=_shape, place=lambda calendar: Place(calendar.id))


@router.post("", status_code=201)
async def make_calendar(calendar: NewCalendar, viewer: Editor, db: Tx) -> CalendarAnswer:
    """Makes a calendar; flows call it by its name."""
    _check(calendar.definition)
    if await store.count_calendars(db, viewer.workspace_id) >= MOST_CALENDARS:
        raise Refusal(409, "too_many_calendars", limit=MOST_CALENDARS)
    calendar_id = new_id()
    try:
        await store.insert_calendar(
            db,
            calendar_id,
            workspace_id=viewer.workspace_id,
            name=calendar.name,
            definition=calendar.definition,
        )
    except asyncpg.UniqueViolationError as taken:
        raise Refusal(409, "calendar_exists", field="name", name=calendar.name) from taken
    return _shape(await _found(db, viewer, calendar_id))


@router.get("/{calendar_id}")
async def get_calendar(calendar_id: UUID, viewer: Reader, db: Tx) -> CalendarAnswer:
    """Shows a calendar."""
    return _shape(await _found(db, viewer, calendar_id))


@router.put("/{calendar_id}")
@router.patch("/{calendar_id}")
async def change_calendar(
    calendar_id: UUID, change: CalendarChange, viewer: Editor, db: Tx
) -> CalendarAnswer:
    """Changes the fields that are given; running sessions see it at their next event."""
    await _found(db, viewer, calendar_id)
    given = change.given()
    if "definition" in given:
        _check(given["definition"])
    try:
        await store.update_calendar(db, viewer.workspace_id, calendar_id, changes=given)
    except asyncpg.UniqueViolationError as taken:
        raise Refusal(409, "calendar_exists", field="name", name=given["name"]) from taken
    return _shape(await _found(db, viewer, calendar_id))


@router.delete("/{calendar_id}", status_code=204)
async def delete_calendar(calendar_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes a calendar; flows that ask it leave by *error*."""
    if not await store.delete_calendar(db, viewer.workspace_id, calendar_id):
        raise not_found()


async def _found(db: Db, viewer: Viewer, calendar_id: UUID) -> CalendarRecord:
    calendar = await store.find_calendar(db, viewer.workspace_id, calendar_id)
    if calendar is None:
        raise not_found()
    return calendar


def _check(definition: Json) -> None:
    """Refuses what the engine could not read, with the place of the mistake."""
    try:
        parse_calendar(definition)
    except msgspec.ValidationError as mistake:
        found = PLACE.fullmatch(str(mistake))
        reason, path = (found[1], found[2]) if found else (str(mistake), "")
        field = ".".join(part for part in ("definition", _dotted(path)) if part)
        raise Refusal(422, "bad_calendar", field=field, reason=reason) from mistake


def _dotted(path: str) -> str:
    """Writes msgspec's `closed[0].date` as `closed.0.date`; it does not say which key `[...]` is."""
    return re.sub(r"\[(\d+)\]", r".\1", path.replace("[...]", ".*"))


def _shape(calendar: CalendarRecord) -> CalendarAnswer:
    return CalendarAnswer.model_validate(calendar, from_attributes=True)
