"""Writes down what happened: a turn with what came of it and why, for the journal; a message, for the history."""

import logging
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog

from recado.engine.advance import Turn
from recado.engine.events import Event, Message
from recado.store.ids import new_id
from recado.store.journal import Entry
from recado.store.mail import Mail
from recado.store.messages import NewMessage
from recado.store.sessions import Session

if TYPE_CHECKING:
    from recado.worker.lane import Lane

log = structlog.get_logger(__name__)


def entry(
    lane: "Lane", session: Session, event: Event, turn: Turn, sent: tuple[UUID, ...]
) -> Entry:
    """Makes a turn's row of the journal; `sent` are the messages it queued."""
    if log.is_enabled_for(logging.DEBUG):  # else nobody pays for the lines
        for visit in turn.trace.visits:
            for name in visit.missing():
                log.debug("missing_variable", node=visit.node, name=name, **lane.ids)
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


def heard(lane: "Lane", mail: Mail, message: Message, *, node: str | None) -> NewMessage:
    """Makes a message's row of the history, of the session that took it up; `node` is where that stood."""
    took = lane.took
    return NewMessage(
        id=mail.message_id or new_id(),
        workspace_id=lane.conversation.workspace_id,
        conversation_id=lane.conversation.id,
        direction="in",
        type=message.type,
        text=message.text,
        content=(mail.content or "{}").encode(),
        at=mail.at,
        status="received",
        key=mail.key,
        context_id=message.context_id,
        session_id=took.id if took else None,
        flow_id=took.flow_id if took else None,
        flow_version_id=took.flow_version_id if took else None,
        node_id=node,
    )
