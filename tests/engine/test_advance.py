"""The laws of a turn: waits have tokens, late messages are kept, sessions expire, loops end."""

import gc
from datetime import timedelta
from typing import Any

import pytest

from recado.engine.advance import advance
from recado.engine.effects import Alert, EndSession, Handoff, Send
from recado.engine.events import Message, Replied, Stopped, TimerFired, World
from recado.engine.intake import Intake, intake
from recado.engine.state import Status
from tests.engine.script import MONDAY, Script, program_of


def ask(**data: Any) -> dict[str, Any]:
    return {
        "id": "ask",
        "type": "question",
        "data": {"content": "Nome?", "variableName": "nome", **data},
    }


def flow(
    *nodes: dict[str, Any], edges: list[tuple[str, str | None, str]], **more: Any
) -> dict[str, Any]:
    lines = [
        {"id": f"e{i}", "source": source, "sourceHandle": port, "target": target}
        for i, (source, port, target) in enumerate(edges)
    ]
    return {"nodes": [{"id": "start", "type": "start"}, *nodes], "edges": lines, **more}


def say(id: str, content: str) -> dict[str, Any]:
    return {"id": id, "type": "message", "data": {"content": content}}


SIMPLE = flow(
    ask(), say("hi", "Olá {{nome}}"), edges=[("start", None, "ask"), ("ask", "next", "hi")]
)


def test_the_first_message_starts_and_does_not_answer() -> None:
    script = Script(program_of(SIMPLE))

    assert script.says("Maria") == ["Nome?"]
    assert script.says("João") == ["Olá João"]


def test_a_finished_session_starts_anew_with_fresh_variables() -> None:
    script = Script(program_of(SIMPLE))
    script.says("oi", "João")

    script.step("oi de novo")

    assert script.play.state is not None
    assert script.play.state.variables == {}
    assert script.play.sessions == 2


def test_an_old_timer_is_ignored() -> None:
    script = Script(program_of(flow(ask(timeout=60), edges=[("start", None, "ask")])))
    script.step("oi")

    event = TimerFired(at=MONDAY + timedelta(hours=1), token="another")
    turn = advance(script.play.program, script.play.state, event)

    assert turn.state == script.play.state
    assert turn.trace.notes == ["old_token"]
    assert turn.effects == ()


def test_a_timer_that_comes_too_early_is_ignored() -> None:
    script = Script(program_of(flow(ask(timeout=60), edges=[("start", None, "ask")])))
    script.step("oi")
    assert script.play.state
    assert script.play.state.wait

    token = script.play.state.wait.token
    turn = advance(script.play.program, script.play.state, TimerFired(at=MONDAY, token=token))

    assert turn.state.status is Status.ACTIVE
    assert turn.trace.notes == ["too_early"]


def test_a_timeout_without_an_edge_gives_the_failure_text() -> None:
    script = Script(program_of(flow(ask(timeout=60), edges=[("start", None, "ask")])))
    script.step("oi")

    said = script.says({"after": 61})

    assert said == ["Desculpe, ocorreu um erro. Tente novamente."]
    assert script.play.state
    assert script.play.state.status is Status.FAILED


def test_on_error_hands_over_to_a_person() -> None:
    settings = {"on_error": {"text": "Um momento.", "then": "handoff"}}
    document = flow(ask(timeout=60), edges=[("start", None, "ask")], settings=settings)
    script = Script(program_of(document))
    script.step("oi")

    [turn] = script.step({"after": 61})

    assert [type(e) for e in turn.effects] == [Send, Alert, Handoff]
    assert turn.state.status is Status.HANDED_OFF
    assert intake(turn.state, Message(id="x", type="text"), MONDAY, World()) is Intake.HISTORY


def test_a_session_expires_a_day_after_the_customer_last_wrote() -> None:
    script = Script(program_of(SIMPLE))
    script.step("oi")

    script.now += timedelta(hours=24)
    ended, started = script.step("João")

    assert ended.state.status is Status.EXPIRED
    assert ended.effects == (EndSession("expired"),)
    assert started.state.variables == {}


def test_a_flow_may_live_shorter_and_its_timeout_longer() -> None:
    document = flow(ask(timeout=600), edges=[("start", None, "ask")], settings={"session_ttl": 60})
    script = Script(program_of(document))
    script.step("oi")

    assert script.play.state
    assert script.play.state.expires_at == MONDAY + timedelta(seconds=600)
    assert script.play.state.wake_at == MONDAY + timedelta(seconds=600)


def test_a_loop_is_stopped_after_a_hundred_visits() -> None:
    count = {"assignments": [{"variable": "n", "operation": "increment"}]}
    never = {"cases": [{"id": "out", "rules": [{"variable": "n", "operator": "<", "value": 0}]}]}
    document = flow(
        {"id": "count", "type": "set_variable", "data": count},
        {"id": "choose", "type": "condition", "data": never},
        edges=[("start", None, "count"), ("count", None, "choose"), ("choose", "else", "count")],
    )
    script = Script(program_of(document))

    [turn] = script.step("oi")

    assert len(turn.trace.visits) == 100
    assert turn.state.status is Status.FAILED
    assert [e.kind for e in turn.effects if isinstance(e, Alert)] == ["loop_guard"]
    assert len([e for e in turn.effects if isinstance(e, Send)]) == 1


def test_thirty_messages_without_a_word_of_the_customer_are_enough() -> None:
    never = {"cases": [{"id": "out", "rules": [{"variable": "n", "operator": "is_not_empty"}]}]}
    document = flow(
        say("talk", "oi"),
        {"id": "choose", "type": "condition", "data": never},
        edges=[("start", None, "talk"), ("talk", None, "choose"), ("choose", "else", "talk")],
    )
    script = Script(program_of(document))

    said = script.says("oi")

    assert len(said) == 31
    assert script.play.state
    assert script.play.state.status is Status.FAILED


def test_a_double_tap_is_ignored_and_an_old_tap_asks_again() -> None:
    cor = {
        "id": "cor",
        "type": "question",
        "data": {"content": "Cor?", "options": ["azul", "verde"]},
    }
    edges = [("start", None, "cor"), ("cor", "next", "ask"), ("ask", "next", "hi")]
    script = Script(program_of(flow(cor, ask(), say("hi", "Olá {{nome}}"), edges=edges)))

    assert script.says("oi", {"tap": "azul"}) == ["Cor?", "Nome?"]
    assert script.says({"tap": "azul"}) == []
    assert script.says({"tap": "verde"}) == ["Nome?"]
    assert script.says({"tap": "verde"}) == []
    assert script.says("Ana") == ["Olá Ana"]


def test_late_messages_are_kept_for_the_author() -> None:
    script = Script(
        program_of(flow(ask(), say("hi", "{{late.text}}|{{nome}}"), edges=SIMPLE_EDGES))
    )

    assert script.says("oi", {"late": "tudo bem?"}, {"late": "alô"}, "Ana") == [
        "Nome?",
        "tudo bem?\nalô|Ana",
    ]


SIMPLE_EDGES: list[tuple[str, str | None, str]] = [("start", None, "ask"), ("ask", "next", "hi")]


def test_a_stopped_session_ends_without_a_word() -> None:
    script = Script(program_of(SIMPLE))
    script.step("oi")

    turn = advance(script.play.program, script.play.state, Stopped(at=MONDAY, reason="number"))

    assert turn.effects == (EndSession("stopped"),)
    assert turn.state.status is Status.STOPPED


def test_an_ended_session_takes_nothing_more() -> None:
    script = Script(program_of(SIMPLE))
    script.says("oi", "Ana")
    state = script.play.state

    turn = advance(
        script.play.program, state, Replied(at=MONDAY, message=Message(id="x", type="text"))
    )

    assert turn.state == state
    assert turn.trace.notes == ["session_over"]


def test_only_a_start_makes_a_session() -> None:
    with pytest.raises(ValueError, match="needs a session"):
        advance(program_of(SIMPLE), None, TimerFired(at=MONDAY, token="x"))


def test_what_the_flow_can_read() -> None:
    text = "{{contact.name}} {{contact.fields.plano}} {{number.name}} {{chatbot.loja}} {{today}} {{message.text}}"
    world = World(
        contact={"name": "Ana", "fields": {"plano": "ouro"}},
        number={"name": "Centro"},
        chatbot={"loja": "Matriz"},
    )
    script = Script(program_of(flow(say("hi", text), edges=[("start", None, "hi")])), world)

    assert script.says("bom dia") == ["Ana ouro Centro Matriz 2026-11-23 bom dia"]


def test_the_path_says_where_the_session_went() -> None:
    script = Script(program_of(SIMPLE))
    script.says("oi", "Ana")

    assert script.play.state
    assert script.play.state.path == ("start", "ask", "hi")


def test_a_value_over_the_limit_is_refused_and_traced() -> None:
    script = Script(program_of(SIMPLE))
    script.step("oi")

    [turn] = script.step("x" * 64_001)

    assert "nome" not in turn.state.variables
    assert turn.trace.visits[0].warnings == ["value_too_large:nome"]


def test_only_the_first_sending_of_an_asking_starts_the_clock_of_lateness() -> None:
    question = ask(answer="number")
    edges: list[tuple[str, str | None, str]] = [("start", None, "intro"), ("intro", None, "ask")]
    script = Script(program_of(flow(say("intro", "Oi"), question, edges=edges)))

    [asked] = script.step("oi")
    [again] = script.step("dezoito")

    assert [e.asks for e in asked.effects if isinstance(e, Send)] == [False, True]
    assert [e.asks for e in again.effects if isinstance(e, Send)] == [False]


def test_of_a_question_in_parts_the_first_one_starts_the_clock() -> None:
    script = Script(
        program_of(
            flow(
                ask(content="{{longo}}"),
                edges=[("start", None, "ask")],
                variables={"longo": "x" * 5_000},
            )
        )
    )

    [asked] = script.step("oi")

    assert [e.asks for e in asked.effects if isinstance(e, Send)] == [True, False]


def test_what_a_turn_leaves_behind_needs_no_garbage_collector() -> None:
    program = program_of(SIMPLE)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            script = Script(program)
            script.says("Maria", "João")
            del script
        assert gc.collect() == 0
    finally:
        gc.enable()
