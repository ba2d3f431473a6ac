"""What moves a session from outside, where a story would hide the reason: migrations, releases, timers that are held."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from recado.engine.advance import Turn, advance
from recado.engine.effects import Alert, Send, TakeBack
from recado.engine.events import Migrated, Released, SendSettled, TimerFired, World
from recado.engine.library import Library
from recado.engine.play import Play
from recado.engine.state import State, Status
from recado.engine.transcript import told
from tests.engine.flows import MAIN, flow, node
from tests.engine.script import MONDAY, Script, program_of

ASK = node("ask", "question", content="Nome?", variableName="nome")
SAY = node("say", "message", content="Olá {{nome}}")
WAIT = node("ask", "delay", amount=1, unit="hours")


def playing(*documents: dict[str, Any]) -> Script:
    """Begins a conversation with the first of a flow's versions `1`, `2`, ..."""
    programs = {str(number): program_of(doc) for number, doc in enumerate(documents, start=1)}
    script = Script(programs["1"], World(published={MAIN: "1"}))
    script.play = Play(
        programs["1"], world=script.play.world, library=Library(programs), flow=MAIN, version="1"
    )
    script.step("oi")
    return script


def migrated(script: Script, **moves: str | None) -> Turn:
    [turn] = script.play.migrate(script.now, flow=MAIN, version="2", moves=moves)
    return turn


def state_of(script: Script) -> State:
    assert script.play.state
    return script.play.state


def test_a_node_that_changed_its_type_is_entered_anew() -> None:
    script = playing(
        flow(WAIT, SAY, edges="start ask,ask say"), flow(ASK, SAY, edges="start ask,ask say")
    )

    turn = migrated(script)

    assert told([turn]) == ["Nome?"]
    assert script.says("Ana") == ["Olá Ana"]


def test_a_node_that_is_told_to_move_moves_even_if_it_is_still_there() -> None:
    both = flow(
        ASK, node("age", "question", content="Idade?"), SAY, edges="start ask,ask age,age say"
    )
    script = playing(both, both)

    assert told([migrated(script, ask="age")]) == ["Idade?"]


def test_a_flow_that_called_itself_moves_with_all_its_frames() -> None:
    again = {"id": "again", "type": "jump", "data": {"to_flow": MAIN, "mode": "call"}}
    yes = {
        "cases": [{"id": "yes", "rules": [{"variable": "nome", "operator": "!=", "value": "fim"}]}]
    }
    document = flow(
        ASK, {"id": "more", "type": "condition", "data": yes}, again, SAY,
        edges="start ask,ask more,more:yes again,more:else say,again say",
    )  # fmt: skip
    script = playing(document, document)
    script.says("a", "b")

    migrated(script)

    assert state_of(script).versions == {"2"}
    assert script.says("fim") == ["Olá fim", "Olá b", "Olá a"]


def test_a_version_of_another_flow_moves_nothing() -> None:
    script = playing(flow(ASK, edges="start ask"), flow(ASK, edges="start ask"))

    assert script.play.migrate(script.now, flow="another", version="2", moves={}) == []
    event = Migrated(at=MONDAY, flow="another", version="2")
    turn = advance(script.play.program, state_of(script), event, script.play.library)

    assert turn.state == state_of(script)


def test_a_release_to_a_node_that_does_not_exist_is_an_error_of_the_session() -> None:
    script = playing(flow(ASK, edges="start ask"))
    script.play.take_over()

    [turn] = script.play.release(script.now, to="node", node="nowhere")

    assert [type(effect) for effect in turn.effects][:3] == [TakeBack, Send, Alert]
    assert turn.state.status is Status.FAILED


def test_a_restart_without_the_first_flow_begins_the_current_one() -> None:
    script = playing(flow(ASK, edges="start ask"))
    state = structs.replace(state_of(script), first_flow="gone", first_version="gone")

    turn = advance(
        script.play.program, state, Released(at=MONDAY, to="restart"), script.play.library
    )

    assert told([turn]) == ["(the bot has the conversation again)", "Nome?"]
    assert turn.trace.notes == ["first_flow_missing"]


@pytest.mark.parametrize("mode", ["waiting", "human", "closed"])
def test_timers_and_settled_sends_are_held_while_people_have_the_conversation(mode: str) -> None:
    script = playing(flow(WAIT, SAY, edges="start ask,ask say"))
    state = state_of(script)
    assert state.wait
    world, later = World(conversation={"mode": mode}), MONDAY + timedelta(days=1)

    for event in (
        TimerFired(at=later, world=world, token=state.wait.token),
        SendSettled(at=later, world=world, token=state.wait.token, accepted=False),
    ):
        turn = advance(script.play.program, state, event)
        assert turn.state == state
        assert turn.effects == ()
        assert turn.trace.notes == ["with_a_person"]


def test_a_late_wake_does_everything_that_is_due_in_its_order() -> None:
    silent = {"inactivity": {"remind_after": 30, "text": "Oi, {{nome}}?", "end_after": 120}}
    ask = node("ask", "question", content="Nome?", timeout=60)
    late = node("late", "question", content="Ainda aí?")
    document = flow(ask, late, edges="start ask,ask:timeout late") | {"settings": silent}
    script = playing(document)
    state = state_of(script)
    assert state.wait

    event = TimerFired(at=MONDAY + timedelta(days=1), token=state.wait.token)
    turn = advance(script.play.program, state, event)

    assert told([turn]) == ["Oi, ?", "Ainda aí?"]
    assert turn.state.wake_at == event.at + timedelta(seconds=30)


def test_a_clock_that_jumped_back_harms_nothing() -> None:
    script = playing(flow(WAIT, SAY, edges="start ask,ask say"))
    script.now -= timedelta(days=1)

    assert script.says("oi?", {"after": 3_600}) == []
    assert script.says({"after": 86_400}) == ["Olá "]
