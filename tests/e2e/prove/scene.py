"""What the proofs under load share: what must never be counted, and looks at the database past the server."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from bench.server import Recado

NEVER = ("lost", "duplicate", "unexpected", "wrong_text", "stranger")
QUEUES = ("inbox", "outbox", "status_inbox")


def broken(counts: Mapping[str, Any]) -> dict[str, int]:
    """Gives what was counted though it must not happen."""
    return {name: counts[name] for name in NEVER if counts[name]}


async def queued(bot: Recado) -> int:
    """Counts what waits in the queues."""
    sums = " + ".join(f"(select count(*) from {queue})" for queue in QUEUES)
    return int(await _value(bot, f"select {sums}"))


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
