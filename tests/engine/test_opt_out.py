"""Whoever refused our messages hears from us only when they write, and gets one confirmation."""

from recado.engine.effects import Consent, Send
from recado.engine.events import Migrated, World
from tests.engine.script import Script, program_of
from tests.engine.test_advance import ask, flow, say

REFUSED = World(contact={"id": "ana", "opted_out": True})
ASKS = flow(ask(), say("hi", "Olá {{nome}}"), edges=[("start", None, "ask"), ("ask", "next", "hi")])


def test_a_second_stop_is_not_confirmed_again() -> None:
    script = Script(program_of(ASKS), REFUSED)
    script.step("oi")

    [turn] = script.step("parar mensagens")

    assert not [e for e in turn.effects if isinstance(e, Send | Consent)]
    assert turn.state.status.value == "stopped"


def test_a_migration_does_not_speak_to_somebody_who_refused() -> None:
    script = Script(program_of(ASKS), REFUSED)
    script.play.flow, script.play.version = "f", "v1"
    script.step("oi")

    moved = Migrated(at=script.now, world=REFUSED, flow="f", version="v2", moves={"ask": "hi"})
    turn = script.play.happen(moved)

    assert not [e for e in turn.effects if isinstance(e, Send)]
    assert "opted_out" in turn.trace.notes


def test_what_callers_keep_counts_towards_the_limit() -> None:
    own = "6a1f0c52-0d7e-4c39-9d0c-0b1c5e0f1a11"
    big = {f"v{n}": "x" * 60_000 for n in range(4)}
    jump = {"id": "again", "type": "jump", "data": {"to_flow": own, "mode": "call"}}
    document = flow(jump, edges=[("start", None, "again")], variables=big)
    program = program_of(document)
    script = Script(program, World(published={own: "v1"}))
    script.play.library = type(script.play.library)({"v1": program})
    script.play.flow, script.play.version = own, "v1"

    [turn] = script.step("oi")

    assert turn.state.status.value == "failed"
    assert "callers_too_large" in turn.trace.notes
    assert len(turn.state.frames) <= 1
