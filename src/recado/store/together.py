"""Several writes in one statement: a round trip for all of them, not for each.

The parts of a statement do not see each other and have no order, so no two may write the same row; foreign keys are
checked when all is done.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from recado.store.pool import Db

_PLACEHOLDER = re.compile(r"\$(\d+)")


class Part(msgspec.Struct, frozen=True):
    """A write whose placeholders count from one, and its values."""

    statement: str
    values: Sequence[object]


def columns(rows: Iterable[Sequence[object]]) -> tuple[tuple[object, ...], ...]:
    """Turns rows around: an array for each column, which is what `unnest` takes."""
    return tuple(zip(*rows, strict=True))


async def write(db: Db, parts: Sequence[Part]) -> None:
    """Writes the parts; none is no statement."""
    if parts:
        statement = _joined(tuple(part.statement for part in parts))
        await db.execute(statement, *(value for part in parts for value in part.values))


@lru_cache(maxsize=256)
def _joined(statements: tuple[str, ...]) -> str:
    """Makes one statement, its placeholders counted through."""
    named, count = [], 0
    for place, statement in enumerate(statements):
        named.append(f"part{place} as ({_shifted(statement, count)})")
        count += max(int(number) for number in _PLACEHOLDER.findall(statement))
    return f"with {', '.join(named)} select"


def _shifted(statement: str, by: int) -> str:
    return _PLACEHOLDER.sub(lambda found: f"${int(found[1]) + by}", statement)
