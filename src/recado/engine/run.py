"""The working copy of a session during one turn: walks from node to node and keeps to the limits.

Loop guard (flow language, section 2): 100 visits in a turn; 1,000 visits or 30 messages since the customer last
wrote; 10,000 visits in a session. Past one of them the session fails, and the customer gets the failure text once.
"""

import hashlib
from datetime import datetime, timedelta

from recado.engine import texts
from recado.engine.compile import Program
from recado.engine.content import Text
from recado.engine.effects import Alert, Effect, EndSession, Handoff, Send
from recado.engine.events import Event, Message
from recado.engine.node import (
    Answered,
    End,
    Entered,
    Go,
    Occasion,
    Stay,
    Step,
    WaitForReply,
)
from recado.engine.settings import DEFAULT_TTL, Burst
from recado.engine.state import Pending, State, Status, Wait
from recado.engine.trace import Trace, VisitTrace
from recado.engine.visit import RunningVisit

TURN_VISITS = 100
VISITS_SINCE_INBOUND = 1_000
MESSAGES_SINCE_INBOUND = 30
SESSION_VISITS = 10_000
PENDING_MESSAGES = 50
PENDING_BYTES = 64_000
PATH_KEPT = 500
ANSWERED_KEPT = 20


class Run:
    """One turn at work. Nodes see it only through their `Visit`."""

    def __init__(self, program: Program, state: State, event: Event) -> None:
        self.program = program
        self.before = state
        self.event = event
        self.now: datetime = event.at
        self.settings = program.settings.over(event.world.settings)
        self.effects: list[Effect] = []
        self.trace = Trace()
        self.status = state.status
        self.node = state.node
        self.variables = dict(state.variables)
        self.path = list(state.path)
        self.wait = state.wait
        self.memory = dict(state.memory)
        self.pending = list(state.pending)
        self.late = list(state.late)
        self.answered = dict(state.answered)
        self.repeated_at = state.repeated_at
        self.message = state.message
        self.last_inbound_at = state.last_inbound_at
        self.expires_at = state.expires_at
        self.visits = state.visits
        self.visits_since_inbound = state.visits_since_inbound
        self.messages_since_inbound = state.messages_since_inbound
        self.outcome = state.outcome
        self.turn_visits = 0

    # What an event may do to the session.

    def enter(self, node: str) -> None:
        """Goes to a node and on from there until a node waits or the session ends."""
        self._walk(node, Entered())

    def resume(self, occasion: Occasion) -> None:
        """Lets the waiting node see what its wait was about, and goes on from there."""
        if self.node is None or self.node not in self.program.nodes:
            return self.fail("node_missing")
        if isinstance(occasion, Answered) and self.wait and occasion.message.tap:
            self._remember_tap(self.wait.token, occasion.message.tap.option)
        return self._walk(self.node, occasion)

    def hear(self, message: Message) -> None:
        """Takes note that the customer wrote: the loop guard's counts and the time to live begin anew."""
        self.message = message
        self.last_inbound_at = self.now
        self.visits_since_inbound = self.messages_since_inbound = 0
        if self.wait and self.wait.kind == "reply":
            self.expires_at = self._expiry(self.wait)

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
        if self.wait and self.wait.kind == "reply":
            self.repeated_at = self.now
            self._visit(self.node or "", Entered(), repeat=True)

    def finish(self, status: Status, outcome: str | None = None) -> None:
        """Ends the session."""
        self.status, self.outcome, self.wait, self.expires_at = status, outcome, None, None
        self.pending, self.memory = [], {}
        if status is not Status.FAILED:
            self.node = None
        self.effects.append(EndSession(status.value, outcome))

    def fail(self, reason: str, detail: str = "") -> None:
        """Gives up: the failure text once, then a person or the end, as `on_error` says."""
        self.remark(reason)
        on_error = self.settings.on_error
        text = (
            on_error.text if on_error and on_error.text else texts.say(self.event.world, "failure")
        )
        self.effects.append(Send(Text(text), node=self.node))
        self.effects.append(Alert(reason, node=self.node, detail=detail))
        if on_error and on_error.then == "handoff":
            self.status, self.wait, self.expires_at = Status.HANDED_OFF, None, None
            self.pending, self.memory = [], {}
            self.effects.append(Handoff(reason=reason))
        else:
            self.finish(Status.FAILED)

    def burst(self) -> Burst:
        """Says how the waiting question takes what arrives in a burst."""
        own = self.wait.burst if self.wait else None
        return own or self.settings.burst or "fresh"

    def remark(self, note: str) -> None:
        """Writes a note about the event itself into the trace."""
        self.trace.notes.append(note)

    def state(self) -> State:
        """Gives the session as it stands now."""
        return State(
            session=self.before.session,
            status=self.status,
            node=self.node,
            variables=self.variables,
            path=tuple(self.path[-PATH_KEPT:]),
            wait=self.wait,
            memory=self.memory,
            pending=tuple(self.pending),
            late=tuple(self.late),
            answered=dict(list(self.answered.items())[-ANSWERED_KEPT:]),
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
            case End(outcome=outcome):
                self.finish(Status.COMPLETED, outcome)
            case Stay() | WaitForReply():
                if isinstance(step, WaitForReply):
                    self._begin_wait(step)
                if answer := self._from_pending():
                    return node, Answered(answer)
        return None, Entered()

    def _leave(self, node: str, port: str) -> str | None:
        self.wait, self.memory, self.expires_at = None, {}, None
        self.trace.visits[-1].port = port
        target = self.program.routes.get((node, port))
        if target is not None:
            return target
        if port in ("error", "invalid", "timeout"):
            self.fail(f"no_edge_for_{port}")
        else:
            self.finish(Status.COMPLETED)
        return None

    def _visit(self, node: str, occasion: Occasion, *, repeat: bool = False) -> Step:
        if isinstance(occasion, Entered) and not repeat:
            self._arrive(node)
        kind = self.program.nodes[node]
        id = self.wait.token if self.wait else self._visit_id()
        record = VisitTrace(node=node, type=kind.type, visit=id)
        self.trace.visits.append(record)
        visit = RunningVisit(
            self, id, occasion, record, first=isinstance(occasion, Entered) and not repeat
        )
        return kind.run(visit)

    def _arrive(self, node: str) -> None:
        self.node = node
        self.wait, self.memory = None, {}
        self.path.append(node)
        self.visits += 1
        self.visits_since_inbound += 1
        self.turn_visits += 1

    def _begin_wait(self, step: WaitForReply) -> None:
        until = self.now + timedelta(seconds=step.timeout) if step.timeout else None
        token = self.trace.visits[-1].visit
        self.wait = Wait("reply", token, since=self.now, until=until, burst=step.burst)
        self.late, self.repeated_at = [], None
        self.expires_at = self._expiry(self.wait)

    def _expiry(self, wait: Wait) -> datetime:
        """Counts the time to live: it runs only while waiting for a reply, and never ends before the timeout."""
        ttl = timedelta(seconds=self.settings.session_ttl or DEFAULT_TTL)
        timeout = wait.until - wait.since if wait.until else timedelta()
        return max(self.last_inbound_at or wait.since, wait.since) + max(ttl, timeout)

    def _from_pending(self) -> Message | None:
        """Takes the next kept message that may answer the question that now waits."""
        while self.pending:
            kept = self.pending.pop(0)
            if kept.late and self.burst() == "fresh":
                self.keep_late(kept.message)
                continue
            self.message = kept.message
            return kept.message
        return None

    def _remember_tap(self, visit: str, option: str) -> None:
        self.answered[visit] = option

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
