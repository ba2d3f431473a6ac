"""Numbers that are removed: gone at once for everybody, while a background job forgets their history bit by bit.

A removed number keeps its row until then, without anything that it could be found, reached or answered by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.store.pool import Db

JOB = "bury_number"


@dataclass(frozen=True, slots=True)
class Grave:
    """A removed number whose history is not forgotten yet; `former_id` was its phone_number_id."""

    id: UUID
    workspace_id: UUID
    former_id: str | None
    deleted_at: datetime


async def delete_number(db: Db, workspace_id: UUID, number_id: UUID) -> bool:
    """Removes a number, its secrets and what it has to send, and orders its burial; tells whether there was one."""
    secrets = await db.fetchval(
        """select array[app_secret_id, access_token_id] from whatsapp_numbers
            where workspace_id = $1 and id = $2 and deleted_at is null for update""",
        workspace_id,
        number_id,
    )
    if secrets is None:
        return False
    await db.execute(
        """update whatsapp_numbers set
                  deleted_at = now(), former_id = phone_number_id, is_active = false, phone_number_id = null,
                  waba_id = null, default_chatbot_id = null, app_secret_id = null, access_token_id = null,
                  graph_url = null, phone_number = id::text, webhook_token = id::text,
                  webhook_verify_token = id::text
            where id = $1""",
        number_id,
    )
    await db.execute("delete from secrets where id = any ($1::uuid[])", secrets)
    await db.execute("delete from outbox where number_id = $1", number_id)
    await db.execute(
        """insert into pgqueuer (priority, status, entrypoint, payload, dedupe_key)
           values (0, 'queued', $1, $2, $3) on conflict do nothing""",
        JOB,
        str(number_id).encode(),
        f"{JOB} {number_id}",
    )
    return True


async def graves(db: Db, number_id: UUID | None = None) -> list[Grave]:
    """Lists the removed numbers, or only this one if it is."""
    rows = await db.fetch(
        """select id, workspace_id, former_id, deleted_at from whatsapp_numbers
            where deleted_at is not null and ($1::uuid is null or id = $1) order by deleted_at""",
        number_id,
    )
    return [Grave(**row) for row in rows]


async def conversations(db: Db, number_id: UUID, *, limit: int) -> list[UUID]:
    """Lists some of a number's conversations."""
    rows = await db.fetch(
        "select id from conversations where number_id = $1 order by id limit $2", number_id, limit
    )
    return [row["id"] for row in rows]


async def forget_messages(db: Db, conversation_ids: Sequence[UUID], *, limit: int | None) -> int:
    """Forgets messages of conversations; tells how many."""
    return await _count(
        db,
        """with gone as (
             delete from messages where id = any (array(
               select id from messages where conversation_id = any ($1::uuid[]) limit $2)) returning 1)
           select count(*) from gone""",
        conversation_ids,
        limit,
    )


async def forget_journal(db: Db, conversation_ids: Sequence[UUID], *, limit: int | None) -> int:
    """Forgets what the journal tells of conversations; tells how many turns."""
    return await _count(
        db,
        """with gone as (
             delete from journal where id = any (array(
               select id from journal where conversation_id = any ($1::uuid[]) limit $2)) returning 1)
           select count(*) from gone""",
        conversation_ids,
        limit,
    )


async def lock_conversations(db: Db, ids: Sequence[UUID]) -> None:
    """Waits for the turns that are under way in conversations, and keeps others out."""
    await db.execute(
        "select from conversations where id = any ($1::uuid[]) order by id for update", ids
    )


async def forget_conversations(db: Db, ids: Sequence[UUID]) -> None:
    """Forgets conversations with their sessions and what still waits in them."""
    await db.execute("delete from conversations where id = any ($1::uuid[])", ids)


async def forget_posts(db: Db, grave: Grave, *, limit: int) -> int:
    """Forgets posts that came for a number before it was removed; tells how many."""
    return await _count(
        db,
        """with gone as (
             delete from webhook_log where id = any (array(
               select id from webhook_log
                where workspace_id = $1 and phone_number_id = $2 and received_at <= $3 limit $4))
             returning 1)
           select count(*) from gone""",
        grave.workspace_id,
        grave.former_id,
        grave.deleted_at,
        limit,
    )


async def forget_number(db: Db, number_id: UUID) -> None:
    """Forgets a removed number itself."""
    await db.execute(
        "delete from whatsapp_numbers where id = $1 and deleted_at is not null", number_id
    )


async def _count(db: Db, statement: str, *arguments: object) -> int:
    count: int = await db.fetchval(statement, *arguments)
    return count
