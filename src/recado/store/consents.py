"""What contacts said about being written to first, kept word for word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A yes or no; `message_id` is Meta's id of the message that said it."""

    id: UUID
    workspace_id: UUID
    contact_id: UUID
    conversation_id: UUID
    granted: bool
    words: str
    message_id: str | None
    at: datetime


async def insert(db: Db, consents: Sequence[Consent]) -> None:
    """Records consents; what follows from the last of them is on the contact."""
    if not consents:
        return
    await db.execute(
        """insert into consents
                  (id, workspace_id, contact_id, conversation_id, granted, words, message_id, created_at)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::boolean[], $6::text[],
                  $7::text[], $8::timestamptz[])""",
        *zip(*(_row(consent) for consent in consents), strict=True),
    )


def _row(c: Consent) -> tuple[object, ...]:
    return (
        c.id,
        c.workspace_id,
        c.contact_id,
        c.conversation_id,
        c.granted,
        c.words,
        c.message_id,
        c.at,
    )
