"""Which errors of a transaction are the fault of a row: what is left besides `store.pool.UNAVAILABLE`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import asyncpg
import msgspec

from recado.store.contacts import ContactsContended
from recado.store.pool import UNAVAILABLE, Db

Item = TypeVar("Item")

# Tried after UNAVAILABLE, which PostgresError includes. Whatever a single odd row can raise must not stop the others.
ROW_FAULTS = (
    asyncpg.PostgresError,
    msgspec.MsgspecError,
    ContactsContended,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
)


async def one_by_one(
    db: Db, items: Sequence[Item], work: Callable[[Sequence[Item]], Awaitable[None]]
) -> list[tuple[Item, Exception]]:
    """Does the work for all items but those that fail alone, which are given back; halves find them quickly."""
    if not items:
        return []
    try:
        async with db.transaction():
            await work(items)
    except UNAVAILABLE:
        raise
    except ROW_FAULTS as problem:
        if len(items) == 1:
            return [(items[0], problem)]
        middle = len(items) // 2
        failed = await one_by_one(db, items[:middle], work)
        return failed + await one_by_one(db, items[middle:], work)
    return []
