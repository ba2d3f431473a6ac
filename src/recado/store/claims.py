"""Which conversations need a turn, and the lock on them.

A conversation has work when it has waiting mail or a wait that is over. That is found by looking at the rows
themselves, never by a flag, so mail that comes between a turn's last read and its commit cannot be forgotten: the
next claim sees it. The lock is `for no key update` on the conversation: it excludes other turns, but not the
receiver, which adds inbox rows and otherwise leaves conversations alone: their rows only need the key to stay. What
a message changes on its conversation (window, unread) the turn that takes it up writes, under this lock.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from uuid import UUID

import asyncpg

from recado.store.pool import Db, Pool

# Everything in a turn is found by its key. So its statements are planned once, not each time anew (which costs several
# times what they do), and never by what PostgreSQL believes about the tables at that moment.
_BEGIN = """begin;
            set local plan_cache_mode = force_generic_plan;
            set local enable_seqscan = off"""

# The oldest mail because it has waited longest; the newest so that one number's backlog does not hide the rest.
_SAMPLE = 200

# Who had all the turns of a minute waits (store/pace.py). A hold longer than that is from a clock that was set back.
_NOT_HELD = """conversation_id not in (
           select conversation_id from held_conversations
            where until > statement_timestamp() and until <= statement_timestamp() + interval '1 minute')"""

# A subquery, not a join, and a clock that stands still during the statement: so that PostgreSQL walks the index of due
# waits, whatever it believes about the tables. Where a person has the conversation, timers are held; only a handoff's own
# may fire, as long as nobody has taken it.
_DUE = """s.wake_at <= statement_timestamp()
       and (select c.mode from conversations c where c.id = s.conversation_id)
           = case s.status when 'handed_off' then 'waiting' else 'bot' end"""

_WORK = f"""
with mail as (
    (select conversation_id, seq, tries from inbox
      where parked_at is null and {_NOT_HELD} order by seq limit {_SAMPLE})
    union all
    (select conversation_id, seq, tries from inbox
      where parked_at is null and {_NOT_HELD} order by seq desc limit {_SAMPLE})
), due as (
    select s.conversation_id, 0::bigint as seq, s.tries
      from conversation_states s
     where {_DUE} and {_NOT_HELD}
     order by s.wake_at limit {_SAMPLE}
), work as (
    select conversation_id, min(seq) as first, max(tries) as tries
      from (select * from mail union all select * from due) w group by conversation_id
), ranked as (
    select w.*, row_number() over (
               partition by (select c.number_id from conversations c where c.id = w.conversation_id)
               order by w.first) as place
      from work w
)
select c.id from (select conversation_id from ranked {{}}) r
"""

# Locks one candidate after the other, each found by its key, until there are enough that nobody else holds.
_LOCK = """cross join lateral (select c.id from conversations c where c.id = r.conversation_id
                                 for no key update skip locked) c
            limit $1"""


@asynccontextmanager
async def turning(pool: Pool) -> AsyncIterator[Db]:
    """Lends a connection with a transaction for turns, begun with its settings in one round trip."""
    async with pool.acquire() as db:
        await db.execute(_BEGIN)
        try:
            yield db
        except BaseException:
            with suppress(asyncpg.InterfaceError, OSError):  # a lost connection has rolled back
                await db.execute("rollback")
            raise
        await db.execute("commit")


async def claim_batch(db: Db, limit: int) -> list[UUID]:
    """Locks up to `limit` conversations with work, the numbers taking turns; leaves out what failed before."""
    query = _WORK.format("where tries = 0 order by place, first") + _LOCK
    rows = await db.fetch(query, limit)
    return sorted(row["id"] for row in rows)


async def claim_careful(db: Db) -> UUID | None:
    """Locks one conversation with work, those that never failed first."""
    query = _WORK.format("order by tries, place, first") + _LOCK
    row = await db.fetchrow(query, 1)
    return row["id"] if row else None


async def claim_tried(db: Db) -> UUID | None:
    """Locks one conversation whose next event failed before, here or in a process that died of it."""
    row = await db.fetchrow(
        f"""with tried as (
                select conversation_id, tries from inbox
                 where tries > 0 and parked_at is null and {_NOT_HELD}
                union all
                select s.conversation_id, s.tries from conversation_states s
                 where s.tries > 0 and {_DUE} and {_NOT_HELD}
            )
            select c.id from (select conversation_id from tried order by tries) r {_LOCK}""",
        1,
    )
    return row["id"] if row else None


async def claim(db: Db, conversation_id: UUID) -> bool:
    """Locks this conversation unless somebody else has it."""
    row = await db.fetchrow(
        "select id from conversations where id = $1 for no key update skip locked", conversation_id
    )
    return row is not None


async def clock(db: Db) -> datetime:
    """Reads the database's clock, the only one that orders events."""
    at: datetime = await db.fetchval("select clock_timestamp()")
    return at
