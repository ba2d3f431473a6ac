"""A value that does not fit takes no place, and what stood there before does not pass for it."""

from typing import Any

import pytest

from tests.engine.flows import flow, node
from tests.engine.script import Script, program_of

LARGE = "x" * 65_000
OK = {"ok": True, "status": 1}


def ending(
    type: str, result: dict[str, Any], variables: dict[str, Any], **data: Any
) -> tuple[str, Any]:
    """Lets a call come back; gives the port's box and the variable that keeps the answer."""
    made = flow(
        node("call", type, save_to="r", **data),
        *(node("good", "end"), node("bad", "end")),
        edges="start call,call:success good,call:error bad",
    )
    script = Script(program_of({**made, "variables": {"r": "velho", **variables}}))
    script.step("oi")
    [turn] = script.step({"result": {**OK, **result}})
    assert [w for visit in turn.trace.visits for w in visit.warnings][:1] == ["value_too_large:r"]
    assert turn.trace.visits[0].set["r"] is None or data.get("fallback")
    return turn.trace.visits[-1].node, turn.state.variables.get("r")


NODES: list[tuple[str, dict[str, Any]]] = [
    ("api_call", {"url": "https://a.b"}),
    ("script", {"code": "return 1"}),
    ("database_query", {"connection": "c", "query": "select 1", "mode": "scalar"}),
    ("ai_prompt", {"account": "a", "prompt": "p"}),
]


@pytest.mark.parametrize(("type", "data"), NODES, ids=lambda each: str(each)[:14])
def test_a_value_over_64_kb(type: str, data: dict[str, Any]) -> None:
    assert ending(type, {"value": LARGE}, {}, **data) == ("bad", None)


@pytest.mark.parametrize(("type", "data"), NODES, ids=lambda each: str(each)[:14])
def test_a_value_over_what_a_session_holds(type: str, data: dict[str, Any]) -> None:
    full = {str(number): "x" * 50_000 for number in range(4)}

    assert ending(type, {"value": "y" * 60_000}, full, **data) == ("bad", None)


def test_the_fallback_takes_the_place_of_an_answer_that_does_not_fit() -> None:
    data = {**NODES[3][1], "fallback": "depois"}

    assert ending("ai_prompt", {"value": LARGE}, {}, **data) == ("bad", "depois")


@pytest.mark.parametrize("extracted", [None, {"a": LARGE, "b": 1}])
def test_a_part_of_the_answer_that_does_not_fit(extracted: dict[str, Any] | None) -> None:
    parts = [{"path": "a", "variable": "p"}, {"path": "b", "variable": "q"}]
    made = flow(
        node("call", "api_call", url="https://a.b", extract=parts),
        *(node("good", "end"), node("bad", "end")),
        edges="start call,call:success good,call:error bad",
    )
    script = Script(program_of({**made, "variables": {"p": "velho"}}))
    script.step("oi")
    given = {"value": {"a": LARGE, "b": 1}} if extracted is None else {"extracted": extracted}

    [turn] = script.step({"result": {**OK, **given}})

    assert turn.trace.visits[-1].node == "bad"
    assert turn.state.variables == {"q": 1}


@pytest.mark.parametrize(
    ("start", "step", "operation"),
    [
        (1e308, 1e308, "increment"),
        (-1e308, 1e308, "decrement"),
        (10**400, 0.5, "increment"),
    ],
)
def test_counting_past_every_number_changes_nothing(
    start: float, step: float, operation: str
) -> None:
    change = {"variable": "n", "operation": operation, "value": step}
    made = flow(
        node("count", "set_variable", assignments=[change]),
        node("call", "api_call", url="https://a.b", method="POST", body='{"n": {{n}}}'),
        edges="start count,count call",
    )
    script = Script(program_of({**made, "variables": {"n": start}}))

    [turn] = script.step("oi")

    assert turn.state.variables["n"] == start
    assert turn.trace.visits[1].facts == [{"variable": "n", "uncountable": step}]
    assert script.play.call is not None
