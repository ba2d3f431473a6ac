"""Lists: an envelope with `items`, `total` and the cursor of the next page."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from recado.store.paging import Place
from recado.web.errors import Refusal
from recado.web.inputs import in_utc

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


def _paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Paging:
    return Paging(limit=limit, after=None if cursor is None else _read(cursor))


def _long_paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
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
