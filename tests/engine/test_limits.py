"""How far a session may go on its own, and how much it may hold."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from recado.engine.advance import advance
from recado.engine.askings import KEPT, newest, visit_id
from recado.engine.effects import Alert, Send
from recado.engine.events import Message, Replied
from recado.engine.flow import MAX_VALUE_BYTES, MAX_VARIABLES_BYTES
from recado.engine.limits import SESSION_VISITS
from recado.engine.state import Status
from recado.engine.variables import Variables
from tests.engine.flows import flow, node
from tests.engine.script import MONDAY, Script, program_of

AGE = flow(
    node("ask", "question", content="Idade?", variableName="idade", answer="number"),
    node("say", "message", content="{{idade}}"),
    edges="start ask,ask say",
)


def test_a_session_ends_after_ten_thousand_visits() -> None:
    script = Script(program_of(AGE))
    script.step("oi")
    assert script.play.state
    old = structs.replace(script.play.state, visits=SESSION_VISITS)

    event = Replied(at=MONDAY, message=Message(id="x", type="text", text="18"))
    turn = advance(script.play.program, old, event)

    assert turn.state.status is Status.FAILED
    alerts = [e.detail for e in turn.effects if isinstance(e, Alert)]
    assert alerts == ["10000 visits in a session: start > ask"]


def test_only_the_first_asking_starts_the_clock_of_lateness() -> None:
    script = Script(program_of(AGE))

    turns = [*script.step("oi"), *script.step("dezoito"), *script.step("18")]

    sends = [effect for turn in turns for effect in turn.effects if isinstance(effect, Send)]
    assert [send.asks for send in sends] == [True, False, False]


def test_a_question_in_several_messages_starts_the_clock_with_the_first() -> None:
    options = [{"value": str(number), "label": "x" * 900 + str(number)} for number in range(9)]
    document = flow(
        node("ask", "question", content="Qual?", options=options, timeout=60), edges="start ask"
    )

    [turn] = Script(program_of(document)).step("oi")

    asks = [effect.asks for effect in turn.effects if isinstance(effect, Send)]
    assert asks == [True] + [False] * (len(asks) - 1)
    assert len(asks) > 1


@given(session=st.text(max_size=40), numbers=st.lists(st.integers(0, SESSION_VISITS), unique=True))
def test_ids_of_visits_sort_by_age_and_have_twelve_characters(
    session: str, numbers: list[int]
) -> None:
    ids = [visit_id(session, number) for number in sorted(numbers)]

    assert sorted(ids) == ids
    assert all(len(id.encode()) == 12 for id in ids)
    assert len(set(ids)) == len(ids)


def test_the_newest_askings_are_kept_whatever_order_the_database_gives() -> None:
    ids = [visit_id("s", number) for number in range(30)]

    kept = newest(dict.fromkeys(reversed(ids), "ask"))

    assert list(kept) == ids[-KEPT:]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "ção"]),
            st.one_of(st.none(), st.text(max_size=9), st.integers(1, 70_000).map("x".__mul__)),
        ),
        max_size=12,
    )
)
def test_variables_never_grow_over_their_limits(changes: list[tuple[str, Any]]) -> None:
    variables = Variables({"old": "x" * 100_000})
    for name, value in changes:
        before = dict(variables.values)
        fits = variables.put(name, value)

        size = len(msgspec.json.encode({**before, name: value}))
        assert (variables.values == before) is not fits or before.get(name) == value
        assert fits == (_size(value) <= MAX_VALUE_BYTES and size <= MAX_VARIABLES_BYTES)
        if not value:
            variables.drop(name)


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
