"""What is forgotten, and when. Each function deletes at most `limit` rows, so that no statement holds locks long."""

from datetime import date, datetime

from recado.store.ids import floor
from recado.store.pool import Db


async def forget_seen(db: Db, *, before: date, limit: int) -> int:
    """Forgets which messages were seen before a day; tells how many."""
    return await _count(
        db,
        """with gone as (
             delete from inbox_seen where ctid = any (array(
               select ctid from inbox_seen where day < $1 limit $2)) returning 1)
           select count(*) from gone""",
        before,
        limit,
    )


async def forget_posts(db: Db, *, before: datetime, limit: int) -> int:
    """Forgets the webhook posts received before a moment; tells how many."""
    return await _count(
        db,
        """with gone as (
             delete from webhook_log where id = any (array(
               select id from webhook_log where received_at < $1 limit $2)) returning 1)
           select count(*) from gone""",
        before,
        limit,
    )


async def forget_sign_ins(db: Db, *, before: datetime, limit: int) -> int:
    """Forgets where people were signed in until a moment; tells how many."""
    return await _count(
        db,
        """with gone as (
             delete from sessions_web where token_hash = any (array(
               select token_hash from sessions_web where expires_at < $1 limit $2)) returning 1)
           select count(*) from gone""",
        before,
        limit,
    )


async def forget_sessions(db: Db, *, before: datetime, limit: int) -> int:
    """Forgets the ended sessions in which nothing happened since a moment; tells how many.

    A session began before its last activity, so its id narrows the search and no index on hot columns is needed.
    """
    return await _count(
        db,
        """with gone as (
             delete from conversation_states where id = any (array(
               select id from conversation_states
                where id < $3 and status not in ('active', 'handed_off')
                  and updated_at < $1 and coalesce(last_message_at, updated_at) < $1
                order by id limit $2)) returning 1)
           select count(*) from gone""",
        before,
        limit,
        floor(before),
    )


async def _count(db: Db, statement: str, *arguments: object) -> int:
    count: int = await db.fetchval(statement, *arguments)
    return count
