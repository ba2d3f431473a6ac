"""Whatever an author draws and a customer does: `advance` never raises, always ends, gives the same turn twice."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.engine.advance import advance
from recado.engine.compile import Program, compile
from recado.engine.events import Event, Message, Replied, Started, Stopped, Tap, TimerFired
from recado.engine.flow import FlowDocument
from recado.engine.run import TURN_VISITS
from recado.engine.state import State, Status
from recado.nodes import NODE_TYPES
from tests.engine.script import MONDAY

NAMES = st.sampled_from(["a", "b", "nome", "idade"])
TEXTS = st.sampled_from(
    ["oi", "{{a}}", "{{ b.c[0] }} e {{idade}}", "18", "{{contact.name}}", "x" * 5_000]
)
OPERATORS = st.sampled_from(["==", "!=", ">", "contains", "is_empty", "in", "between", "matches"])
VALUES = st.one_of(TEXTS, st.integers(-5, 99), st.booleans(), st.lists(st.integers(), max_size=2))
RULES = st.fixed_dictionaries({"variable": NAMES, "operator": OPERATORS, "value": VALUES})
ANSWERS = st.sampled_from(
    ["text", "number", "integer", "email", "date", "yes_no", "cpf", "media", "any"]
)

DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "message": st.fixed_dictionaries({"content": TEXTS}),
    "end": st.fixed_dictionaries({"content": TEXTS}),
    "question": st.one_of(
        st.fixed_dictionaries(
            {
                "content": TEXTS.filter(lambda t: len(t) < 4_000),
                "variableName": NAMES,
                "answer": ANSWERS,
            },
            optional={"timeout": st.integers(1, 90), "burst": st.sampled_from(["fresh", "each"])},
        ),
        st.fixed_dictionaries(
            {
                "content": st.just("?"),
                "options": st.just(["sim", "não"]),
                "route_by_option": st.booleans(),
            }
        ),
    ),
    "condition": st.fixed_dictionaries(
        {"cases": st.lists(RULES, min_size=1, max_size=2).map(lambda r: [{"id": "c", "rules": r}])}
    ),
    "set_variable": st.fixed_dictionaries(
        {
            "assignments": st.lists(
                st.fixed_dictionaries(
                    {
                        "variable": NAMES,
                        "operation": st.sampled_from(["set", "append", "increment", "clear"]),
                        "value": VALUES,
                    }
                ),
                min_size=1,
                max_size=2,
            )
        }
    ),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 8))
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    for number in range(count):
        type = draw(st.sampled_from(sorted(DATA)))
        nodes.append({"id": f"n{number}", "type": type, "data": draw(DATA[type])})
    targets = st.sampled_from([node["id"] for node in nodes[1:]])
    edges = [{"id": "e0", "source": "start", "target": draw(targets)}]
    for node in nodes[1:]:
        kind = NODE_TYPES[node["type"]].model_validate({**node["data"], "type": node["type"]})
        for port in kind.ports():
            if draw(st.booleans()):
                id, source = f"e{len(edges)}", node["id"]
                target = draw(targets)
                edges.append(
                    {"id": id, "source": source, "sourceHandle": port.id, "target": target}
                )
    return {"nodes": nodes, "edges": edges, "variables": {"a": [1, {"c": 2}]}}


MESSAGES = st.builds(
    Message,
    id=st.sampled_from(["m1", "m2"]),
    type=st.sampled_from(
        ["text", "image", "location", "sticker", "reaction", "order", "unheard_of"]
    ),
    text=st.one_of(st.text(max_size=40), st.sampled_from(["1", "sim", "18,5", "x" * 70_000])),
    value=st.one_of(
        st.none(), st.text(max_size=5), st.dictionaries(st.text(max_size=3), st.integers())
    ),
)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("reply"), MESSAGES, st.booleans()),
        st.tuples(st.just("tap"), st.sampled_from(["sim", "não", "outro"]), st.booleans()),
        st.tuples(st.just("timer"), st.integers(0, 100), st.booleans()),
        st.tuples(st.just("stop"), st.none(), st.booleans()),
    ),
    max_size=12,
)


def event_of(act: tuple[str, Any, bool], state: State, number: int) -> Event:
    """Makes the event an act means; the flag makes it late, or aims it at the current wait."""
    kind, detail, flag = act
    at = MONDAY + timedelta(minutes=number)
    token = state.wait.token if state.wait else "none"
    match kind:
        case "reply":
            return Replied(at=at, seed=number, message=detail, late=flag)
        case "tap":
            tap = Tap(detail, token if flag else "abcdefghijkl")
            message = Message(id=f"t{number}", type="button_reply", text=detail, tap=tap)
            return Replied(at=at, seed=number, message=message)
        case "timer":
            return TimerFired(at=at + timedelta(seconds=detail), token=token if flag else "old")
    return Stopped(at=at, reason="expired" if flag else "number")


def check_state(program: Program, state: State) -> None:
    """Checks what must hold between any two turns."""
    assert (state.wait is not None) == (state.status is Status.ACTIVE)
    assert state.status in (Status.ACTIVE, Status.FAILED) or state.wake_at is None
    if state.status is Status.ACTIVE:
        assert state.node in program.nodes
        assert state.expires_at is not None
    else:
        assert state.pending == ()


@settings(max_examples=150, deadline=None)
@given(document=documents(), acts=ACTS, seed=st.integers(0, 2**32))
def test_advance_is_total_and_repeatable(
    document: dict[str, Any], acts: list[Any], seed: int
) -> None:
    program = compile(FlowDocument.model_validate(document), NODE_TYPES).program
    if program is None:
        return
    state: State | None = None
    event: Event = Started(at=MONDAY, seed=seed, session="s", message=Message(id="m", type="text"))
    for number in range(len(acts) + 1):
        before = msgspec.json.encode(state)
        turn = advance(program, state, event)

        assert turn == advance(program, state, event)
        assert msgspec.json.encode(state) == before, "a turn must not change the state it was given"
        assert len(turn.trace.visits) <= TURN_VISITS + 60
        assert msgspec.json.decode(msgspec.json.encode(turn.state), type=State) == turn.state
        check_state(program, turn.state)
        state = turn.state
        if number < len(acts):
            event = event_of(acts[number], state, number + 1)
