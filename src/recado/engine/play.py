"""A conversation without a database: the terminal, the simulator and flow tests drive the engine through it.

It does what the worker does around `advance`, in memory: judge a message by `intake`, start and expire sessions,
fire the wait that is due. Time and luck are still arguments, so a play is repeatable.
"""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from recado.engine.advance import Turn, advance
from recado.engine.compile import Program
from recado.engine.effects import Consent, Effect, Handoff, TakeBack, UpdateContact
from recado.engine.events import (
    Event,
    Json,
    Message,
    Migrated,
    Replied,
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

    def hear(
        self, message: Message, at: datetime, *, late: bool = False, more: bool = False
    ) -> list[Turn]:
        """Takes a message of the customer; gives the turns it made, none when it is history only."""
        match intake(self.state, message, at, self.world):
            case Intake.HISTORY:
                return []
            case Intake.START:
                return [self._start(message, at)]
            case Intake.EXPIRE:
                ended = self.happen(Stopped(at=at, reason="expired", world=self.world))
                return [ended, self._start(message, at)]
            case Intake.REPLY:
                event = Replied(
                    at=at,
                    seed=self._luck(),
                    world=self.world,
                    message=message,
                    late=late,
                    more=more,
                )
                return [self.happen(event)]

    def due(self, at: datetime) -> list[Turn]:
        """Fires the wait whose time has come by `at`, at that time, and whatever becomes due after it."""
        fired: list[Turn] = []
        while self.state and self.state.wait and (wake := self.state.wake_at) and wake <= at:
            token = self.state.wait.token
            event = TimerFired(at=wake, seed=self._luck(), world=self.world, token=token)
            fired.append(self.happen(event))
        return fired

    def forget(self) -> None:
        """Drops the session; the next message starts a new one."""
        self.state = None

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

    def happen(self, event: Event) -> Turn:
        """Takes up any event, as the worker would."""
        program = self.program
        if self.state and not isinstance(event, Migrated):
            program = self.library.version(self.state.version) or self.program
        turn = advance(program, self.state, event, self.library)
        self.state = turn.state
        self.turns.append(turn)
        for effect in turn.effects:
            self._remember(effect)
        return turn

    def _remember(self, effect: Effect) -> None:
        """Keeps what the next event's world must show, as the database would."""
        match effect:
            case Handoff():
                self._change("conversation", mode="waiting")
            case TakeBack():
                self._change("conversation", mode="bot")
            case Consent(granted=granted):
                self._change("contact", opted_out=not granted)
            case UpdateContact(add_tags=added, remove_tags=removed, fields=fields):
                kept = [tag for tag in self.world.contact.get("tags", []) if tag not in removed]
                merged = {**self.world.contact.get("fields", {}), **fields}
                self._change("contact", tags=[*dict.fromkeys([*kept, *added])], fields=merged)

    def _change(self, scope: str, **facts: Json) -> None:
        before: dict[str, Json] = getattr(self.world, scope)
        self.world = structs.replace(self.world, **{scope: {**before, **facts}})

    def _luck(self) -> int:
        """Gives each event its own seed, the same in every repetition (a 64-bit mix, Knuth's constant)."""
        return ((self.seed + len(self.turns)) * 6_364_136_223_846_793_005 + 1) % 2**63
