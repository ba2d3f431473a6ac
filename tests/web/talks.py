"""Conversations in a test's database: numbers, contacts, threads, sessions, messages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from recado.engine.phones import canonical
from recado.store.ids import new_id
from tests.web.api import Api

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Thread:
    """A conversation in the database."""

    id: UUID
    number_id: UUID
    contact_id: UUID


async def number(api: Api, phone: str = "11 98888-0001") -> UUID:
    """Registers a number; gives its id."""
    body = {"phone_number": phone, "connection_type": "official"}
    return UUID((await api.post("/whatsapp", body)).body["id"])


async def contact(api: Api, phone: str = "5511999990000", name: str = "Maria") -> UUID:
    """Adds a contact with a phone; gives its id."""
    id = new_id()
    await api.pool.execute(
        "insert into contacts (id, workspace_id, name, phone) values ($1, $2, $3, $4)",
        id,
        api.workspace_id,
        name,
        phone,
    )
    await api.pool.execute(
        "insert into contact_identities values ($1, 'phone', $2, $3)",
        api.workspace_id,
        canonical(phone),
        id,
    )
    return id


async def thread(
    api: Api, *, number_id: UUID, contact_id: UUID, last: datetime | None = NOW
) -> Thread:
    """Adds a conversation."""
    id = new_id()
    await api.pool.execute(
        """insert into conversations (id, workspace_id, number_id, contact_id, last_message_at)
           values ($1, $2, $3, $4, $5)""",
        id,
        api.workspace_id,
        number_id,
        contact_id,
        last,
    )
    return Thread(id, number_id, contact_id)


async def session(api: Api, conversation: UUID, **changed: Any) -> dict[str, Any]:
    """Adds a session to a conversation; gives its row."""
    row: dict[str, Any] = {
        "id": new_id(),
        "workspace_id": api.workspace_id,
        "conversation_id": conversation,
        "flow_id": new_id(),
        "flow_version_id": new_id(),
        "status": "active",
        "current_node_id": "ask",
        "variables": {"nome": "Maria"},
        "execution_path": ["start", "ask"],
        "session_expires_at": NOW + timedelta(days=1),
        **changed,
    }
    columns, marks = ", ".join(row), ", ".join(f"${i + 1}" for i in range(len(row)))
    await api.pool.execute(
        f"insert into conversation_states ({columns}) values ({marks})", *row.values()
    )
    return row


async def message(
    api: Api, conversation: UUID, text: str, *, out: bool = False, flow_id: UUID | None = None
) -> UUID:
    """Adds a message to a conversation; gives its id."""
    id = new_id()
    await api.pool.execute(
        """insert into messages (id, workspace_id, conversation_id, direction, type, text, content, key,
                                 flow_id, node_id, at)
           values ($1, $2, $3, $4, 'text', $5, '{}', $6, $7, 'ask', $8)""",
        id,
        api.workspace_id,
        conversation,
        "out" if out else "in",
        text,
        None if out else f"wamid.{id.hex}",
        flow_id,
        NOW,
    )
    return id


async def one(api: Api) -> Thread:
    """Adds a number, a contact and their conversation."""
    return await thread(api, number_id=await number(api), contact_id=await contact(api))
