"""A conversation without a database: the terminal, the simulator and flow tests drive the engine through it.

It does what the worker does around `advance`, in memory: judge a message by `intake`, start and expire sessions,
fire the wait that is due, hold the bot while a person has the conversation. Time and luck are still arguments, so a
play is repeatable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from msgspec import structs

from recado.engine.advance import Turn, advance
from recado.engine.commands import mode_of
from recado.engine.compile import Program
from recado.engine.contacts import contact_after
from recado.engine.effects import Call, Consent, Effect, Handoff, TakeBack, UpdateContact
from recado.engine.events import (
    CallFinished,
    CallResult,
    Event,
    Json,
    Message,
    Migrated,
    Released,
    Replied,
    SendSettled,
    Started,
    Stopped,
    TimerFired,
    Trigger,
    World,
)
from recado.engine.intake import Intake, intake
from recado.engine.library import EMPTY, Library
from recado.engine.state import State


@dataclass
class Play:
    """One conversation with one flow; `turns` is everything that came of it."""

    program: Program
    world: World = field(default_factory=World)
    library: Library = EMPTY
    flow: str | None = None
    version: str | None = None
    name: str = "play"
    seed: int = 0
    state: State | None = None
    turns: list[Turn] = field(default_factory=list)
    sessions: int = 0
    last_at: datetime | None = None

    # What the customer does, and the time.

    def hear(
        self, message: Message, at: datetime, *, late: bool = False, more: bool = False
    ) -> list[Turn]:
        """Takes a message of the customer; gives the turns it made, none when it is history only."""
        judged = intake(self.state, message, at, self.world)
        if judged is not Intake.HISTORY and self.mode == "closed":
            return [*self._reopen(at), self._start(message, at)]
        match judged:
            case Intake.HISTORY:
                return []
            case Intake.START:
                return [self._start(message, at)]
            case Intake.EXPIRE:
                return [*self.stop("expired", at), self._start(message, at)]
            case Intake.REPLY:
                world, seed = self.world, self._luck()
                heard = Replied(
                    at=at, seed=seed, world=world, message=message, late=late, more=more
                )
                return [self.happen(heard)]

    def due(self, at: datetime) -> list[Turn]:
        """Fires the wait whose time has come by `at`, at that time, and whatever becomes due after it."""
        fired: list[Turn] = []
        while self._time_runs and self.state and self.state.wait:
            wake = self.state.wake_at
            if wake is None or wake > at:
                break
            # What became due while a person had the conversation fires after that, not in the past.
            token, now = self.state.wait.token, max(wake, self.last_at or wake)
            event = TimerFired(at=now, seed=self._luck(), world=self.world, token=token)
            fired.append(self.happen(event))
        return fired

    @property
    def _time_runs(self) -> bool:
        """Says whether timers fire: while the bot has the conversation, or waits for a person to take it."""
        wait = self.state.wait if self.state else None
        waits = self.mode == "waiting" and wait is not None and wait.kind == "person"
        return self.mode == "bot" or waits

    def forget(self) -> None:
        """Drops the session; the next message starts a new one."""
        self.state = None

    # What people do.

    @property
    def mode(self) -> str:
        """Says who has the conversation: bot, waiting, human or closed."""
        return mode_of(self.state, self.world)

    def take_over(self) -> None:
        """A person takes the conversation; the session rests where it stands."""
        self._change("conversation", mode="human")

    def close(self) -> None:
        """A person closes the conversation; the customer's next message starts anew."""
        self._change("conversation", mode="closed")

    def release(
        self, at: datetime, *, to: Literal["continue", "restart", "node"], node: str | None = None
    ) -> list[Turn]:
        """A person gives the conversation back to the bot."""
        if self.state is None or not self.state.status.open:
            self._change("conversation", mode="bot")
            return []
        seed = self._luck()
        return [self.happen(Released(at=at, seed=seed, world=self.world, to=to, node=node))]

    def publish(self, flow: str, version: str, program: Program) -> None:
        """Makes a new version of a flow the one that new sessions and jumps find."""
        self.library = Library({**self.library.programs, version: program})
        self.world = structs.replace(self.world, published={**self.world.published, flow: version})
        if flow == self.flow:
            self.program, self.version = program, version

    def migrate(
        self, at: datetime, *, flow: str, version: str, moves: Mapping[str, str | None]
    ) -> list[Turn]:
        """Moves the running session to a version of a flow that it stands in."""
        state = self.state
        if state is None or not state.status.open:
            return []
        if flow not in (state.flow, state.first_flow, *(frame.flow for frame in state.frames)):
            return []
        event = Migrated(
            at=at,
            seed=self._luck(),
            world=self.world,
            flow=flow,
            version=version,
            moves=dict(moves),
        )
        return [self.happen(event)]

    # What the world outside does.

    def settle(self, at: datetime, *, accepted: bool, code: int | None = None) -> list[Turn]:
        """WhatsApp's last word on the message that the session's wait depends on."""
        if self.state is None or self.state.wait is None:
            return []
        token, seed = self.state.wait.token, self._luck()
        settled = SendSettled(
            at=at, seed=seed, world=self.world, token=token, accepted=accepted, code=code
        )
        return [self.happen(settled)]

    @property
    def call(self) -> Call | None:
        """Gives the call that the session waits for."""
        wait = self.state.wait if self.state else None
        if wait is None or wait.kind != "call":
            return None
        made = (e for turn in reversed(self.turns) for e in turn.effects if isinstance(e, Call))
        return next((call for call in made if call.token == wait.call_token), None)

    def answer(self, at: datetime, result: CallResult) -> list[Turn]:
        """The call that the session waits for comes back."""
        call = self.call
        if call is None:
            return []
        seed = self._luck()
        finished = CallFinished(at=at, seed=seed, world=self.world, token=call.token, result=result)
        return [self.happen(finished)]

    def stop(self, reason: str, at: datetime) -> list[Turn]:
        """Ends the open session from outside."""
        if self.state is None or not self.state.status.open:
            return []
        stopped = Stopped(at=at, seed=self._luck(), world=self.world, reason=reason)
        return [self.happen(stopped)]

    def happen(self, event: Event) -> Turn:
        """Takes up any event, as the worker would."""
        turn = advance(self._program(event), self.state, event, self.library)
        self.state = turn.state
        self.turns.append(turn)
        self.last_at = event.at
        for effect in turn.effects:
            self._remember(effect)
        return turn

    def _program(self, event: Event) -> Program:
        """Gives the program that the session is in; for a migration of its flow, the new one."""
        state, version = self.state, self.version
        match event:
            case Started():
                return self.program
            case Migrated() if state and event.flow == state.flow:
                version = event.version
            case _ if state:
                version = state.version
        return self.library.version(version) or self.program

    def _start(self, message: Message, at: datetime) -> Turn:
        self.sessions += 1
        started = Started(
            at=at,
            seed=self._luck(),
            world=self.world,
            session=f"{self.name}:{self.sessions}",
            flow=self.flow,
            version=self.version,
            trigger=Trigger(text=message.text, message_id=message.id),
            message=message,
        )
        return self.happen(started)

    def _reopen(self, at: datetime) -> list[Turn]:
        stopped = self.stop("closed", at)
        self._change("conversation", mode="bot")
        return stopped

    def _remember(self, effect: Effect) -> None:
        """Keeps what the next event's world must show, as the database would."""
        match effect:
            case Handoff():
                self._change("conversation", mode="waiting")
            case TakeBack():
                self._change("conversation", mode="bot")
            case Consent() | UpdateContact():
                self._change("contact", **contact_after(self.world.contact, effect))

    def _change(self, scope: str, **facts: Json) -> None:
        before: dict[str, Json] = getattr(self.world, scope)
        self.world = structs.replace(self.world, **{scope: {**before, **facts}})

    def _luck(self) -> int:
        """Gives each event its own seed, the same in every repetition (a 64-bit mix, Knuth's constant)."""
        return ((self.seed + len(self.turns)) * 6_364_136_223_846_793_005 + 1) % 2**63
