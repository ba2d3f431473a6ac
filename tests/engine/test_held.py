"""What comes back while a person has the conversation is kept, and the first word is the one that counts."""

from recado.engine.events import CallFinished, CallResult
from tests.engine.flows import flow, node
from tests.engine.script import MONDAY, Script, program_of

CALL = flow(
    node("call", "api_call", url="https://a.b", save_to="r"),
    node("end", "end"),
    edges="start call,call:success end",
)


def test_the_first_result_that_came_back_counts() -> None:
    script = Script(program_of(CALL))
    script.step("oi")
    assert script.play.call
    token = script.play.call.token
    script.step({"person": "takes over"})

    notes = []
    for value in ("primeiro", "segundo"):
        result = CallResult(ok=True, value=value)
        event = CallFinished(at=MONDAY, world=script.play.world, token=token, result=result)
        notes.append(script.play.happen(event).trace.notes)
    script.step({"release": "continue"})

    assert notes == [["with_a_person"], ["old_token"]]
    assert script.play.state
    assert script.play.state.variables["r"] == "primeiro"
