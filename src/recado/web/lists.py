"""Lists: an envelope with `items`, `total` and the cursor of the next page; a parameter that no list knows is refused."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import InitErrorDetails
from starlette.requests import Request

from recado.store.paging import Place
from recado.web.errors import Refusal
from recado.web.inputs import in_utc, unknown_field

Item = TypeVar("Item")
Record = TypeVar("Record")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[Item]
    total: int = Field(description="How many there are in all; lists of history count to 10,000.")
    next: str | None


class Paging(BaseModel):
    """Which part of a list is asked for."""

    limit: int
    after: Place | None

    model_config = {"arbitrary_types_allowed": True}

    def page(
        self,
        records: Sequence[Record],
        total: int,
        *,
        shape: Callable[[Record], Item],
        place: Callable[[Record], Place],
    ) -> Page[Item]:
        """Makes the envelope of records that were read with `limit` + 1."""
        shown = records[: self.limit]
        more = len(records) > self.limit
        following = _write(place(shown[-1])) if more else None
        return Page(items=[shape(record) for record in shown], total=total, next=following)


def _known_only(request: Request) -> None:
    """Refuses a parameter that the list does not know: a misspelt filter would seem to find everything."""
    names = sorted(_parameters(request.scope["route"].dependant))
    unknown = [name for name in request.query_params if name not in names]
    lines: list[InitErrorDetails] = [
        {"type": unknown_field(name, names), "loc": ("query", name), "input": name}
        for name in dict.fromkeys(unknown)
    ]
    if lines:
        refused = ValidationError.from_exception_data("query", lines)
        raise RequestValidationError(refused.errors())


def _parameters(dependant: Dependant) -> set[str]:
    """Names the query parameters of a route and of all that it depends on."""
    own = (_names(each.field_info.annotation, each.alias) for each in dependant.query_params)
    return set().union(*own, *map(_parameters, dependant.dependencies))


def _names(annotation: object, alias: str) -> set[str]:
    match annotation:
        case type() as kind if issubclass(kind, BaseModel):
            # Filters that are written as one model are still parameters of their own.
            return {info.alias or name for name, info in kind.model_fields.items()}
    return {alias}


def _paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    _: Annotated[None, Depends(_known_only)] = None,
) -> Paging:
    return Paging(limit=limit, after=None if cursor is None else _read(cursor))


def _long_paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    _: Annotated[None, Depends(_known_only)] = None,
) -> Paging:
    return Paging(limit=limit, after=None if cursor is None else _read(cursor))


Paged = Annotated[Paging, Depends(_paging)]
PagedLong = Annotated[Paging, Depends(_long_paging)]


def _write(place: Place) -> str:
    at = "" if place.at is None else place.at.isoformat()
    return base64.urlsafe_b64encode(f"{at} {place.id}".encode()).decode().rstrip("=")


def _read(cursor: str) -> Place:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, id = text.split(" ")
        return Place(at=in_utc(datetime.fromisoformat(at)) if at else None, id=UUID(id))
    except (ValueError, binascii.Error) as error:
        raise Refusal(422, "bad_cursor", field="cursor") from error
