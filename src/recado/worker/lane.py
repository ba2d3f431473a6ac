"""One conversation at work: runs its turns and gathers what they write.

Pure but for ids: time and luck come from outside, rows are loaded before and written after. `hear.py` decides what a
message or a timer means for it; `perform.py` says what each effect writes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import structlog

from recado.engine.advance import advance
from recado.engine.compile import Program
from recado.engine.content import Text
from recado.engine.effects import Effect, Send
from recado.engine.events import Event, Message, Started, Stopped, World
from recado.engine.routing import RunFlow
from recado.engine.state import State, Status
from recado.engine.texts import say
from recado.engine.trace import Trace
from recado.store.alerts import NewAlert, Severity
from recado.store.ids import new_id
from recado.store.journal import Entry
from recado.store.mail import Mail
from recado.store.messages import NewMessage
from recado.store.sessions import Session
from recado.store.worlds import Chatbot, Contact, Conversation, Line
from recado.worker import perform
from recado.worker.world import world
from recado.worker.write import Writes

WINDOW = timedelta(hours=24)
PERSON = ("waiting", "human")
BROKEN_FLOW = "broken_flow"

log = structlog.get_logger(__name__)


class Happened(TypedDict):
    """What every event carries."""

    at: datetime
    seed: int
    world: World


@dataclass(slots=True)
class Lane:
    """A conversation at work. `heard` is the message that a turn answers; `took` the session that took it up."""

    conversation: Conversation
    line: Line
    session: Session | None
    chatbots: dict[UUID, Chatbot]
    programs: dict[UUID, Program]
    at: datetime
    luck: Callable[[], int]
    writes: Writes
    contact: Contact = field(init=False)
    mode: str = field(init=False)
    waiting_reason: str | None = field(init=False)
    notified_at: datetime | None = field(init=False)
    heard: Mail | None = None
    took: Session | None = None

    def __post_init__(self) -> None:
        self.contact = self.conversation.contact
        self.mode = self.conversation.mode
        self.waiting_reason = self.conversation.waiting_reason
        self.notified_at = self.conversation.notified_at

    @property
    def id(self) -> str:
        """Gives the conversation's id as logs and alerts write it."""
        return str(self.conversation.id)

    @property
    def with_a_person(self) -> bool:
        """Says whether a person has the conversation, or is to take it."""
        return self.mode in PERSON

    @property
    def expires_at(self) -> datetime:
        """Says until when a message of this turn may be sent.

        A message that was just heard opens 24 hours even if it says that it is older (tests made by hand carry old
        times): then Meta decides. Without one, the window is what it is.
        """
        window = self.conversation.window_expires_at
        if window is None or (self.heard and window <= self.at):
            return self.at + WINDOW
        return window

    # Turns.

    def begin(self, flow: RunFlow) -> Session:
        """Opens a session of a flow version; `Started` then fills it."""
        id = new_id()
        self.session = Session(
            id=id,
            workspace_id=self.conversation.workspace_id,
            conversation_id=self.conversation.id,
            chatbot_id=flow.chatbot_id,
            flow_id=flow.flow_id,
            flow_version_id=flow.version_id,
            state=State(session=str(id)),
            asked=None,
            last_message_at=self.at,
        )
        return self.session

    def advance(self, event: Event) -> None:
        """Runs a turn of the open session and notes everything that it makes."""
        session = self.session
        if session is None:
            raise ValueError("no session to advance")
        before = None if isinstance(event, Started) else session.state
        turn = advance(self.programs[session.flow_version_id], before, event)
        last = self.at if self.heard else session.last_message_at
        self.session = replace(session, state=turn.state, last_message_at=last)
        for effect in turn.effects:
            perform.perform(self, effect)
        self._record(session, event, turn.trace, turn.effects)
        self.writes.sessions[session.id] = self.took = self.session
        if not turn.state.status.open:
            self.session = None

    def stop(self, reason: str) -> None:
        """Ends the open session, if there is one; one whose program is gone ends without the engine."""
        session = self.session
        if session is None:
            return
        if session.flow_version_id in self.programs:
            self.advance(Stopped(**self.happening(), reason=reason))
        else:
            self.end(Status.EXPIRED if reason == "expired" else Status.STOPPED)

    def end(self, status: Status) -> None:
        """Ends the open session without the engine."""
        if session := self.session:
            state = msgspec.structs.replace(
                session.state, status=status, wait=None, expires_at=None
            )
            self.writes.sessions[session.id] = self.took = replace(session, state=state)
            self.session = None

    def happening(self) -> Happened:
        """Gives what an event carries besides what happened."""
        return {"at": self.at, "seed": self.luck(), "world": self.world()}

    def world(self) -> World:
        """Gives what the flow can read at this moment."""
        chatbot_id = self.session.chatbot_id if self.session else None
        chatbot = self.chatbots.get(chatbot_id) if chatbot_id else None
        return world(self.conversation, self.contact, self.line, chatbot)

    # What the platform itself says and does.

    def apologise(self) -> None:
        """Says that something went wrong, once an event was given up; not into a person's talk."""
        if not self.with_a_person:
            self.tell("failure")

    def tell(self, key: str) -> None:
        """Sends one of the platform's own sentences, outside any session."""
        perform.send(self, Send(Text(say(self.world(), key))), session=None)

    def tell_once_a_day(self, key: str) -> None:
        """Sends one of the platform's own sentences, once a day of the workspace."""
        zone = ZoneInfo(self.line.timezone)
        today, last = self.at.astimezone(zone).date(), self.notified_at
        if last is None or last.astimezone(zone).date() < today:
            self.notified_at = self.at
            self.writes.conversation(self.conversation.id).notified_at = self.at
            self.tell(key)

    @property
    def waits_for_a_flow(self) -> bool:
        """Says whether the bot gave the conversation up only because its flow was broken, and nobody has it."""
        waiting = self.mode == "waiting" and self.conversation.assignee_id is None
        return waiting and self.waiting_reason == BROKEN_FLOW

    def set_mode(self, mode: str, *, reason: str | None = None) -> None:
        """Hands the conversation over or takes it back; `reason` says why it waits."""
        self.mode, self.waiting_reason = mode, reason
        change = self.writes.conversation(self.conversation.id)
        change.mode, change.waiting_reason = mode, reason

    def alert(self, kind: str, severity: Severity, subject: str, details: dict[str, str]) -> None:
        """Raises an alert about this conversation."""
        details = {"conversation": self.id, **details}
        workspace = self.conversation.workspace_id
        self.writes.alerts.append(NewAlert(workspace, kind, severity, subject, details))

    # What is kept.

    def remember(self, mail: Mail, message: Message, *, node: str | None) -> None:
        """Moves a message from the inbox into the history; `node` is where the session stood."""
        took = self.took
        self.writes.taken.append(mail.seq)
        self.writes.messages.append(
            NewMessage(
                id=mail.message_id,
                workspace_id=self.conversation.workspace_id,
                conversation_id=self.conversation.id,
                direction="in",
                type=message.type,
                text=message.text,
                content=msgspec.json.encode(mail.message),
                at=mail.at,
                status="received",
                key=mail.key,
                context_id=message.context_id,
                session_id=took.id if took else None,
                flow_id=took.flow_id if took else None,
                flow_version_id=took.flow_version_id if took else None,
                node_id=node,
            )
        )

    def _record(
        self, session: Session, event: Event, trace: Trace, effects: tuple[Effect, ...]
    ) -> None:
        for visit in trace.visits:
            for name in visit.missing():
                log.debug("missing_variable", conversation=self.id, node=visit.node, name=name)
        encode = msgspec.json.encode
        self.writes.journal.append(
            Entry(
                id=new_id(),
                workspace_id=session.workspace_id,
                conversation_id=session.conversation_id,
                session_id=session.id,
                flow_version_id=session.flow_version_id,
                message_id=self.heard.message_id if self.heard else None,
                event=encode(event),
                trace=encode(trace),
                effects=encode(effects),
            )
        )
