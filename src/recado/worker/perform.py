"""What each effect of the engine writes: exactly one handler each, or mypy complains."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never
from uuid import UUID

import msgspec
import structlog

from recado.engine.content import Content, Media, Template, words
from recado.engine.effects import (
    Alert,
    Call,
    Consent,
    Effect,
    EndSession,
    Handoff,
    Notify,
    Send,
    TakeBack,
    Track,
    UpdateContact,
)
from recado.store import consents
from recado.store.calls import NewCall
from recado.store.ids import new_id
from recado.store.messages import NewMessage
from recado.store.outbox import NewSend, Person
from recado.store.sessions import Asked, Session
from recado.store.tracked import Tracked

if TYPE_CHECKING:
    from recado.worker.lane import Lane

WINDOW = timedelta(hours=24)  # Meta's, after the customer's last word
TEMPLATE_LIVES = timedelta(days=1)  # what it says is about today

log = structlog.get_logger(__name__)


def perform(lane: "Lane", effect: Effect) -> None:
    """Does what the engine asked for, in the lane's writes."""
    match effect:
        case Send():
            send(lane, effect, session=lane.session)
        case Call():
            _call(lane, effect)
        case Handoff():
            log.info("handed_off", reason=effect.reason, **lane.ids)
            lane.set_mode("waiting", to=effect)
        case TakeBack():
            lane.set_mode("bot")
        case UpdateContact():
            _update_contact(lane, effect)
        case Consent():
            _consent(lane, effect)
        case Track():
            _track(lane, effect)
        case Notify():
            _notify(lane, effect)
        case EndSession():
            _log_end(lane, effect)
        case Alert():
            _alert(lane, effect)
        case _:
            assert_never(effect)


def send(lane: "Lane", effect: Send, *, session: Session | None) -> None:
    """Writes a message into the history and queues it; `asks` starts the clock of the question's lateness."""
    conversation, id = lane.conversation, new_id()
    token, confirm = _token(session, effect)
    if confirm:  # the wait is for the last message of its visit
        rows = lane.writes.sends
        rows[:] = [replace(row, confirm=row.confirm and row.token != token) for row in rows]
    content = msgspec.json.encode(effect.content)
    lane.writes.messages.append(_message(lane, effect, session, id, content))
    # A template is paid for, needs no open window, and is what opting out blocks, whatever it answers.
    begins = isinstance(effect.content, Template)
    lane.writes.sends.append(
        NewSend(
            id=id,
            workspace_id=conversation.workspace_id,
            number_id=conversation.number_id,
            conversation_id=conversation.id,
            content=content,
            reply_to=effect.reply_to,
            policy="at_most_once" if begins else "at_least_once",
            expires_at=lane.at + TEMPLATE_LIVES if begins else lane.expires_at,
            token=token,
            confirm=confirm,
            origin="timer" if begins else lane.origin,
            to=_person(lane),
        )
    )
    lane.sent = id
    if not lane.heard:  # what was heard has moved it already
        lane.writes.touch(conversation.id).moved = True
    if effect.asks and lane.session:
        lane.session = msgspec.structs.replace(lane.session, asked=Asked(id, None, queued=True))


def _person(lane: "Lane") -> Person:
    """Makes whom it goes to; who opened Meta's window wrote when it began."""
    contact, ends_at = lane.contact, lane.window
    wrote_at = ends_at - WINDOW if ends_at else None
    return Person(contact.id, contact.phone, contact.user_id, wrote_at)


def _message(
    lane: "Lane", effect: Send, session: Session | None, id: UUID, content: bytes
) -> NewMessage:
    """Makes the row of the history."""
    return NewMessage(
        id=id,
        workspace_id=lane.conversation.workspace_id,
        conversation_id=lane.conversation.id,
        direction="out",
        type=kind(effect.content),
        text=words(effect.content),
        content=content,
        at=lane.at,
        status="queued",
        context_id=effect.reply_to,
        session_id=session.id if session else None,
        flow_id=session.flow_id if session else None,
        flow_version_id=session.flow_version_id if session else None,
        node_id=effect.node,
        reply_to=lane.heard.message_id if lane.heard else None,
    )


def _token(session: Session | None, effect: Send) -> tuple[str | None, bool]:
    """Names the wait that a message carries, the one that its own visit began; says whether it is for the message."""
    wait = session.state.wait if session else None
    if wait is None or wait.token != effect.visit:
        return None, False
    return wait.token, wait.kind == "send"


def kind(content: Content) -> str:
    """Names a content's type for the history, a file by what it is."""
    match content:
        case Media(kind=name):
            return name
        case _:
            return str(type(content).__struct_config__.tag)


def _call(lane: "Lane", effect: Call) -> None:
    session = lane.session
    if session is None:
        raise ValueError("a call without a session")
    heard = session.state.message
    lane.writes.calls.append(
        NewCall(
            id=new_id(),
            workspace_id=session.workspace_id,
            conversation_id=session.conversation_id,
            session_id=session.id,
            flow_version_id=session.flow_version_id,
            node_id=effect.node,
            token=effect.token,
            kind=str(type(effect.request).__struct_config__.tag),
            request=msgspec.json.encode(effect.request),
            timeout=effect.timeout,
            repeatable=effect.repeatable,
            origin=lane.origin,
            heard=heard.id if heard else None,
        )
    )


def _log_end(lane: "Lane", effect: EndSession) -> None:
    if log.is_enabled_for(logging.DEBUG):  # else nobody pays for the line
        session = str(lane.session.id) if lane.session else None
        log.debug("session_ended", session=session, status=effect.status, **lane.ids)


def _track(lane: "Lane", effect: Track) -> None:
    session = lane.session
    lane.writes.tracked.append(
        Tracked(
            id=new_id(),
            workspace_id=lane.conversation.workspace_id,
            conversation_id=lane.conversation.id,
            session_id=session.id if session else None,
            flow_id=session.flow_id if session else None,
            flow_version_id=session.flow_version_id if session else None,
            node_id=effect.node,
            event=effect.event,
            value=effect.value,
            properties=effect.properties,
            goal=effect.goal,
            at=lane.at,
        )
    )


def _notify(lane: "Lane", effect: Notify) -> None:
    """Every notice is a matter of its own: alerts about one matter keep only the last one's words."""
    details = {"text": effect.text, "team": effect.team or "", "node": effect.node or ""}
    lane.alert("team_notice", "info", str(new_id()), details)


def _update_contact(lane: "Lane", effect: UpdateContact) -> None:
    contact = lane.contact
    tags = [tag for tag in contact.tags if tag not in effect.remove_tags]
    tags += [tag for tag in _unique(effect.add_tags) if tag not in tags]
    fields = {**contact.fields, **effect.fields}
    lane.contact = msgspec.structs.replace(
        contact, tags=tags, fields=fields, name=effect.name or contact.name
    )
    change = lane.writes.contact(contact.id)
    change.name = effect.name or change.name
    change.then(add=effect.add_tags, remove=effect.remove_tags, fields=effect.fields)


def _consent(lane: "Lane", effect: Consent) -> None:
    log.info("consent", granted=effect.granted, **lane.ids)
    lane.contact = msgspec.structs.replace(lane.contact, opted_out=not effect.granted)
    lane.writes.contact(lane.contact.id).opted_out = not effect.granted
    lane.writes.consents.append(
        consents.Consent(
            id=new_id(),
            workspace_id=lane.conversation.workspace_id,
            contact_id=lane.contact.id,
            conversation_id=lane.conversation.id,
            granted=effect.granted,
            words=effect.words,
            message_id=effect.message_id,
            at=lane.at,
        )
    )


def _unique(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _alert(lane: "Lane", effect: Alert) -> None:
    flow = str(lane.session.flow_id) if lane.session else ""
    log.warning(effect.kind, flow=flow, node=effect.node, **lane.ids)
    lane.alert(effect.kind, "warning", flow, {"node": effect.node or "", "detail": effect.detail})
