"""Writes down a turn: what happened, what came of it and why, for the journal; unset variables for the log, too."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog

from recado.engine.advance import Turn
from recado.engine.events import Event
from recado.store.ids import new_id
from recado.store.journal import Entry
from recado.store.sessions import Session

if TYPE_CHECKING:
    from recado.worker.lane import Lane

log = structlog.get_logger(__name__)


def entry(
    lane: "Lane", session: Session, event: Event, turn: Turn, sent: tuple[UUID, ...]
) -> Entry:
    """Makes a turn's row of the journal; `sent` are the messages it queued."""
    for visit in turn.trace.visits:
        for name in visit.missing():
            log.debug("missing_variable", conversation=lane.id, node=visit.node, name=name)
    encode = msgspec.json.encode
    return Entry(
        id=new_id(),
        workspace_id=session.workspace_id,
        conversation_id=session.conversation_id,
        session_id=session.id,
        flow_version_id=session.flow_version_id,
        message_id=lane.heard.message_id if lane.heard else None,
        event=encode(event),
        trace=encode(turn.trace),
        effects=encode(turn.effects),
        sent=sent,
    )
