"""Another tenant's bulk: a workspace with a number of its own and many messages for strangers, put in past the API."""

from typing import Any
from uuid import UUID

import asyncpg
from bench.copies import copy_rows
from bench.e2e.webhooks import number_id
from bench.server import Recado

from recado.config.key import decode_key
from recado.store import secrets
from recado.store.ids import new_id
from recado.store.pool import connect
from recado.store.secrets import Vault

PEOPLE = """create temporary table people on commit drop as
                select (6000000000000 + n)::text as phone, uuidv7() as contact, uuidv7() as conversation,
                       uuidv7() as message
                  from generate_series(1, $1::integer) n"""
# Each is a copy of a row that the server made, so that it looks as the server makes it: which one, and what differs.
COPIES: dict[str, tuple[str, dict[str, str]]] = {
    "contacts": ("true", {"id": "g.contact", "phone": "g.phone", "user_id": "null"}),
    "conversations": (
        "true",
        {"id": "g.conversation", "number_id": "i.number", "contact_id": "g.contact"},
    ),
    "messages": (
        "direction = 'out'",
        {
            "id": "g.message",
            "conversation_id": "g.conversation",
            "status": "'queued'",
            **dict.fromkeys(("status_at", "sending_at", "wamid", "session_id", "reply_to"), "null"),
        },
    ),
}
FOR_ALL = "people g cross join (select $1::uuid as workspace, $2::uuid as number) i"
QUEUE = """insert into outbox (id, workspace_id, number_id, conversation_id, content, origin, expires_at)
           select message, $1, $2, conversation, '{"type": "text", "body": "a todos"}', 'bulk', now() + interval '1 day'
             from people"""


async def queue_bulk(bot: Recado, count: int) -> UUID:
    """Queues so many messages of a new tenant; gives the number they are of. Somebody must have talked before."""
    db: Any = await connect(bot.database, application_name="recado test")
    try:
        async with db.transaction():
            workspace, number = await _tenant(db, bot)
            await db.execute("set local session_replication_role = replica")  # no foreign keys
            await db.execute(PEOPLE.replace("$1", str(count)))
            for table, (which, changes) in COPIES.items():
                of = f"select * from {table} where {which} limit 1"
                own = {**changes, "workspace_id": "i.workspace"}
                await copy_rows(db, table, own, of=of, beside=FOR_ALL, values=(workspace, number))
            await db.execute(QUEUE, workspace, number)
            await db.execute("select pg_notify('recado_outbox', '')")
        await db.execute("analyze")
    finally:
        await db.close()
    return number


async def bulk_left(bot: Recado) -> int:
    """Counts the bulk that still waits."""
    db = await asyncpg.connect(bot.database)
    try:
        return int(await db.fetchval("select count(*) from outbox where origin = 'bulk'"))
    finally:
        await db.close()


async def _tenant(db: Any, bot: Recado) -> tuple[UUID, UUID]:
    workspace, number = new_id(), new_id()
    await db.execute("insert into workspaces (id, name) values ($1, 'Bulk')", workspace)
    vault = Vault(decode_key((bot.data / "secret.key").read_text().strip()))
    token = await secrets.put(
        db, vault, workspace_id=workspace, purpose="access_token", value="EAAG-of-the-bulk"
    )
    changes = {
        "id": number,
        "workspace_id": workspace,
        "phone_number": "+6000000000000",
        "phone_shown": "+6000000000000",
        "phone_number_id": number_id(1),
        "waba_id": "bulk",
        "webhook_token": "bulk",
        "webhook_verify_token": "bulk",
        "access_token_id": token,
        "app_secret_id": None,
        "default_chatbot_id": None,
        "limits": {"messages_per_second": 1_000},  # what Meta gives at most
    }
    await db.execute(
        """insert into whatsapp_numbers
           select r.* from (select to_jsonb(n) as kept from whatsapp_numbers n limit 1) o
            cross join lateral jsonb_populate_record(null::whatsapp_numbers, kept || $1::jsonb) r""",
        {name: str(value) if isinstance(value, UUID) else value for name, value in changes.items()},
    )
    return workspace, number
