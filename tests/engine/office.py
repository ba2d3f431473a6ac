"""A small model of the worker and its database: an inbox, one transaction per take-up, crashes before the commit.

Nothing that is not in the row survives a take-up: the state goes through the database's JSON every time, and a turn
that crashed is computed again from what was committed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from msgspec import structs

from recado.engine.advance import Turn, advance
from recado.engine.compile import Program
from recado.engine.content import Buttons, ListMenu
from recado.engine.effects import EndSession, Send
from recado.engine.events import Event, Message, Started, Tap, World
from recado.engine.library import Library
from recado.engine.options import parse_wire_id, rows_of
from recado.engine.play import Play
from recado.engine.state import State
from tests.engine.invariants import check_state, sorted_keys, stored
from tests.engine.script import MONDAY


@dataclass
class Witness(Play):
    """A play that keeps the events it took up, with the version each ran on."""

    happened: list[Event] = field(default_factory=list)

    def happen(self, event: Event) -> Turn:
        """Takes up an event; the very same again must give the very same turn."""
        before, program = self.state, self._program(event)
        turn = super().happen(event)
        self.happened.append(event)
        assert advance(program, before, event, self.library) == turn
        return turn


Work = Callable[[Witness], object]


class Office:
    """The committed row of a conversation, its inbox, and everything that was ever written about it."""

    def __init__(
        self, program: Program, world: World, library: Library, *, flow: str, version: str
    ) -> None:
        self.row = Witness(program, world=world, library=library, flow=flow, version=version)
        self.now: datetime = MONDAY
        self.inbox: list[Message] = []
        self.received = 0
        self.answered: Counter[str] = Counter()
        self.sessions: dict[str, State] = {}

    @property
    def state(self) -> State | None:
        """Gives the committed state of the newest session."""
        return self.row.state

    def receive(self, message: Message) -> None:
        """Puts a message into the inbox."""
        self.received += 1
        self.inbox.append(structs.replace(message, id=f"m{self.received}", at=self.now))

    def commit(self, work: Work, *, crash: bool = False) -> None:
        """Does work on a copy of the row and commits it; a crash drops the copy, and somebody does it again."""
        done = self._attempt(work)
        if crash:
            again = self._attempt(work)
            assert again.turns == done.turns
            assert again.state == done.state
            assert again.world == done.world
        new = done.turns[len(self.row.turns) :]
        self.sessions |= {turn.state.session: stored(turn.state) for turn in new}
        done.state = stored(done.state) if done.state else None
        self.row = done

    def take_up(self, *, crash: bool = False) -> None:
        """Takes up all mail in its order, then what is due: THE transaction."""
        letters = list(self.inbox)
        self.commit(lambda play: self._read(play, letters), crash=crash)
        self.answered.update(letter.id for letter in letters)
        self.inbox.clear()

    def wait(self, span: timedelta) -> None:
        """Lets time go by."""
        self.now += span

    def options(self) -> list[tuple[str, Tap]]:
        """Lists every button that is on the customer's screen, oldest first."""
        menus = [
            effect.content
            for turn in self.row.turns
            for effect in turn.effects
            if isinstance(effect, Send) and isinstance(effect.content, Buttons | ListMenu)
        ]
        return [(row.title, parse_wire_id(row.id)) for menu in menus for row in rows_of(menu)]

    def _attempt(self, work: Work) -> Witness:
        row = self.row
        copy = Witness(
            **{name: getattr(row, name) for name in row.__dataclass_fields__ if name not in LISTS},
            turns=list(row.turns),
            happened=list(row.happened),
        )
        work(copy)
        return copy

    def _read(self, play: Witness, letters: list[Message]) -> None:
        seen = _token(play)
        for number, letter in enumerate(letters, start=1):
            unseen, more = _token(play) != seen, number < len(letters)
            play.hear(letter, self.now, late=unseen, more=more)
        play.due(self.now)

    # What must hold.

    def check(self) -> None:
        """Checks the session, the inbox and everything written, after each step."""
        open_ones = [state for state in self.sessions.values() if state.status.open]
        assert len(open_ones) <= 1, "at most one active session"
        if open_ones:
            assert self.state == open_ones[0]
            program = self.row.library.programs[open_ones[0].version or ""]
            check_state(program, open_ones[0])
        assert all(times == 1 for times in self.answered.values()), "no message is taken up twice"
        assert len(self.answered) + len(self.inbox) == self.received, "no message is lost"
        self._check_written()

    def _check_written(self) -> None:
        """Every session ends once, and every asking begins to be sent once."""
        ends = Counter(turn.state.session for turn in self.row.turns if _ends(turn))
        closed = [id for id, state in self.sessions.items() if not state.status.open]
        assert ends == dict.fromkeys(closed, 1)
        askings = Counter(
            (turn.state.session, effect.visit)
            for turn in self.row.turns
            for effect in turn.effects
            if isinstance(effect, Send) and effect.asks
        )
        assert all(times == 1 for times in askings.values())

    def check_delays(self) -> None:
        """Without rewinding no visit is left twice: a timer that fired twice would do that."""
        left = Counter(
            (turn.state.session, visit.visit)
            for turn in self.row.turns
            for visit in turn.trace.visits
            if visit.port
        )
        assert all(times == 1 for times in left.values())

    def check_journal(self) -> None:
        """The journal alone makes every turn again: nothing was lost on the way, and nothing doubled."""
        state: State | None = None
        assert len(self.row.happened) == len(self.row.turns)
        for event, turn in zip(self.row.happened, self.row.turns, strict=True):
            read = msgspec.convert(sorted_keys(msgspec.to_builtins(event)), Event)
            match event:
                case Started(version=version):
                    program, before = self.row.library.programs[version or ""], None
                case _:
                    self.row.state = before = state
                    program = self.row._program(read)
            again = advance(program, before, read, self.row.library)
            assert again.state == turn.state
            assert again.effects == turn.effects
            state = stored(again.state)


LISTS = ("turns", "happened")


def _token(play: Play) -> str | None:
    return play.state.wait.token if play.state and play.state.wait else None


def _ends(turn: Turn) -> bool:
    return any(isinstance(effect, EndSession) for effect in turn.effects)
