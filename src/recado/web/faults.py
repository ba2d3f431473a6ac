"""Which errors of a transaction are the fault of a row, and which mean that the database cannot be used now."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import asyncpg
import msgspec

from recado.store.contacts import ContactsContended
from recado.store.pool import Db, PoolBusy

Item = TypeVar("Item")

UNAVAILABLE = (
    OSError,  # refused, reset, timed out
    PoolBusy,
    asyncpg.InterfaceError,  # the connection or the pool was closed under us
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # a standby after a fail-over
    asyncpg.ObjectNotInPrerequisiteStateError,  # takes no connections just now
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

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
