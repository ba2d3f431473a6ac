"""What a message or a timer means for a conversation: who has it, what answers it, whether it still may."""

from uuid import UUID

import structlog

from recado.engine.events import Message, Replied, Started, TimerFired, Trigger
from recado.engine.intake import SILENT, Intake, intake
from recado.engine.routing import BrokenFlow, NoChatbot, NumberInactive, Route, RunFlow
from recado.engine.state import Status
from recado.store.mail import Mail
from recado.store.sessions import Session
from recado.worker.consents import consent_in, record
from recado.worker.lane import BROKEN_FLOW, Lane
from recado.worker.record import heard

log = structlog.get_logger(__name__)


class StuckTimer(Exception):
    """A timer fired and left its own wait as it was: it would fire for ever."""


def hear(lane: Lane, mail: Mail, message: Message, *, more: bool = False) -> None:
    """Takes up a message: it is in the history in any case, and it starts or answers a session if it may.

    `more`: the next message that could answer is in the same take-up.
    """
    lane.heard, lane.took = mail, None
    lane.count(mail)
    node = lane.session.state.node if lane.session else None
    _judge(lane, message, mail, more=more)
    lane.writes.messages.append(heard(lane, mail, message, node=node))
    lane.heard = None


def wake(lane: Lane) -> None:
    """Fires the wait that is over, unless a person has the conversation."""
    session = lane.session
    if session is None or lane.rests:
        return
    wait, due = session.state.wait, session.state.wake_at
    if wait is None or due is None or due > lane.at or not may_run(lane, session):
        return
    # A burst that has gone silent is answered; everything else is our own idea.
    lane.origin = "reply" if wait.gather_until else "timer"
    lane.advance(TimerFired(**lane.happening(), token=wait.token))
    lane.origin = "reply"
    if lane.session and lane.session.state.wait == wait:
        raise StuckTimer(session.state.node)


def may_run(lane: Lane, session: Session) -> bool:
    """Ends a session whose number, chatbot or flow is gone; says whether it may go on."""
    chatbot = lane.chatbots.get(session.chatbot_id) if session.chatbot_id else None
    if lane.line.is_active is False:
        lane.stop("number_inactive")
    elif chatbot is None or not chatbot.is_active:
        lane.stop("chatbot_inactive")
    elif lane.program(session.flow_version_id) is None:
        _broken(lane, session.flow_id)
    else:
        return True
    return False


def start(lane: Lane, message: Message | None) -> None:
    """Begins a session with the flow that answers, with a message of the customer's or at somebody's order."""
    found = lane.route(message)
    if message and not _runs(lane, found):
        granted = consent_in(lane, message)
        if granted is not None:
            return record(lane, message, granted=granted)
    match found:
        case RunFlow() as flow:
            _begin(lane, flow, message)
        case NoChatbot() if not lane.with_a_person:
            log.error("no_chatbot", **lane.ids)
            lane.tell_once_a_day("no_chatbot")
        case BrokenFlow(flow_id=flow_id) if not lane.with_a_person:
            _broken(lane, flow_id)
        case NumberInactive() | NoChatbot() | BrokenFlow():
            log.info("nothing_starts", **lane.ids)
    return None


def _begin(lane: Lane, flow: RunFlow, message: Message | None) -> None:
    if lane.program(flow.version_id) is None:
        return _broken(lane, flow.flow_id)
    session = lane.begin(flow)
    trigger = Trigger(kind="api")
    if message:
        trigger = Trigger(kind=flow.trigger, text=message.text, message_id=message.id)
    return lane.advance(
        Started(
            **lane.happening(),
            session=str(session.id),
            flow=str(flow.flow_id),
            version=str(flow.version_id),
            trigger=trigger,
            message=message,
        )
    )


def _judge(lane: Lane, message: Message, mail: Mail, *, more: bool) -> None:
    if lane.line.is_active is False:
        log.warning("number_inactive", **lane.ids)
        return lane.stop("number_inactive")
    if lane.waits_for_a_flow and message.type not in SILENT and _runs(lane, lane.route(message)):
        lane.set_mode("bot")
    # A message that came in time does not expire because it had to wait for its turn.
    verdict = intake(lane.state, message, min(mail.received_at, lane.at), lane.world())
    if verdict is Intake.HISTORY:
        lane.took = lane.session
        return None
    if lane.mode == "closed":
        lane.stop("closed")
        lane.set_mode("bot")
    if lane.session and not _may_hear(lane, lane.session, message) and lane.with_a_person:
        return None
    if lane.session and verdict is Intake.REPLY:
        late = _is_late(lane, mail)
        return lane.advance(Replied(**lane.happening(), message=message, late=late, more=more))
    lane.stop("expired")
    return start(lane, message)


def _may_hear(lane: Lane, session: Session, message: Message) -> bool:
    """Says whether a message may go on to a flow: to this session's, or, if it is about consent, to any."""
    if lane.program(session.flow_version_id) is None and consent_in(lane, message) is not None:
        lane.stop("flow_broken")  # without its apology: nobody asked the flow anything
        return True
    return may_run(lane, session) or consent_in(lane, message) is not None


def _runs(lane: Lane, found: Route) -> bool:
    """Says whether there is a flow that answers, and that it can run."""
    return isinstance(found, RunFlow) and lane.program(found.version_id) is not None


def _is_late(lane: Lane, mail: Mail) -> bool:
    """Says whether a message came before the current question began to be sent, in the database's time.

    A sending that began later than now began before that clock was set back: then nothing can be told from it.
    """
    asked = lane.session.asked if lane.session else None
    if asked is None:
        return False
    if asked.began_at is None:
        return asked.queued
    return mail.received_at < asked.began_at <= lane.at


def _broken(lane: Lane, flow_id: UUID | None) -> None:
    """The flow cannot run: says so once and gives the conversation to a person."""
    number = str(lane.line.number_id)
    log.critical("flow_broken", flow=str(flow_id), **lane.ids)
    lane.alert("flow_broken", "critical", str(flow_id or number), {"number": number})
    lane.end(Status.FAILED)
    lane.tell("broken_flow")
    lane.set_mode("waiting", reason=BROKEN_FLOW)
