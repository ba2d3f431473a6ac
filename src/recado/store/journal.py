"""The journal: one row per turn, from which a session can be replayed: event, luck, trace, effects."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from recado.store.together import Part


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A turn as it happened, its fields those of the type `new_turn`.

    `event`, `trace` and `effects` are JSON; `sent` are the messages it sent, in order, as encoded JSON.
    """

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    session_id: UUID
    flow_version_id: UUID
    message_id: UUID | None
    event: str
    trace: str
    effects: str
    sent: bytes = b"[]"


def append(entries: Sequence[Entry]) -> Part:
    """Writes turns, in the order given."""
    return Part(
        """insert into journal
                  (id, workspace_id, conversation_id, session_id, flow_version_id, message_id, event, trace,
                   effects, sent)
           select * from unnest($1::new_turn[])""",
        [[msgspec.structs.astuple(entry) for entry in entries]],
    )
