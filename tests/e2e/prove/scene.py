"""What the proofs under load share: their sizes, what must never be counted, and looks at the database past the server."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest
from bench.server import Recado

NEVER = ("lost", "duplicate", "unexpected", "wrong_text", "stranger")
QUEUES = ("inbox", "outbox", "status_inbox")


def broken(counts: Mapping[str, Any]) -> dict[str, int]:
    """Gives what was counted though it must not happen."""
    return {name: counts[name] for name in NEVER if counts[name]}


def short_and_full(short: Any, full: Any, *, within: tuple[int, int]) -> list[Any]:
    """Gives a proof's two sizes: one for every test run, one for `make prove`; `within` so many seconds each."""
    one, other = (each if isinstance(each, tuple) else (each,) for each in (short, full))
    return [
        pytest.param(*one, id="short", marks=pytest.mark.timeout(within[0])),
        pytest.param(*other, id="full", marks=[pytest.mark.prove, pytest.mark.timeout(within[1])]),
    ]


async def run_dry(bot: Recado) -> None:
    """Waits until the queues are empty."""
    waiting = "select " + " + ".join(f"(select count(*) from {queue})" for queue in QUEUES)
    async with asyncio.timeout(60):
        while await _value(bot, waiting):  # noqa: ASYNC110 - the event is in the database
            await asyncio.sleep(0.05)


async def history(bot: Recado) -> dict[str, int]:
    """Counts the messages of the history, in and out, that people wrote or got."""
    count = "select count(*) from messages where direction = '{}'"
    return {way: int(await _value(bot, count.format(way))) for way in ("in", "out")}


async def table_sizes(bot: Recado) -> dict[str, float]:
    """Gives the size of each table with its indexes, in MB; partitions count for their table."""
    db = await asyncpg.connect(bot.database)
    try:
        rows = await db.fetch(
            """select coalesce(i.inhparent, c.oid)::regclass::text as name,
                      sum(pg_total_relation_size(c.oid)) / 1048576.0 as size
                 from pg_class c left join pg_inherits i on i.inhrelid = c.oid
                where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                group by 1 order by 2 desc limit 10"""
        )
    finally:
        await db.close()
    return {row["name"]: round(float(row["size"]), 2) for row in rows}


async def _value(bot: Recado, query: str) -> Any:
    db = await asyncpg.connect(bot.database)
    try:
        return await db.fetchval(query)
    finally:
        await db.close()
