"""The journal: one row per turn, from which a session can be replayed: event, luck, trace, effects."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from recado.store.together import Part, columns


class Entry(msgspec.Struct, frozen=True, kw_only=True):
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


def append(entries: Sequence[Entry]) -> Part:
    """Writes turns, in the order given."""
    return Part(
        """insert into journal
                  (id, workspace_id, conversation_id, session_id, flow_version_id, message_id, event, trace,
                   effects, sent)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
                  $7::text[], $8::text[], $9::text[], $10::jsonb[])""",
        columns(_row(entry) for entry in entries),
    )


def _row(e: Entry) -> tuple[object, ...]:
    return (
        e.id,
        e.workspace_id,
        e.conversation_id,
        e.session_id,
        e.flow_version_id,
        e.message_id,
        e.event.decode(),
        e.trace.decode(),
        e.effects.decode(),
        msgspec.json.encode(e.sent),
    )
