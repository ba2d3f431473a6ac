"""What a message or a timer means for a conversation: who has it, what answers it, whether it still may."""

from uuid import UUID

import msgspec
import structlog

from recado.engine.events import Message, Replied, Started, TimerFired, Trigger
from recado.engine.intake import Intake, intake
from recado.engine.routing import BrokenFlow, NoChatbot, NumberInactive, RunFlow, route
from recado.engine.state import Status
from recado.store.mail import Mail
from recado.store.sessions import Session
from recado.worker.lane import BROKEN_FLOW, Lane

log = structlog.get_logger(__name__)


class StuckTimer(Exception):
    """A timer fired and left its own wait as it was: it would fire for ever."""


def hear(lane: Lane, mail: Mail) -> None:
    """Takes up a message: it is in the history in any case, and it starts or answers a session if it may."""
    message = msgspec.convert(mail.message, Message)
    lane.heard, lane.took = mail, None
    node = lane.session.state.node if lane.session else None
    _judge(lane, message, mail)
    lane.remember(mail, message, node=node)
    lane.heard = None


def wake(lane: Lane) -> None:
    """Fires the wait that is over, unless a person has the conversation."""
    session = lane.session
    if session is None or lane.mode != "bot":
        return
    wait, due = session.state.wait, session.state.wake_at
    if wait is None or due is None or due > lane.at or not _may_run(lane, session):
        return
    lane.advance(TimerFired(**lane.happening(), token=wait.token))
    if lane.session and lane.session.state.wait == wait:
        raise StuckTimer(session.state.node)


def _judge(lane: Lane, message: Message, mail: Mail) -> None:
    if lane.line.is_active is False:
        log.warning("number_inactive", number=str(lane.line.number_id), conversation=lane.id)
        lane.stop("number_inactive")
    elif intake(None, message, lane.at) is Intake.HISTORY or (
        lane.with_a_person and not _is_mended(lane)
    ):
        lane.took = lane.session
    else:
        if lane.mode != "bot":
            lane.stop("closed")
            lane.set_mode("bot")
        if lane.session is None or _may_run(lane, lane.session) or not lane.with_a_person:
            _take_in(lane, message, mail)


def _is_mended(lane: Lane) -> bool:
    """Says whether a conversation waits only for a flow that has been put right since."""
    if not lane.waits_for_a_flow:
        return False
    found = route(lane.line.is_active, lane.line.own, lane.line.fallback)
    return isinstance(found, RunFlow) and found.version_id in lane.programs


def _may_run(lane: Lane, session: Session) -> bool:
    """Ends a session whose number, chatbot or flow is gone; says whether it may go on."""
    chatbot = lane.chatbots.get(session.chatbot_id) if session.chatbot_id else None
    if lane.line.is_active is False:
        lane.stop("number_inactive")
    elif chatbot is None or not chatbot.is_active:
        lane.stop("chatbot_inactive")
    elif session.flow_version_id not in lane.programs:
        _broken(lane, session.flow_id)
    else:
        return True
    return False


def _take_in(lane: Lane, message: Message, mail: Mail) -> None:
    state = lane.session.state if lane.session else None
    match intake(state, message, lane.at):
        case Intake.HISTORY:
            lane.took = lane.session
        case Intake.REPLY:
            late = _is_late(lane, mail)
            lane.advance(Replied(**lane.happening(), message=message, late=late))
        case Intake.EXPIRE:
            lane.stop("expired")
            _start(lane, message)
        case Intake.START:
            _start(lane, message)


def _is_late(lane: Lane, mail: Mail) -> bool:
    """Says whether a message came before the current question began to be sent, in the database's time."""
    asked = lane.session.asked if lane.session else None
    if asked is None:
        return False
    return asked.queued if asked.began_at is None else mail.received_at < asked.began_at


def _start(lane: Lane, message: Message) -> None:
    match route(lane.line.is_active, lane.line.own, lane.line.fallback):
        case RunFlow() as flow:
            if flow.version_id not in lane.programs:
                return _broken(lane, flow.flow_id)
            session = lane.begin(flow)
            trigger = Trigger(text=message.text, message_id=message.id)
            return lane.advance(
                Started(
                    **lane.happening(), session=str(session.id), trigger=trigger, message=message
                )
            )
        case NoChatbot():
            log.error("no_chatbot", number=str(lane.line.number_id), conversation=lane.id)
            return lane.tell_once_a_day("no_chatbot")
        case BrokenFlow(flow_id=flow_id):
            return _broken(lane, flow_id)
        case NumberInactive():
            return None


def _broken(lane: Lane, flow_id: UUID | None) -> None:
    """The flow cannot run: says so once and gives the conversation to a person."""
    number = str(lane.line.number_id)
    log.critical("flow_broken", flow=str(flow_id), number=number, conversation=lane.id)
    lane.alert("flow_broken", "critical", str(flow_id or number), {"number": number})
    lane.end(Status.FAILED)
    lane.tell("broken_flow")
    lane.set_mode("waiting", reason=BROKEN_FLOW)
