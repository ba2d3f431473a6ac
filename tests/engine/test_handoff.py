"""A flow that hands the conversation to a person: what is heard meanwhile, and every way out of it."""

from datetime import timedelta
from typing import Any

import pytest

from recado.engine.compile import compile
from recado.engine.effects import Handoff
from recado.engine.events import World
from recado.engine.flow import FlowDocument
from recado.engine.library import Library
from recado.engine.play import Play
from recado.engine.state import State, Status
from recado.engine.transcript import noted, told
from recado.nodes import NODE_TYPES
from tests.engine.flows import MAIN, SUB, flow, node
from tests.engine.invariants import check_state
from tests.engine.script import Script, program_of, said

NAME = node("name", "question", content="Nome?", variableName="nome")
HAND = node("hand", "handoff", content="Um momento, {{nome}}.", timeout=3_600)
DONE = node("done", "message", content="Até logo, {{nome}}.")
ALONE = node("alone", "message", content="Ninguém pôde atender.")
EDGES = "start name,name hand,hand:released done,hand:timeout alone"
FLOW = flow(NAME, HAND, DONE, ALONE, edges=EDGES)
BACK = "(the bot has the conversation again)"
COMPLETED = "(the session ends: completed)"


def playing(*versions: dict[str, Any], sub: dict[str, Any] | None = None) -> Script:
    """A conversation with the first of a flow's versions `1`, `2`, ...; `sub` is a flow that it may call."""
    programs = {str(number): program_of(doc) for number, doc in enumerate(versions, start=1)}
    published = {MAIN: "1"}
    if sub is not None:
        programs["sub"], published[SUB] = program_of(sub), "sub"
    script = Script(programs["1"], World(published=published))
    script.play = Play(
        programs["1"], world=script.play.world, library=Library(programs), flow=MAIN, version="1"
    )
    return script


def handed_off(*versions: dict[str, Any]) -> Script:
    """The same, with nobody having taken the conversation yet."""
    script = playing(*(versions or (FLOW,)))
    assert script.says("oi", "Ana") == ["Nome?", "Um momento, Ana."]
    assert script.play.mode == "waiting"
    return script


def state_of(script: Script) -> State:
    assert script.play.state
    check_state(script.play.library.programs[script.play.state.version or ""], script.play.state)
    return script.play.state


def does(script: Script, step: Any) -> list[str]:
    return told(script.step(step))


def wakes_in(script: Script) -> timedelta | None:
    wake = state_of(script).wake_at
    return None if wake is None else wake - script.now


# What is heard meanwhile.


@pytest.mark.parametrize("taken", [False, True])
def test_what_the_customer_writes_is_history(*, taken: bool) -> None:
    script = handed_off()
    if taken:
        script.step({"person": "takes over"})
    before = state_of(script)

    turns = [*script.step("alguém?"), *script.step("atendente"), *script.step("recomeçar")]

    assert turns == []
    assert state_of(script) == before


def test_menu_takes_the_conversation_back_while_nobody_has_it() -> None:
    script = handed_off()

    assert does(script, "menu") == [BACK, "Nome?"]
    assert (script.play.mode, state_of(script).status) == ("bot", Status.ACTIVE)


def test_menu_is_not_heard_once_somebody_has_taken_it() -> None:
    script = handed_off()
    script.step({"person": "takes over"})

    assert script.step("menu") == []


@pytest.mark.parametrize("taken", [False, True])
def test_stop_ends_the_session_and_leaves_the_conversation_with_people(*, taken: bool) -> None:
    script = handed_off()
    if taken:
        script.step({"person": "takes over"})

    happened = does(script, "parar mensagens")

    assert happened[0] == "(the contact refuses our messages)"
    assert happened[2:] == ["(the session ends: stopped)"]
    assert script.play.mode == ("human" if taken else "waiting")
    assert script.step({"after": 7_200}) == []


def test_start_is_confirmed_and_the_handoff_stays() -> None:
    script = handed_off()
    script.play._change("contact", opted_out=True)

    happened = does(script, "START")

    assert happened == [
        "(the contact takes our messages)",
        "Pronto, você voltou a receber nossas mensagens.",
    ]
    assert (script.play.mode, state_of(script).status) == ("waiting", Status.HANDED_OFF)
    assert wakes_in(script) == timedelta(hours=1)


# Given back.


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize(
    ("to", "said_then"),
    [
        ({"release": "continue"}, ["Até logo, Ana.", COMPLETED]),
        ({"release": "restart"}, ["Nome?"]),
    ],
)
def test_released(to: Any, said_then: list[str], *, taken: bool) -> None:
    script = handed_off()
    if taken:
        script.step({"person": "takes over"})

    assert does(script, to) == [BACK, *said_then]
    assert script.play.mode == "bot"


def test_released_at_a_node() -> None:
    script = handed_off()

    turns = script.play.release(script.now, to="node", node="alone")

    assert told(turns) == [BACK, "Ninguém pôde atender.", COMPLETED]


def test_a_restart_from_outside_ends_the_session_and_begins_anew() -> None:
    script = handed_off()

    stopped = told(script.play.stop("restarted", script.now))
    script.play._change("conversation", mode="bot")

    assert stopped == ["(the session ends: stopped)"]
    assert does(script, "oi") == ["Nome?"]


def test_a_closed_conversation_begins_anew_with_the_next_message() -> None:
    script = handed_off()
    script.play.close()

    assert script.step({"after": 7_200}) == []
    assert does(script, "oi") == ["(the session ends: stopped)", "Nome?"]
    assert script.play.mode == "bot"


# Nobody came in time.


def test_nobody_came() -> None:
    script = handed_off()

    assert script.step({"after": 3_599}) == []
    assert does(script, {"after": 1}) == [BACK, "Ninguém pôde atender.", COMPLETED]


def test_nobody_came_and_the_bot_answers_the_next_message() -> None:
    script = handed_off(flow(NAME, HAND, DONE, edges="start name,name hand,hand:released done"))

    assert does(script, {"after": 3_600}) == [BACK, "(the session ends: completed, unattended)"]
    assert does(script, "oi") == ["Nome?"]


def test_somebody_took_it_and_the_time_means_nothing_any_more() -> None:
    script = handed_off()
    script.step({"person": "takes over"})

    assert script.step({"after": 1_000_000}) == []
    assert does(script, {"release": "continue"}) == [BACK, "Até logo, Ana.", COMPLETED]


def test_a_handoff_neither_expires_nor_reminds() -> None:
    silent = {
        "inactivity": {"remind_after": 60, "text": "Oi?", "end_after": 120},
        "session_ttl": 60,
    }
    script = handed_off({**FLOW, "settings": silent})

    assert state_of(script).expires_at is None
    assert script.step({"after": 3_000}) == []


# In a called flow.

CALLING = flow(
    NAME, node("call", "jump", to_flow=SUB, mode="call"), DONE,
    edges="start name,name call,call done",
)  # fmt: skip


@pytest.mark.parametrize(
    ("edges", "step", "said_then"),
    [
        ("start hand", {"release": "continue"}, ["Até logo, Ana.", COMPLETED]),
        (
            "start hand,hand:released alone",
            {"release": "continue"},
            ["Ninguém pôde atender.", "Até logo, Ana.", COMPLETED],
        ),
        (
            "start hand,hand:timeout alone",
            {"after": 3_600},
            ["Ninguém pôde atender.", "Até logo, Ana.", COMPLETED],
        ),
        ("start hand", {"after": 3_600}, ["(the session ends: completed, unattended)"]),
    ],
)
def test_in_a_called_flow(edges: str, step: Any, said_then: list[str]) -> None:
    script = playing(CALLING, sub=flow(HAND, ALONE, edges=edges))
    script.says("oi", "Ana")

    assert state_of(script).frames
    assert does(script, step) == [BACK, *said_then]


def test_menu_in_a_called_flow_forgets_the_caller() -> None:
    script = playing(CALLING, sub=flow(HAND, edges="start hand"))
    script.says("oi", "Ana")

    assert does(script, "menu") == [BACK, "Nome?"]
    assert state_of(script).frames == ()


# A publish while people have it.

OTHER = node("other", "handoff", content="Outro momento.", timeout=7_200)


def test_a_migration_leaves_the_handoff_as_it_is() -> None:
    changed = flow(
        NAME, {**HAND, "data": {"content": "Outro texto."}}, edges="start name,name hand"
    )
    script = handed_off(FLOW, changed)

    turns = script.play.migrate(script.now, flow=MAIN, version="2", moves={})

    assert (told(turns), noted(turns)) == ([], ["migrated"])
    assert wakes_in(script) == timedelta(hours=1)
    assert does(script, {"release": "continue"}) == [BACK, COMPLETED]


def test_a_migration_to_another_node_waits_for_the_person_first() -> None:
    script = handed_off(FLOW, flow(NAME, OTHER, edges="start name,name other"))

    turns = script.play.migrate(script.now, flow=MAIN, version="2", moves={"hand": "other"})

    assert told(turns) == []
    assert (state_of(script).status, state_of(script).node) == (Status.HANDED_OFF, "other")
    released = script.step({"release": "continue"})
    assert said(released) == ["Outro momento."]
    assert script.play.mode == "waiting"
    assert wakes_in(script) == timedelta(hours=2)


def test_a_migration_without_the_node_ends_the_session() -> None:
    script = handed_off(FLOW, flow(NAME, edges="start name"))

    turns = script.play.migrate(script.now, flow=MAIN, version="2", moves={})

    assert told(turns) == ["(the session ends: stopped, migrated)"]


# What people get to know, and the author.


def test_who_is_called_and_what_for() -> None:
    hand = node(
        "hand", "handoff", team="Suporte", agent="Bia", priority="high", note="De {{nome}}\n\n"
    )
    script = playing(flow(NAME, hand, edges="start name,name hand"))
    script.step("oi")

    [turn] = script.step("Ana")

    assert Handoff("handoff_node", "De Ana", "Suporte", "Bia", "high") in turn.effects
    assert told([turn])[-1] == "(a person is called: handoff node, Suporte, Bia, high)"


def test_long_texts_are_cut() -> None:
    hand = node("hand", "handoff", content="a" * 4_000 + "\n{{nome}}", note="{{nome}}")
    script = playing(flow(NAME, hand, edges="start name,name hand"))
    script.step("oi")

    [turn] = script.step("b" * 3_000)

    assert said([turn]) == ["a" * 4_000, "b" * 3_000]
    assert Handoff("handoff_node", "b" * 2_000) in turn.effects


def test_a_missing_edge_is_told_as_what_it_means() -> None:
    document = flow(HAND, edges="start hand")

    problems = compile(FlowDocument.model_validate(document), NODE_TYPES).problems

    open_ends = [each for each in problems if each.code == "port_without_edge"]
    assert [problem.say("en") for problem in open_ends] == [
        "The port “released” has no edge: the session ends there.",
        "The port “timeout” has no edge: the session ends there.",
    ]


def test_two_handoffs_in_a_ring_are_no_endless_loop() -> None:
    ring = flow(HAND, OTHER, edges="start hand,hand:timeout other,other:timeout hand")

    assert compile(FlowDocument.model_validate(ring), NODE_TYPES).program is not None
