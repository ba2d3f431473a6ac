"""The monthly partitions of `messages` and `journal`, cut at the bounds of uuidv7 ids (months are UTC)."""

from datetime import date

from recado.store.ids import month_floor
from recado.store.pool import Db

PARTITIONED = ("messages", "journal")
MONTHS_AHEAD = 2
# What becomes of a message is written into its row: room for that beside it, where no index needs to follow.
_SETTINGS = {"messages": "with (fillfactor = 75)"}
_LOCK = 0x7061_7274  # "part"


async def ensure_partitions(db: Db, today: date) -> list[str]:
    """Makes the partitions of this and the next two months that are missing; gives their names."""
    if not await _missing(db, today):
        return []
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", _LOCK)
        missing = await _missing(db, today)
        for table, month in missing:
            await _make(db, table, month)
    return [partition(table, month) for table, month in missing]


def partition(table: str, month: date) -> str:
    """Names the partition of a month, such as messages_2026_11."""
    return f"{table}_{month:%Y_%m}"


def months_after(day: date, months: int) -> date:
    """Gives the first day of the month that comes so many months after the month of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


async def _missing(db: Db, today: date) -> list[tuple[str, date]]:
    months = [months_after(today, ahead) for ahead in range(MONTHS_AHEAD + 1)]
    present = await _present(db)
    return [
        (table, month)
        for table in PARTITIONED
        for month in months
        if partition(table, month) not in present
    ]


async def _present(db: Db) -> set[str]:
    rows = await db.fetch(
        """select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = any ($1::text[]::regclass[])""",
        PARTITIONED,
    )
    return {row["relname"] for row in rows}


async def _make(db: Db, table: str, month: date) -> None:
    """Makes a partition beside the table, then attaches it: reading and writing of the table go on meanwhile."""
    name = partition(table, month)
    lower, upper = month_floor(month), month_floor(months_after(month, 1))
    settings = _SETTINGS.get(table, "")
    await db.execute(f"create table {name} (like {table} including all) {settings}")
    await db.execute(
        f"alter table {table} attach partition {name} for values from ('{lower}') to ('{upper}')"
    )
