"""Whole conversations, whatever happens to them: Hypothesis plays the customer, people, publishes and crashes.

After every step: at most one active session, a sound state, every message taken up once, every session ended once.
At the end the journal alone makes the same turns again.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from recado.engine.advance import advance
from recado.engine.events import Message, SendSettled, TimerFired, World
from recado.engine.library import Library
from recado.engine.settings import Settings
from tests.engine.flows import MAIN, SUB, VERSIONS, programs
from tests.engine.office import Office
from tests.engine.strategies import SETTINGS

PROGRAMS = programs()


@dataclass(frozen=True)
class Tapped:
    """A tap on one of the buttons on the screen, counted from the newest."""

    back: int


WORDS = st.sampled_from(["oi", "Ana", "1", "2", "azul", "Verde 💚", "12"])
ORDERS = st.sampled_from(["menu", "sair", "atendente", "recomeçar", "stop", "start"])
THINGS = st.sampled_from(["image", "audio", "sticker", "reaction", "location"])
SAYINGS = st.one_of(
    WORDS,
    st.builds(Tapped, st.integers(0, 9)),
    WORDS,
    st.builds(Tapped, st.integers(0, 2)),
    THINGS.map(lambda kind: Message(id="", type=kind, value={"type": kind, "media_id": "1"})),
    ORDERS,
    st.text(max_size=10),
)
SPANS = st.sampled_from([3, 60, 600, 3_600, 7_200, 100_000])
CRASH = st.booleans()
MOVES: st.SearchStrategy[dict[str, str | None]] = st.dictionaries(
    st.sampled_from(["name", "menu", "pause", "call", "story", "street"]),
    st.sampled_from([None, "menu", "street", "nowhere"]),
    max_size=3,
)


class Conversation(RuleBasedStateMachine):
    """One customer, one number, and everybody who has a hand in it."""

    office: Office

    @initialize(raw=SETTINGS, first=st.sampled_from(sorted(VERSIONS[MAIN])))
    def begin(self, raw: dict[str, Any], first: str) -> None:
        chosen = msgspec.convert(raw, Settings)
        self.rewinds = chosen.late_taps == "rewind"
        world = World(contact={"id": "ana"}, settings=chosen, published={MAIN: first, SUB: "sub 1"})
        library = Library({first: PROGRAMS[first], "sub 1": PROGRAMS["sub 1"]})
        self.office = Office(PROGRAMS[first], world, library, flow=MAIN, version=first)

    # The customer.

    @rule(sayings=st.lists(SAYINGS, min_size=1, max_size=4), crash=CRASH)
    def the_customer_writes(self, sayings: list[str | Message | Tapped], crash: bool) -> None:
        for saying in sayings:
            self.office.receive(self._message(saying))
        self.office.take_up(crash=crash)

    @rule(choice=st.integers(0, 2), crash=CRASH)
    def the_customer_answers_well(self, choice: int, crash: bool) -> None:
        self.office.receive(self._fitting(choice))
        self.office.take_up(crash=crash)
        self.time_goes_by(3, crash)

    @rule(choice=st.integers(0, 2), crash=CRASH)
    def and_again(self, choice: int, crash: bool) -> None:
        self.the_customer_answers_well(choice, crash)

    @rule(saying=SAYINGS)
    def a_message_waits_in_the_inbox(self, saying: str | Message | Tapped) -> None:
        self.office.receive(self._message(saying))

    def _message(self, saying: str | Message | Tapped) -> Message:
        match saying:
            case Message():
                return saying
            case Tapped(back=back) if options := self.office.options():
                title, tap = options[-1 - back % len(options)]
                return Message(id="", type="button_reply", text=title, tap=tap)
            case _:
                return Message(id="", type="text", text=str(saying), value=str(saying))

    def _fitting(self, choice: int) -> Message:
        """An answer that the current question takes."""
        state = self.office.state
        if state is None or state.node is None or not state.status.open:
            return self._message("oi")
        match PROGRAMS[state.version or ""].nodes[state.node].type, state.node:
            case "interactive_buttons", _:
                return self._message(Tapped(choice))
            case _, "photos":
                return Message(id="", type="image", value={"type": "image", "media_id": "1"})
        return self._message("12")

    # Time, and the world outside.

    @rule(seconds=SPANS, crash=CRASH)
    def time_goes_by(self, seconds: int, crash: bool) -> None:
        self.office.wait(timedelta(seconds=seconds))
        self.office.take_up(crash=crash)
        state = self.office.state
        if self.office.row.mode == "bot" and state and state.wake_at:
            assert state.wake_at > self.office.now, "what was due has happened"

    @rule(what=st.sampled_from(["accepted", "accepted", "accepted", "refused", "off"]), crash=CRASH)
    def something_happens(self, what: str, crash: bool) -> None:
        now, accepted = self.office.now, what == "accepted"
        if what == "off":
            self.office.commit(lambda play: play.stop("number_inactive", now), crash=crash)
        else:
            self.office.commit(
                lambda play: play.settle(now, accepted=accepted, code=131047), crash=crash
            )

    @rule()
    def old_news_changes_nothing(self) -> None:
        state, row = self.office.state, self.office.row
        if state is None or not state.status.open:
            return
        for event in (
            TimerFired(at=self.office.now, world=row.world, token="000000000000"),
            SendSettled(at=self.office.now, world=row.world, token="000000000000", accepted=False),
        ):
            turn = advance(PROGRAMS[state.version or ""], state, event, row.library)
            assert turn.state == state
            assert turn.effects == ()

    # People.

    @rule(closes=st.sampled_from([False, False, False, True]))
    def a_person_takes_over(self, closes: bool) -> None:
        self.office.commit(lambda play: play.close() if closes else play.take_over())

    @precondition(lambda self: self.office.row.mode in ("human", "waiting"))
    @rule(
        to=st.sampled_from(["continue", "restart", "node"]),
        node=st.sampled_from(["menu", "street", "nowhere"]),
        crash=CRASH,
    )
    def a_person_gives_back(
        self, to: Literal["continue", "restart", "node"], node: str, crash: bool
    ) -> None:
        now = self.office.now
        self.office.commit(lambda play: play.release(now, to=to, node=node), crash=crash)
        assert self.office.row.mode in ("bot", "waiting")

    @rule(
        version=st.sampled_from([id for ids in VERSIONS.values() for id in ids]),
        moves=st.none() | MOVES,
        crash=CRASH,
    )
    def a_version_is_published(
        self, version: str, moves: dict[str, str | None] | None, crash: bool
    ) -> None:
        flow, now = (MAIN if version in VERSIONS[MAIN] else SUB), self.office.now
        self.office.commit(lambda play: play.publish(flow, version, PROGRAMS[version]))
        if moves is not None:
            self.office.commit(
                lambda play: play.migrate(now, flow=flow, version=version, moves=moves), crash=crash
            )

    @invariant()
    def everything_is_sound(self) -> None:
        self.office.check()
        if not self.rewinds:
            self.office.check_delays()

    def teardown(self) -> None:
        self.office.check_journal()


Conversation.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestConversation = Conversation.TestCase
