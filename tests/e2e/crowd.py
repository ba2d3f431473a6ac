"""A database that has been in use for a while: rows of a real conversation, many times over."""

from datetime import UTC, datetime

from bench.copies import copy_rows

from recado.store.partitions import PARTITIONED, ensure_partitions, months_after
from recado.store.pool import Db

MANY = 20_000
LARGE = (
    *("contacts", "contact_identities", "conversations", "conversation_states", "messages"),
    *("journal", "inbox", "inbox_seen", "outbox"),
)
# An id of one of the last two months, as in store/ids.py.
_OLD_ID = """(lpad(to_hex((extract(epoch from now() - n * interval '4 minutes') * 1000)::bigint), 12, '0')
              || '7000' || substr(md5(n::text), 1, 16))::uuid"""
_THREAD, _CONTACT = "md5('thread' || n)::uuid", "md5('contact' || n)::uuid"
_LATER = "now() + interval '20 hours'"


async def crowd(db: Db) -> None:
    """Multiplies what is there. A second number is held, with a queue; mail is parked, and timers are not due yet."""
    today = datetime.now(UTC).date()
    for ago in (1, 2):
        await ensure_partitions(db, months_after(today, -ago))
    number = "md5('number')::uuid"
    named = {"phone_number": "'+5511900000001'", "phone_number_id": "'101'", "webhook_token": "'b'"}
    await _multiply(db, "whatsapp_numbers", 1, id=number, **named)
    await db.execute(
        f"""insert into number_senders (number_id, owner, epoch, until, held_until, hold)
            values ({number}, md5('owner')::uuid, 0, '-infinity', 'infinity', 'maintenance')"""
    )
    await _multiply(db, "contacts", MANY, id=_CONTACT)
    await _multiply(db, "contact_identities", MANY, value="'9' || n", contact_id=_CONTACT)
    await _multiply(
        db, "conversations", MANY, id=_THREAD, number_id=number, contact_id=_CONTACT,
        last_message_at="now() - n * interval '1 minute'",
    )  # fmt: skip
    await _multiply(
        db, "conversation_states", MANY, id="md5('session' || n)::uuid", conversation_id=_THREAD,
        asked_message_id=_OLD_ID, wake_at=_LATER, session_expires_at=_LATER,
    )  # fmt: skip
    await _multiply(
        db, "messages", MANY, id=_OLD_ID, conversation_id=_THREAD, wamid="'wamid.crowd' || n",
        key="'wamid.crowd' || n",
    )  # fmt: skip
    await _multiply(db, "journal", MANY, id=_OLD_ID, conversation_id=_THREAD)
    await _multiply(db, "inbox_seen", MANY, key="'wamid.crowd' || n")
    await _multiply(
        db, "inbox", MANY, message_id=_OLD_ID, conversation_id=_THREAD, key="'wamid.crowd' || n",
        parked_at="now()",
    )  # fmt: skip
    await _multiply(
        db, "outbox", MANY, id=_OLD_ID, conversation_id=_THREAD, number_id=number,
        expires_at=_LATER, status="'queued'",
    )  # fmt: skip
    await db.execute("vacuum analyze")


async def _multiply(db: Db, table: str, count: int, **changed: str) -> None:
    """Adds copies of a row, the `n`th with these columns changed."""
    of, beside = f"select * from {table} limit 1", f"generate_series(1, {count}) n"
    await copy_rows(db, table, changed, of=of, beside=beside)


def whole(relation: str) -> str:
    """Gives the table that a relation is, or is a partition of."""
    return next((name for name in PARTITIONED if relation.startswith(f"{name}_2")), relation)


def is_large(relation: str) -> bool:
    """Says whether a table has many rows."""
    return whole(relation) in LARGE
