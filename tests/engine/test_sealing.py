"""What goes into a request: always JSON where it must be, and never more than a request may hold."""

import json
from typing import Any

import pytest

from recado.engine.effects import Call
from recado.engine.events import Json
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.request_bodies import body_mistake
from recado.engine.stepping import MOST_REQUEST_BYTES
from recado.engine.template import render_sealed
from tests.engine.flows import flow, node
from tests.engine.script import Script, program_of

EDGES = "start call,call:success good,call:error bad"


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("-inf"), float("nan"), [1, {"a": [float("inf")]}], 10**5_000],
    ids=["inf", "-inf", "nan", "inside", "digits"],
)
def test_a_number_that_json_has_not_is_null(value: Json) -> None:
    sealed = render_sealed('{"a": {{x}}, "b": "{{x}}"}', {"x": value}, style="json")

    [text] = sealed.pieces
    assert isinstance(text, str)
    found = json.loads(text, parse_constant=pytest.fail)["a"]
    assert found == ([1, {"a": [None]}] if isinstance(value, list) else None)
    assert sealed.refused is None


def test_a_text_over_64_kb_is_refused_before_it_grows() -> None:
    source = "{{x}}" * 150
    scope: dict[str, Json] = {"x": "é" * 20_000}

    fits = render_sealed("{{x}}" * (MAX_VALUE_BYTES // 40_000), scope)
    sealed = render_sealed(source, scope)

    assert fits.refused is None
    assert sealed.refused == "request_too_large"
    assert sum(len(piece) for piece in sealed.pieces if isinstance(piece, str)) <= 80_000


@pytest.mark.parametrize(
    "data",
    [
        {"url": "https://a.b/{{x}}{{x}}"},
        {"url": "https://a.b", "method": "POST", "body": '{"a": {{x}}, "b": {{x}}}'},
        {"url": "https://a.b", "headers": [{"name": "X", "value": "{{x}}{{x}}"}]},
        {"url": "https://a.b", "query": [{"name": str(n), "value": "{{x}}"} for n in range(30)]},
    ],
)
def test_a_request_that_is_too_large_leaves_by_error(data: dict[str, Any]) -> None:
    made = flow(
        node("call", "api_call", **data), node("good", "end"), node("bad", "end"), edges=EDGES
    )
    script = Script(program_of({**made, "variables": {"x": "x" * 40_000}}))

    [turn] = script.step("oi")

    assert [effect for effect in turn.effects if isinstance(effect, Call)] == []
    assert {"not_called": "request_too_large"} in turn.trace.visits[1].facts
    assert turn.trace.visits[-1].node == "bad"
    assert MOST_REQUEST_BYTES == 1_000_000


def test_a_large_request_that_fits_is_made() -> None:
    query = [{"name": str(number), "value": "{{x}}"} for number in range(20)]
    call = node("call", "api_call", url="https://a.b", query=query)
    made = flow(call, node("good", "end"), node("bad", "end"), edges=EDGES)
    script = Script(program_of({**made, "variables": {"x": "x" * 40_000}}))

    script.step("oi")

    assert script.play.call is not None


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        (r'{"a":"\{{x}}n"}', "bad_json"),
        (r'{"a":"\{{x}}"}', "bad_json"),
        (r'{"a":"\u{{x}}0041"}', "bad_json"),
        (r'{"a":"\u00{{x}}41"}', "bad_json"),
        (r'{"a":"\{{secret.X}}n"}', "bad_json"),
        (r'{"a":"\\{{x}}n"}', None),
        (r'{"a":"\n{{x}}", "b": {{x}}, "c": [{{x}}, "{{x}}"]}', None),
    ],
)
def test_a_placeholder_behind_an_open_backslash_breaks_json(body: str, mistake: str | None) -> None:
    assert body_mistake(body, "json") == mistake


def test_a_form_keeps_a_value_inside_its_pair() -> None:
    sealed = render_sealed("a={{x}}&b={{y}}", {"x": "..", "y": "1&c=2"}, style="form")

    assert (sealed.pieces, sealed.refused) == (("a=..&b=1%26c%3D2",), None)
