"""The journal: one row per turn, from which a session can be replayed: event, luck, trace, effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A turn as it happened. `event`, `trace` and `effects` are encoded JSON; `sent` are the messages it sent, in order."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    session_id: UUID
    flow_version_id: UUID
    message_id: UUID | None
    event: bytes
    trace: bytes
    effects: bytes
    sent: tuple[UUID, ...] = ()


async def append(db: Db, entries: Sequence[Entry]) -> None:
    """Writes turns."""
    if not entries:
        return
    await db.execute(
        """insert into journal
                  (id, workspace_id, conversation_id, session_id, flow_version_id, message_id, event, trace,
                   effects, sent)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
                  $7::jsonb[], $8::jsonb[], $9::jsonb[], $10::jsonb[])""",
        *zip(*(_row(e) for e in sorted(entries, key=lambda e: e.id)), strict=True),
    )


def _row(e: Entry) -> tuple[object, ...]:
    return (
        e.id,
        e.workspace_id,
        e.conversation_id,
        e.session_id,
        e.flow_version_id,
        e.message_id,
        e.event,
        e.trace,
        e.effects,
        tuple(str(id) for id in e.sent),  # a list would be taken for an array in the array
    )
