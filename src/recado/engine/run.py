"""The working copy of a session during one turn: walks from node to node until one waits or the session ends."""

from datetime import datetime

from msgspec import structs

from recado.engine import texts
from recado.engine.askings import newest, visit_id
from recado.engine.compile import Program
from recado.engine.content import Text
from recado.engine.effects import Alert, Effect, EndSession, Handoff, Send
from recado.engine.events import Event, Message
from recado.engine.library import Library
from recado.engine.limits import over_limit
from recado.engine.settings import Burst
from recado.engine.state import State, Status
from recado.engine.stepping import take
from recado.engine.steps import (
    Answered,
    Entered,
    Occasion,
    Step,
    WaitForReply,
)
from recado.engine.trace import Trace, VisitTrace
from recado.engine.variables import Variables
from recado.engine.visit import RunningVisit
from recado.engine.waits import expiry, still_silent, waiting_for_reply
from recado.engine.watch import Watch

PATH_KEPT = 500


class Run:
    """One turn at work. Nodes see it only through their `Visit`."""

    __slots__ = (
        *("program", "library", "watch", "before", "event", "now", "settings"),
        *("effects", "trace", "turn_visits", "muted", "refused", "visited"),
        *("status", "flow", "version", "first_flow", "first_version", "frames", "node"),
        *("variables", "wait", "memory", "pending", "gathered", "late", "asked", "answered"),
        *("repeated_at", "message", "last_inbound_at", "expires_at", "held", "outcome"),
        *("visits", "visits_since_inbound", "messages_since_inbound"),
    )

    def __init__(
        self,
        program: Program,
        state: State,
        event: Event,
        library: Library,
        watch: Watch | None = None,
    ) -> None:
        self.program = program
        self.library = library
        self.watch = watch
        self.before: State = state
        self.event = event
        self.now: datetime = event.at
        self.settings = program.settings.over(event.world.settings)
        self.effects: list[Effect] = []
        self.trace = Trace()
        self.turn_visits = 0
        self.muted = False
        # Why what a visit filled may not go out: a key of `reasons.CALL_ERRORS`.
        self.refused: str | None = None
        self.status = state.status
        self.flow, self.version = state.flow, state.version
        self.first_flow, self.first_version = state.first_flow, state.first_version
        self.frames = list(state.frames)
        self.node = state.node
        self.variables = Variables(state.variables)
        self.visited: list[str] = []
        self.wait = state.wait
        self.memory = dict(state.memory)
        self.pending = list(state.pending)
        self.gathered = list(state.gathered)
        self.late = list(state.late)
        # These two are replaced, never changed.
        self.asked = state.asked
        self.answered = state.answered
        self.repeated_at = state.repeated_at
        self.message = state.message
        self.last_inbound_at = state.last_inbound_at
        self.expires_at = state.expires_at
        self.held = state.held
        self.visits = state.visits
        self.visits_since_inbound = state.visits_since_inbound
        self.messages_since_inbound = state.messages_since_inbound
        self.outcome = state.outcome

    def state(self) -> State:
        """Gives the session as it stands now."""
        path = self.before.path
        return structs.replace(
            self.before,
            flow=self.flow,
            version=self.version,
            first_flow=self.first_flow,
            first_version=self.first_version,
            frames=tuple(self.frames),
            status=self.status,
            node=self.node,
            variables=self.variables.values,
            path=(*path, *self.visited)[-PATH_KEPT:] if self.visited else path,
            wait=self.wait,
            memory=self.memory,
            pending=tuple(self.pending),
            gathered=tuple(self.gathered),
            late=tuple(self.late),
            asked=self.asked,
            answered=self.answered,
            repeated_at=self.repeated_at,
            message=self.message,
            last_inbound_at=self.last_inbound_at,
            expires_at=self.expires_at,
            held=self.held,
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
                self.taken(message)
        return self._walk(self.node, occasion)

    def hear(self, message: Message) -> None:
        """Takes note that the customer wrote: the counts of the loop guard and all silence begin anew."""
        self.message = message
        self.last_inbound_at = self.now
        self.visits_since_inbound = self.messages_since_inbound = 0
        if self.wait and self.wait.kind == "reply":
            self.wait = still_silent(self.wait, self.now, self.settings)
            self.expires_at = expiry(self.wait, self.now, self.settings)

    def repeat_question(self) -> None:
        """Sends the current question again, as the same asking."""
        if self.node and self.wait and self.wait.kind == "reply":
            self.repeated_at = self.now
            self._visit(self.node, Entered(), repeat=True)

    def stand_at(self, node: str, token: str) -> None:
        """Stands at an older asking again, as if it were being asked now."""
        self.node = node
        self.drop_wait()
        self.begin_wait(WaitForReply(), token)

    def drop_wait(self) -> None:
        """Drops the wait and what belongs to it."""
        self.wait, self.memory, self.gathered, self.expires_at = None, {}, [], None
        self.held = None

    def drop_everything(self) -> None:
        """Drops the wait, the messages that waited for a question, and the callers."""
        self.drop_wait()
        self.pending, self.late, self.frames = [], [], []

    def finish(self, status: Status, outcome: str | None = None) -> None:
        """Ends the session."""
        self.drop_everything()
        self.status, self.outcome = status, outcome
        if status is not Status.FAILED:
            self.node = None
        self.effects.append(EndSession(status.value, outcome))

    def hand_off(self, reason: str) -> None:
        """Gives the conversation to a person; the session rests where it stands."""
        self.drop_wait()
        self.rest(Handoff(reason=reason))

    def rest(self, handoff: Handoff) -> None:
        """Lets the bot be silent until a person gives the conversation back."""
        self.status, self.pending = Status.HANDED_OFF, []
        self.effects.append(handoff)

    def fail(self, reason: str, detail: str = "") -> None:
        """Gives up: the failure text once, then a person or the end, as `on_error` says."""
        self.remark(reason)
        on_error = self.settings.on_error
        own = self.fill(on_error.text) if on_error and on_error.text else ""
        self.say(own if own.strip() else texts.say(self.event.world, "failure"))
        self.effects.append(Alert(reason, node=self.node, detail=detail))
        if on_error and on_error.then == "handoff":
            return self.hand_off(reason)
        return self.finish(Status.FAILED)

    def fill(self, template: str) -> str:
        """Fills a text of the settings, which belongs to no visit."""
        return self.glance().text(template)

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

    def glance(self) -> RunningVisit:
        """Gives a visit for a look from where the session stands; it leaves no trace."""
        token = self.wait.token if self.wait else ""
        record = VisitTrace(node=self.node or "", type="", visit=token)
        return RunningVisit(self, token, Entered(), record, first=False)

    # The walk.

    def _walk(self, node: str | None, occasion: Occasion) -> None:
        while node is not None:
            if reason := over_limit(self):
                return self.fail("loop_guard", detail=reason)
            step = self._visit(node, occasion)
            if self.muted:
                continue
            node, occasion = take(self, node, step)
        return None

    def _visit(self, node: str, occasion: Occasion, *, repeat: bool = False) -> Step:
        entered = isinstance(occasion, Entered) and not repeat
        self.refused = None
        if entered:
            self._arrive(node)
        kind = self.program.nodes[node]
        id = self.wait.token if self.wait else visit_id(self.before.session, self.visits)
        record = VisitTrace(node=node, type=kind.type, visit=id)
        self.trace.add(record, self.version)
        visit = RunningVisit(self, id, occasion, record, first=entered)
        if self.watch is None:
            return kind.run(visit)
        self.watch.begins()
        step = kind.run(visit)
        self.watch.ended(kind.type)
        return step

    def _arrive(self, node: str) -> None:
        self.node = node
        self.drop_wait()
        self.visited.append(node)
        self.visits += 1
        self.visits_since_inbound += 1
        self.turn_visits += 1

    def begin_wait(self, step: WaitForReply, token: str) -> None:
        """Waits for a reply to the asking that `token` names."""
        self.wait = waiting_for_reply(step, token, self.now, self.settings)
        self.late, self.repeated_at = [], None
        self.asked = newest({**self.asked, token: self.node or ""})
        self.expires_at = expiry(self.wait, self.last_inbound_at, self.settings)

    def taken(self, message: Message) -> None:
        """Remembers which option answered the asking that waits."""
        if self.wait and message.tap:
            self.answered = newest({**self.answered, self.wait.token: message.tap.option})
