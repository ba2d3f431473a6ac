"""Numbers that the fake Meta serves: those with a Graph address of their own, which only `recado up` gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class FakeServed:
    """What the fake Meta must know of a number after a restart."""

    phone_number_id: str
    waba_id: str | None
    phone_number: str
    display_name: str | None
    access_token_id: UUID
    app_secret_id: UUID | None
    webhook_url: str | None
    webhook_verify_token: str


async def claim_for_fake(db: Db, *, graph_url: str) -> Sequence[FakeServed]:
    """Gives every such number, in all workspaces, the fake's present address, and lists them."""
    rows = await db.fetch(
        """update whatsapp_numbers set graph_url = $1
            where graph_url is not null and phone_number_id is not null and access_token_id is not null
           returning phone_number_id, waba_id, phone_number, display_name, access_token_id,
                     app_secret_id, webhook_url, webhook_verify_token""",
        graph_url,
    )
    return [FakeServed(**row) for row in rows]
