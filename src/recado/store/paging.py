"""Where a page of a list begins: after a moment and an id, or after an id alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

# Lists of history stop counting here: an exact total of millions costs more than anybody needs it.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """The last row of a page."""

    id: UUID
    at: datetime | None = None


def after(place: Place | None) -> UUID | None:
    """Gives the id that the next page begins after, in lists that are in the order of their ids."""
    return None if place is None else place.id


def set_clause(
    changes: Mapping[str, Any], allowed: Iterable[str], *, first: int
) -> tuple[str, list[Any]]:
    """Writes `, column = $n` for each change, and their values; a column that is not allowed is a bug."""
    columns = sorted(changes)
    if strange := set(columns) - set(allowed):
        raise ValueError(f"not columns that may be set: {sorted(strange)}")
    clause = "".join(f", {column} = ${first + index}" for index, column in enumerate(columns))
    return clause, [changes[column] for column in columns]
