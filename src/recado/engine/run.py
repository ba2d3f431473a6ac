"""The working copy of a session during one turn: walks from node to node and keeps to the limits.

Loop guard (flow language, section 2): 100 visits in a turn; 1,000 visits or 30 messages since the customer last
wrote; 10,000 visits in a session. Past one of them the session fails, and the customer gets the failure text once.
"""

import hashlib
from datetime import datetime

from recado.engine import texts
from recado.engine.bursts import gathered, take_pending
from recado.engine.compile import Program
from recado.engine.content import Text
from recado.engine.effects import Alert, Effect, EndSession, Handoff, Send
from recado.engine.events import Event, Message
from recado.engine.library import Library
from recado.engine.node import (
    Answered,
    End,
    Entered,
    EnterFlow,
    Fail,
    Go,
    GoTo,
    Occasion,
    Stay,
    Step,
    WaitForReply,
    WaitUntil,
)
from recado.engine.settings import Burst
from recado.engine.state import Frame, Pending, State, Status, Wait
from recado.engine.trace import Trace, VisitTrace
from recado.engine.visit import RunningVisit
from recado.engine.waits import expiry, waiting_for_reply, waiting_until

TURN_VISITS = 100
VISITS_SINCE_INBOUND = 1_000
MESSAGES_SINCE_INBOUND = 30
SESSION_VISITS = 10_000
PENDING_MESSAGES = 50
PENDING_BYTES = 64_000
PATH_KEPT = 500
ASKINGS_KEPT = 20
DEEPEST = 20
FAILING_SIDES = ("error", "invalid", "timeout")


class Run:
    """One turn at work. Nodes see it only through their `Visit`."""

    def __init__(self, program: Program, state: State, event: Event, library: Library) -> None:
        self.program = program
        self.library = library
        self.before = state
        self.event = event
        self.now: datetime = event.at
        self.settings = program.settings.over(event.world.settings)
        self.effects: list[Effect] = []
        self.trace = Trace()
        self.turn_visits = 0
        self.status = state.status
        self.flow, self.version = state.flow, state.version
        self.frames = list(state.frames)
        self.node = state.node
        self.variables = dict(state.variables)
        self.path = list(state.path)
        self.wait = state.wait
        self.memory = dict(state.memory)
        self.pending = list(state.pending)
        self.gathered = list(state.gathered)
        self.late = list(state.late)
        self.asked = dict(state.asked)
        self.answered = dict(state.answered)
        self.repeated_at = state.repeated_at
        self.message = state.message
        self.last_inbound_at = state.last_inbound_at
        self.expires_at = state.expires_at
        self.visits = state.visits
        self.visits_since_inbound = state.visits_since_inbound
        self.messages_since_inbound = state.messages_since_inbound
        self.outcome = state.outcome

    def state(self) -> State:
        """Gives the session as it stands now."""
        return State(
            session=self.before.session,
            flow=self.flow,
            version=self.version,
            frames=tuple(self.frames),
            status=self.status,
            node=self.node,
            variables=self.variables,
            path=tuple(self.path[-PATH_KEPT:]),
            wait=self.wait,
            memory=self.memory,
            pending=tuple(self.pending),
            gathered=tuple(self.gathered),
            late=tuple(self.late),
            asked=_newest(self.asked),
            answered=_newest(self.answered),
            repeated_at=self.repeated_at,
            trigger=self.before.trigger,
            message=self.message,
            started_at=self.before.started_at,
            last_inbound_at=self.last_inbound_at,
            expires_at=self.expires_at,
            visits=self.visits,
            visits_since_inbound=self.visits_since_inbound,
            messages_since_inbound=self.messages_since_inbound,
            outcome=self.outcome,
        )

    # What an event may do to the session.

    def enter(self, node: str) -> None:
        """Goes to a node and on from there until a node waits or the session ends."""
        if node not in self.program.nodes:
            return self.fail("node_missing", detail=node)
        return self._walk(node, Entered())

    def resume(self, occasion: Occasion) -> None:
        """Lets the waiting node see what its wait was about, and goes on from there."""
        if self.node is None or self.node not in self.program.nodes:
            return self.fail("node_missing")
        match occasion:
            case Answered(message=message):
                self._taken(message)
        return self._walk(self.node, occasion)

    def hear(self, message: Message) -> None:
        """Takes note that the customer wrote: the loop guard's counts and the time to live begin anew."""
        self.message = message
        self.last_inbound_at = self.now
        self.visits_since_inbound = self.messages_since_inbound = 0
        if self.wait and self.wait.kind == "reply":
            self.expires_at = expiry(self.wait, self.now, self.settings)

    def keep_pending(self, message: Message, *, late: bool) -> None:
        """Keeps a message for the next question, within bounds; what is over them stays in the history only."""
        size = sum(len(p.message.text.encode()) for p in self.pending) + len(message.text.encode())
        if len(self.pending) >= PENDING_MESSAGES or size > PENDING_BYTES:
            return self.remark("pending_full")
        self.pending.append(Pending(message, late))
        return self.remark("kept_pending")

    def keep_late(self, message: Message) -> None:
        """Keeps a message that came before the question was sent, as `{{late}}`."""
        self.late = [*self.late, message][-PENDING_MESSAGES:]
        self.remark("late_message")

    def repeat_question(self) -> None:
        """Sends the current question again, as the same asking."""
        if self.node and self.wait and self.wait.kind == "reply":
            self.repeated_at = self.now
            self._visit(self.node, Entered(), repeat=True)

    def restart(self) -> None:
        """Begins the session's first flow anew, with fresh variables."""
        if self.frames:
            self._switch_to(self.frames[0].flow, self.frames[0].version)
        self.drop_everything()
        self.variables = dict(self.program.variables)
        self.enter(self.program.start)

    def drop_everything(self) -> None:
        """Drops what belongs to where the session stood: its wait, its burst, its pending messages, its callers."""
        self.wait, self.memory, self.expires_at = None, {}, None
        self.pending, self.gathered, self.late, self.frames = [], [], [], []

    def enter_flow(self, flow: str) -> None:
        """Goes on at the start of another flow for good: the variables stay, its unset initial values join them."""
        version = self.event.world.published.get(flow)
        program = self.library.version(version)
        if program is None:
            return self.fail("flow_not_published", detail=flow)
        self.drop_everything()
        self._switch_to(flow, version)
        self.variables = {**program.variables, **self.variables}
        return self._walk(program.start, Entered())

    def finish(self, status: Status, outcome: str | None = None) -> None:
        """Ends the session."""
        self.drop_everything()
        self.status, self.outcome = status, outcome
        if status is not Status.FAILED:
            self.node = None
        self.effects.append(EndSession(status.value, outcome))

    def hand_off(self, reason: str) -> None:
        """Gives the conversation to a person; the session rests where it stands."""
        self.status, self.wait, self.expires_at = Status.HANDED_OFF, None, None
        self.pending, self.gathered, self.memory = [], [], {}
        self.effects.append(Handoff(reason=reason))

    def fail(self, reason: str, detail: str = "") -> None:
        """Gives up: the failure text once, then a person or the end, as `on_error` says."""
        self.remark(reason)
        on_error = self.settings.on_error
        self.say(on_error.text if on_error and on_error.text else self.own_text("failure"))
        self.effects.append(Alert(reason, node=self.node, detail=detail))
        if on_error and on_error.then == "handoff":
            return self.hand_off(reason)
        return self.finish(Status.FAILED)

    def own_text(self, key: str) -> str:
        """Gives one of the platform's sentences."""
        return texts.say(self.event.world, key)

    def say(self, text: str) -> None:
        """Sends a text that belongs to no visit."""
        self.effects.append(Send(Text(text), node=self.node))

    def burst(self) -> Burst:
        """Says how the waiting question takes what arrives in a burst."""
        own = self.wait.burst if self.wait else None
        return own or self.settings.burst or "fresh"

    def remark(self, note: str) -> None:
        """Writes a note about the event itself into the trace."""
        self.trace.notes.append(note)

    def glance(self) -> RunningVisit | None:
        """Gives the waiting node's visit for a look that changes nothing."""
        if self.node is None or self.wait is None:
            return None
        record = VisitTrace(node=self.node, type="", visit=self.wait.token)
        return RunningVisit(self, self.wait.token, Entered(), record, first=False)

    # The walk.

    def _walk(self, node: str | None, occasion: Occasion) -> None:
        while node is not None:
            if reason := self._over_limit():
                return self.fail("loop_guard", detail=f"{reason}: {self._recent()}")
            step = self._visit(node, occasion)
            node, occasion = self._take(node, step)
        return None

    def _take(self, node: str, step: Step) -> tuple[str | None, Occasion]:
        """Does what a node said comes next; gives the next node to visit, if there is one."""
        match step:
            case Go(port=port):
                return self._leave(node, port), Entered()
            case GoTo(node=target):
                return self._jump(target), Entered()
            case EnterFlow():
                return self._other_flow(node, step), Entered()
            case End():
                return self._end(step), Entered()
            case Fail(reason=reason):
                self.fail(reason)
            case WaitUntil():
                self.wait = waiting_until(step, self.trace.visits[-1].visit, self.now)
                return self._reply_to_delay(node, step)
            case WaitForReply():
                self._begin_wait(node, step)
                return self._from_pending(node)
            case Stay():
                return self._from_pending(node)
        return None, Entered()

    def _leave(self, node: str, port: str) -> str | None:
        self.wait, self.memory, self.gathered, self.expires_at = None, {}, [], None
        if self.trace.visits:
            self.trace.visits[-1].port = port
        target = self.program.routes.get((node, port))
        if target is None and port == "replied":
            target = self.program.routes.get((node, "next"))
        if target is not None:
            return target
        if port in FAILING_SIDES:
            self.fail(f"no_edge_for_{port}")
            return None
        return self._end(End())

    def _jump(self, target: str) -> str | None:
        self.wait, self.memory, self.gathered, self.expires_at = None, {}, [], None
        if target in self.program.nodes:
            return target
        self.fail("node_missing", detail=target)
        return None

    def _other_flow(self, node: str, step: EnterFlow) -> str | None:
        version = self.event.world.published.get(step.flow)
        program = self.library.version(version)
        if program is None:
            self.fail("flow_not_published", detail=step.flow)
            return None
        if step.call:
            return self._call_flow(node, step, program, version)
        self.frames = []
        self._switch_to(step.flow, version)
        self.variables = {**program.variables, **self.variables}
        return program.start

    def _call_flow(
        self, node: str, step: EnterFlow, program: Program, version: str | None
    ) -> str | None:
        if len(self.frames) >= DEEPEST:
            self.fail("too_deep", detail=step.flow)
            return None
        self.frames.append(Frame(self.flow, self.version, node, self.variables))
        self._switch_to(step.flow, version)
        self.variables = {**program.variables, **step.passed}
        return program.start

    def _end(self, step: End) -> str | None:
        """Ends the flow: a called one comes back to its caller's `next`, any other ends the session."""
        if step.session or not self.frames:
            self.finish(Status.COMPLETED, step.outcome)
            return None
        frame = self.frames.pop()
        if not self._switch_to(frame.flow, frame.version):
            self.fail("caller_missing", detail=frame.flow or "")
            return None
        self.node, self.variables = frame.node, {**frame.variables, **step.returns}
        self.wait, self.memory, self.gathered, self.expires_at = None, {}, [], None
        if frame.node not in self.program.nodes:
            self.fail("node_missing", detail=frame.node)
            return None
        target = self.program.routes.get((frame.node, "next"))
        return target if target is not None else self._end(End(step.outcome))

    def _switch_to(self, flow: str | None, version: str | None) -> bool:
        if (flow, version) == (self.flow, self.version):
            return True
        program = self.library.version(version)
        if program is None:
            return False
        self.flow, self.version, self.program = flow, version, program
        self.settings = program.settings.over(self.event.world.settings)
        return True

    def _visit(self, node: str, occasion: Occasion, *, repeat: bool = False) -> Step:
        if isinstance(occasion, Entered) and not repeat:
            self._arrive(node)
        kind = self.program.nodes[node]
        id = self.wait.token if self.wait else self._visit_id()
        record = VisitTrace(node=node, type=kind.type, visit=id)
        self.trace.visits.append(record)
        return kind.run(RunningVisit(self, id, occasion, record, first=not repeat))

    def _arrive(self, node: str) -> None:
        self.node = node
        self.wait, self.memory = None, {}
        self.path.append(node)
        self.visits += 1
        self.visits_since_inbound += 1
        self.turn_visits += 1

    def _begin_wait(self, node: str, step: WaitForReply) -> None:
        token = self.trace.visits[-1].visit
        self.wait = waiting_for_reply(step, token, self.now, self.settings)
        self.late, self.gathered, self.repeated_at = [], [], None
        self.asked[token] = node
        self.expires_at = expiry(self.wait, self.last_inbound_at, self.settings)

    def _from_pending(self, node: str) -> tuple[str | None, Occasion]:
        """Lets the question that now waits take what was kept for it."""
        message = take_pending(self)
        if message is None:
            return None, Entered()
        self.message = message
        self._taken(message)
        return node, Answered(message)

    def _reply_to_delay(self, node: str, step: WaitUntil) -> tuple[str | None, Occasion]:
        if not (step.until_reply and self.pending):
            return None, Entered()
        self.message = self.pending.pop(0).message
        return node, Answered(self.message)

    def _taken(self, message: Message) -> None:
        if self.wait and message.tap:
            self.answered[self.wait.token] = message.tap.option

    def rewind_to(self, node: str, visit: str) -> None:
        """Stands at an older asking again, as if it were being asked now."""
        self.node = node
        self.memory, self.gathered = {}, []
        self.wait = Wait("reply", visit, since=self.now)

    def answer_gathered(self) -> None:
        """Answers the question with the burst that has gone silent."""
        message = gathered(self.gathered)
        self.gathered = []
        self.resume(Answered(message))

    def _visit_id(self) -> str:
        """Makes the 12 characters that name this visit on the wire; the same in every replay."""
        source = f"{self.before.session}:{self.visits}".encode()
        return hashlib.blake2b(source, digest_size=6).hexdigest()

    def _over_limit(self) -> str | None:
        if self.turn_visits >= TURN_VISITS:
            return f"{TURN_VISITS} visits in a turn"
        if self.visits_since_inbound >= VISITS_SINCE_INBOUND:
            return f"{VISITS_SINCE_INBOUND} visits since the customer wrote"
        if self.messages_since_inbound >= MESSAGES_SINCE_INBOUND:
            return f"{MESSAGES_SINCE_INBOUND} messages since the customer wrote"
        if self.visits >= SESSION_VISITS:
            return f"{SESSION_VISITS} visits in a session"
        return None

    def _recent(self) -> str:
        return " > ".join(visit.node for visit in self.trace.visits[-10:])


def _newest(askings: dict[str, str]) -> dict[str, str]:
    return dict(list(askings.items())[-ASKINGS_KEPT:])
