"""Whatever an author draws and a customer does: `advance` never raises, always ends, gives the same turn twice."""

from datetime import timedelta
from typing import Any, Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.engine.advance import advance
from recado.engine.compile import Program, compile
from recado.engine.events import (
    Event,
    Message,
    Migrated,
    Released,
    Replied,
    SendSettled,
    Started,
    Stopped,
    Tap,
    TimerFired,
    World,
)
from recado.engine.flow import FlowDocument
from recado.engine.library import Library
from recado.engine.limits import TURN_VISITS
from recado.engine.settings import Settings
from recado.engine.state import State
from recado.nodes import NODE_TYPES
from tests.engine.flows import MAIN, SUB
from tests.engine.invariants import check_state, stored
from tests.engine.script import MONDAY
from tests.engine.strategies import MESSAGES, SETTINGS, documents

FLOW_OF = {"main 1": MAIN, "main 2": MAIN, "sub 1": SUB}
MODES = st.sampled_from(["bot", "bot", "bot", "bot", "waiting", "human", "closed"])
NODES = st.sampled_from(["n0", "n1", "n2", "nowhere"])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("reply"), MESSAGES, st.booleans()),
        st.tuples(st.just("burst"), MESSAGES, st.booleans()),
        st.tuples(st.just("tap"), st.sampled_from(["sim", "não", "outro"]), st.booleans()),
        st.tuples(st.just("timer"), st.integers(0, 100), st.booleans()),
        st.tuples(st.just("settled"), st.booleans(), st.booleans()),
        st.tuples(st.just("released"), NODES | st.none(), st.booleans()),
        st.tuples(st.just("migrated"), st.sampled_from(sorted(FLOW_OF)), st.booleans()),
        st.tuples(st.just("stop"), st.none(), st.booleans()),
    ),
    max_size=12,
)


def event_of(act: tuple[str, Any, bool], state: State, world: World, number: int) -> Event:
    """Makes the event an act means; the flag makes it late, or aims it at the current wait."""
    kind, detail, flag = act
    at = MONDAY + timedelta(minutes=number)
    token = state.wait.token if state.wait and flag else "abcdefghijkl"
    match kind:
        case "reply" | "burst":
            more = kind == "burst"
            return Replied(at=at, seed=number, world=world, message=detail, late=flag, more=more)
        case "tap":
            tap = Tap(detail, token if flag else next(iter(state.asked), token))
            message = Message(id=f"t{number}", type="button_reply", text=detail, tap=tap)
            return Replied(at=at, seed=number, world=world, message=message)
        case "timer":
            due = max(state.wake_at or at, at) + timedelta(seconds=detail)
            return TimerFired(at=due, seed=number, world=world, token=token)
        case "settled":
            return SendSettled(at=at, world=world, token=token, accepted=detail)
        case "released":
            if detail:
                return Released(at=at, seed=number, world=world, to="node", node=detail)
            to: Literal["restart", "continue"] = "restart" if flag else "continue"
            return Released(at=at, seed=number, world=world, to=to)
        case "migrated":
            moves = {"n0": "n1", "n1": "n0", "n2": None} if flag else {}
            return Migrated(at=at, world=world, flow=FLOW_OF[detail], version=detail, moves=moves)
    return Stopped(at=at, world=world, reason="expired" if flag else "number")


def program_for(event: Event, state: State | None, library: Library) -> Program:
    """Gives the program that `advance` wants with an event."""
    match event:
        case Started():
            return library.programs["main 1"]
        case Migrated(flow=flow, version=version) if state and state.flow == flow:
            return library.programs[version]
    assert state
    return library.programs[state.version or ""]


def compiled(document: dict[str, Any]) -> Program | None:
    """Compiles a document, which may be refused."""
    return compile(FlowDocument.model_validate(document), NODE_TYPES).program


PROGRAMS = documents().map(compiled).filter(bool)
WORLDS = st.builds(
    World,
    contact=st.fixed_dictionaries({"id": st.just("ana"), "opted_out": st.booleans()}),
    settings=SETTINGS.map(lambda raw: msgspec.convert(raw, Settings)),
    published=st.sampled_from([{MAIN: "main 1", SUB: "sub 1"}, {MAIN: "main 2"}]),
)


@settings(max_examples=80, deadline=None)
@given(
    library=st.builds(Library, st.fixed_dictionaries(dict.fromkeys(FLOW_OF, PROGRAMS))),
    acts=ACTS,
    modes=st.lists(MODES, min_size=12, max_size=12),
    world=WORLDS,
    seed=st.integers(0, 2**32),
)
def test_advance_is_total_and_repeatable(
    library: Library, acts: list[Any], modes: list[str], world: World, seed: int
) -> None:
    state: State | None = None
    event: Event = Started(
        at=MONDAY,
        seed=seed,
        world=world,
        session="s",
        flow=MAIN,
        version="main 1",
        message=Message(id="m", type="text"),
    )
    for number in range(len(acts) + 1):
        program = program_for(event, state, library)
        before = msgspec.json.encode(state)
        turn = advance(program, state, event, library)

        assert turn == advance(program, state, event, library)
        assert msgspec.json.encode(state) == before, "a turn must not change the state it was given"
        assert len(turn.trace.visits) <= TURN_VISITS + 60
        assert stored(turn.state) == turn.state
        assert turn.state.versions <= library.programs.keys()
        check_state(library.programs[turn.state.version or ""], turn.state)
        state = stored(turn.state)
        if number < len(acts):
            there = msgspec.structs.replace(world, conversation={"mode": modes[number]})
            event = event_of(acts[number], state, there, number + 1)
