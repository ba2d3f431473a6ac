"""What came in and waits: messages for their turn, statuses for being merged."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from recado.store.pool import Db


class InboxRow(msgspec.Struct, frozen=True):
    """A message on its way into the inbox."""

    message_id: UUID
    workspace_id: UUID
    conversation_id: UUID
    phone_number_id: str
    key: str
    message: bytes
    at: datetime


class StatusRow(msgspec.Struct, frozen=True):
    """Meta's word on a message of ours, as it came."""

    phone_number_id: str
    wamid: str
    opaque: str | None
    status: str
    at: datetime
    payload: bytes


async def add_messages(db: Db, rows: Sequence[InboxRow]) -> set[tuple[str, str]]:
    """Adds the messages that were never seen before, in order of time; gives their (phone_number_id, key).

    Their conversations are not touched: a turn may hold them for long, and everybody's posts share this transaction.
    """
    fresh = await db.fetch(
        """with given as (
               select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[],
                                    $7::timestamptz[]) with ordinality
                          as g (message_id, workspace_id, conversation_id, phone_number_id, key, message, at, n)
           ), fresh as (
               insert into inbox_seen (phone_number_id, key)
               select phone_number_id, key from given order by phone_number_id, key
                   on conflict do nothing returning phone_number_id, key
           ), stored as (
               insert into inbox (message_id, workspace_id, conversation_id, key, message, at)
               select message_id, workspace_id, conversation_id, key, message, at
                 from given join fresh using (phone_number_id, key) order by at, n
           )
           select phone_number_id, key from fresh""",
        [row.message_id for row in rows],
        [row.workspace_id for row in rows],
        [row.conversation_id for row in rows],
        [row.phone_number_id for row in rows],
        [row.key for row in rows],
        [row.message for row in rows],
        [row.at for row in rows],
    )
    return {(row[0], row[1]) for row in fresh}


async def seen(db: Db, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Finds which (phone_number_id, key) have been stored before."""
    rows = await db.fetch(
        """select phone_number_id, key from unnest($1::text[], $2::text[]) as k (phone_number_id, key)
             join inbox_seen using (phone_number_id, key)""",
        [phone_number_id for phone_number_id, _ in keys],
        [key for _, key in keys],
    )
    return {(row[0], row[1]) for row in rows}


async def mark_seen(db: Db, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Remembers (phone_number_id, key) of what has no place in the inbox; gives those that are new."""
    rows = await db.fetch(
        """insert into inbox_seen (phone_number_id, key)
           select * from unnest($1::text[], $2::text[]) as k (phone_number_id, key)
            order by phone_number_id, key
               on conflict do nothing returning phone_number_id, key""",
        [phone_number_id for phone_number_id, _ in keys],
        [key for _, key in keys],
    )
    return {(row[0], row[1]) for row in rows}


async def add_statuses(db: Db, rows: Sequence[StatusRow]) -> None:
    """Adds statuses in the order of arrival; the same one twice is harmless, since merging them is idempotent."""
    await db.execute(
        """insert into status_inbox (phone_number_id, wamid, opaque, status, at, payload)
           select phone_number_id, wamid, opaque, status, at, payload
             from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])
                  with ordinality as s (phone_number_id, wamid, opaque, status, at, payload, n)
            order by n""",
        [row.phone_number_id for row in rows],
        [row.wamid for row in rows],
        [row.opaque for row in rows],
        [row.status for row in rows],
        [row.at for row in rows],
        [row.payload for row in rows],
    )


async def notify(db: Db, *, turns: bool, statuses: bool) -> None:
    """Tells other processes what there will be to take, once this transaction is committed."""
    await db.execute(
        """select pg_notify(channel, '') from unnest($1::text[]) as channel""",
        channels(turns=turns, statuses=statuses),
    )


def channels(*, turns: bool, statuses: bool) -> list[str]:
    """Names the channels on which other processes hear of what there is to take."""
    return ["recado_inbox"] * turns + ["recado_status"] * statuses
