"""Fills a database with conversations that a server made once: each is a copy with ids and phones of its own.

A copy has its contact, its identities, a session that sleeps until tomorrow, its messages and its journal, so every
table and index that a turn touches grows as it would in years of use.
"""

import asyncio
from collections.abc import Sequence

import asyncpg

from bench.copies import copy_rows
from bench.e2e.load import load
from bench.server import Recado

AT_A_TIME = 20_000

# Each table: by which column the original's rows are found, and in what a copy differs, as in `copies.py`.
COPIES: dict[str, tuple[str, dict[str, str]]] = {
    "contacts": ("id", {"id": "g.contact", "phone": "g.phone", "user_id": "'BR.' || g.phone"}),
    "contact_identities": (
        "contact_id",
        {
            "contact_id": "g.contact",
            "value": "case t.kind when 'phone' then g.phone else 'BR.' || g.phone end",
        },
    ),
    "conversations": ("contact_id", {"id": "g.conversation", "contact_id": "g.contact"}),
    "conversation_states": (
        "conversation_id",
        {
            "id": "g.session",
            "conversation_id": "g.conversation",
            "wake_at": "now() + interval '1 day'",
        },
    ),
    "messages": (
        "conversation_id",
        {
            "id": "uuidv7()",
            "conversation_id": "g.conversation",
            "session_id": "g.session",
            "key": "t.key || g.n",
            "wamid": "t.wamid || g.n",
            "reply_to": "null",
        },
    ),
    "journal": (
        "conversation_id",
        {"id": "uuidv7()", "conversation_id": "g.conversation", "session_id": "g.session"},
    ),
}


def grow(bot: Recado, count: int) -> None:
    """Copies conversations until there are so many."""
    asyncio.run(_grow(bot, count))


async def _grow(bot: Recado, count: int) -> None:
    phone = await _talk(bot)
    db = await asyncpg.connect(bot.database)
    try:
        original = await db.fetchrow(
            """select c.id, v.id from contacts c join conversations v on v.contact_id = c.id
                where phone = $1""",
            phone,
        )
        have = await db.fetchval("select count(*) from conversations")
        for first in range(have, count, AT_A_TIME):
            await _copy(db, list(original), first, min(first + AT_A_TIME, count))
        await db.execute("vacuum analyze")
        await db.execute("checkpoint")
    finally:
        await db.close()


async def _talk(bot: Recado) -> str:
    """Lets one customer begin a conversation and leave it; gives the phone."""
    one = load(bot.url)
    async with one.meta(bot.graph_port):
        customer = one.customers.new()
        one.customers.say(customer)
        await one.rest()
    if customer.expected:
        raise RuntimeError("the conversation to copy was not answered")
    return customer.phone


async def _copy(db: asyncpg.Connection, original: Sequence[object], first: int, last: int) -> None:
    async with db.transaction():
        await db.execute("set local session_replication_role = replica")  # foreign keys hold anyway
        await db.execute(
            f"""create temporary table grown on commit drop as
                select n, (7000000000000 + n)::text as phone,
                       uuidv7() as contact, uuidv7() as conversation, uuidv7() as session
                  from generate_series({first}, {last - 1}) n"""
        )
        for table, (column, changes) in COPIES.items():
            contact, conversation = original
            own = conversation if column == "conversation_id" else contact
            of = f"select * from {table} where {column} = $1"
            await copy_rows(db, table, changes, of=of, beside="grown g", values=(own,))
