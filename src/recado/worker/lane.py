"""One conversation at work: runs its turns and gathers what they write.

Pure but for ids: time and luck come from outside, rows are loaded before and written after. `take.py` gives it its
events in order, `hear.py` and `happen.py` decide what they mean for it; `perform.py` says what each effect writes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import structlog

from recado.engine.advance import advance
from recado.engine.commands import PERSON
from recado.engine.compile import Program
from recado.engine.content import Text
from recado.engine.effects import Handoff, Send
from recado.engine.events import Event, Message, Migrated, Replied, Started, Stopped, World
from recado.engine.routing import Route, RunFlow, route
from recado.engine.settings import Settings
from recado.engine.state import State, Status
from recado.engine.texts import say
from recado.store.alerts import NewAlert, Severity
from recado.store.ids import new_id
from recado.store.mail import Mail
from recado.store.pace import MINUTE, TURNS, forgotten
from recado.store.sessions import Session
from recado.store.worlds import Chatbot, Contact, Conversation, Line
from recado.worker import perform
from recado.worker.perform import WINDOW
from recado.worker.record import entry
from recado.worker.shelf import Shelf
from recado.worker.world import standing_world, world
from recado.worker.write import Turned, Writes

BROKEN_FLOW = "broken_flow"

log = structlog.get_logger(__name__)


class Happened(TypedDict):
    """What every event carries."""

    at: datetime
    seed: int
    world: World


@dataclass(slots=True)
class Lane:
    """A conversation at work.

    `last` is the session that ended last, where nothing is open. `turned_at` are the times of its last turns, `recent`
    those of the last minute. `heard` is the message that a turn answers, `took` the session that took it up; `origin` says whether
    what is sent now answers somebody, or comes though nobody wrote: a timer's, or on somebody's order. `answered` is the
    message that a flow took up last, `manners` are the settings of the last turn (the flow's own, and the wider ones),
    `sent` is the message that was queued last.
    """

    conversation: Conversation
    line: Line
    session: Session | None
    chatbots: Mapping[UUID, Chatbot | None]
    shelf: Shelf
    at: datetime
    luck: Callable[[], int]
    writes: Writes
    last: State | None = None
    turned_at: Sequence[datetime] = ()
    recent: list[datetime] = field(default_factory=list)
    contact: Contact = field(init=False)
    mode: str = field(init=False)
    waiting_reason: str | None = field(init=False)
    window: datetime | None = field(init=False)
    notified_at: datetime | None = field(init=False)
    heard: Mail | None = None
    took: Session | None = None
    answered: Mail | None = None
    manners: tuple[Settings, Settings] | None = None
    sent: UUID | None = None
    origin: Literal["reply", "timer"] = "reply"

    def __post_init__(self) -> None:
        self.contact = self.conversation.contact
        self.mode = self.conversation.mode
        self.waiting_reason = self.conversation.waiting_reason
        self.window = self.conversation.window_expires_at
        self.notified_at = self.conversation.notified_at

    @property
    def id(self) -> str:
        """Gives the conversation's id as logs and alerts write it."""
        return str(self.conversation.id)

    @property
    def ids(self) -> dict[str, str]:
        """Gives what a line of the log says it is about."""
        ids = {
            "workspace": str(self.conversation.workspace_id),
            "number": str(self.line.number_id),
            "conversation": self.id,
        }
        if self.heard:
            ids |= {"message": str(self.heard.message_id), "wamid": self.heard.key}
        return ids

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
        if self.window is None or (self.heard and self.window <= self.at):
            return self.at + WINDOW
        return self.window

    def count(self, mail: Mail) -> None:
        """Counts a message on its conversation, and lets it open the window that its answers need."""
        heard_at = mail.heard_at
        if heard_at is None:
            return
        self.window = max(self.window or heard_at + WINDOW, heard_at + WINDOW)
        if not mail.counted:
            self.writes.touch(self.conversation.id).hear(heard_at)

    @property
    def state(self) -> State | None:
        """Gives the open session's state, else that of the one that ended last."""
        return self.session.state if self.session else self.last

    def program(self, version: UUID | str) -> Program | None:
        """Gives a version's program, if it runs."""
        return self.shelf.library.version(str(version))

    def route(self, message: Message | None = None) -> Route:
        """Says which flow would answer."""
        line = self.line
        return route(line.is_active, line.own, line.fallback, message=message)

    # Pace.

    @property
    def breathless(self) -> bool:
        """Says whether the conversation had all the turns of a minute."""
        return len(self.recent) >= TURNS

    def hold(self) -> None:
        """Lets the rest wait until the next turn may begin."""
        self.writes.holds[self.conversation.id] = self.recent[-TURNS] + MINUTE

    def _count_turn(self) -> None:
        self.recent.append(self.at)
        touch = self.writes.touch(self.conversation.id)
        touch.turns += 1
        touch.forgotten = forgotten(self.turned_at, self.at, touch.turns)

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
            state=State(session=str(id), flow=str(flow.flow_id), version=str(flow.version_id)),
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
        program = self._program_for(session, event)
        turn = advance(program, before, event, self.shelf.library, self.writes.nodes)
        self._count_turn()
        self.writes.turns.append(Turned(session.id, self.conversation, self.heard))
        self.manners = (program.settings, event.world.settings)
        if self.heard and isinstance(event, Started | Replied):
            self.answered = self.heard
        last = self.at if self.heard else session.last_message_at
        self.session = session.at(turn.state, last_message_at=last)
        written = len(self.writes.messages)
        for effect in turn.effects:
            perform.perform(self, effect)
        if self.session.rests != self.rests:
            self.session = msgspec.structs.replace(self.session, rests=self.rests)
        sent = tuple(message.id for message in self.writes.messages[written:])
        self.writes.journal.append(entry(self, session, event, turn, sent))
        self.writes.sessions[session.id] = self.took = self.session
        if not turn.state.status.open:
            self.session, self.last = None, turn.state

    @property
    def rests(self) -> bool:
        """Says whether the session's timers stand still: only a handoff's may fire, while nobody has taken it."""
        session = self.session
        handed_off = session is not None and session.state.status is Status.HANDED_OFF
        return self.mode != ("waiting" if handed_off else "bot")

    def _program_for(self, session: Session, event: Event) -> Program:
        """Gives the program that the session is in, or the one that a migration moves it to."""
        version = session.flow_version_id
        if isinstance(event, Migrated) and event.flow == str(session.flow_id):
            version = UUID(event.version)
        program = self.program(version)
        if program is None:
            raise LookupError(f"no program of version {version}")
        return program

    def stop(self, reason: str) -> None:
        """Ends the open session, if there is one; one whose program is gone ends without the engine."""
        session = self.session
        if session is None:
            return
        if self.program(session.flow_version_id):
            self.advance(Stopped(**self.happening(), reason=reason))
        else:
            self.end(Status.EXPIRED if reason == "expired" else Status.STOPPED)

    def end(self, status: Status) -> None:
        """Ends the open session without the engine."""
        if session := self.session:
            state = msgspec.structs.replace(
                session.state, status=status, wait=None, expires_at=None
            )
            self.writes.sessions[session.id] = self.took = msgspec.structs.replace(
                session, state=state
            )
            self.session, self.last = None, state

    def happening(self) -> Happened:
        """Gives what an event carries besides what happened."""
        return {"at": self.at, "seed": self.luck(), "world": self.world()}

    def world(self) -> World:
        """Gives what the flow can read at this moment; without a session, of the chatbot that would answer."""
        if self.session:
            chatbot_id = self.session.chatbot_id
        else:
            answers = self.route()
            chatbot_id = answers.chatbot_id if isinstance(answers, RunFlow) else None
        chatbot = self.chatbots.get(chatbot_id) if chatbot_id else None
        standing = standing_world(self.line, chatbot, self.shelf)
        return world(standing, self.conversation, self.contact, mode=self.mode)

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

    def set_mode(self, mode: str, *, reason: str | None = None, to: Handoff | None = None) -> None:
        """Hands the conversation over or takes it back; `reason` says why it waits, `to` for whom."""
        self.mode, self.waiting_reason = mode, reason
        self.writes.conversation(self.conversation.id).give(mode, reason=reason, to=to)

    def alert(self, kind: str, severity: Severity, subject: str, details: dict[str, str]) -> None:
        """Raises an alert about this conversation."""
        details = {"conversation": self.id, **details}
        workspace = self.conversation.workspace_id
        self.writes.alerts.append(NewAlert(workspace, kind, severity, subject, details))
