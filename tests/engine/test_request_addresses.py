"""A customer's value decides neither the host of a request nor how far up its path goes."""

from typing import Any

import pytest

from recado.engine.effects import Call
from recado.engine.events import Json
from recado.engine.problems import Language
from recado.engine.request_addresses import address_problems
from recado.engine.template import render_sealed
from tests.engine.flows import flow, node
from tests.engine.journal import JournalPlay
from tests.engine.script import Script, program_of
from tests.engine.test_explain import tell

HOST, PATH = "value_in_host", "value_in_path"
EDGES = "start call,call:success good,call:error bad"


def document(url: str, **values: Json) -> dict[str, Any]:
    """A flow that comes to a request at once, with these variables."""
    call = node("call", "api_call", url=url, save_to="r")
    made = flow(call, node("good", "end"), node("bad", "end"), edges=EDGES)
    return {**made, "variables": {"r": "velho", **values}}


@pytest.mark.parametrize(
    ("url", "values", "refused"),
    [
        ("https://api.loja.com{{p}}", {"p": ".evil.com"}, HOST),
        ("https://api.loja.com{{p}}", {"p": ""}, HOST),
        ("https://{{p}}.loja.com/", {"p": "evil.com/"}, HOST),
        ("HTTPS://ana{{p}}@api.loja.com/", {"p": "x"}, HOST),
        ("https://api.loja.com:{{p}}/", {"p": "8080"}, HOST),
        ("https://api.loja.com\\{{p}}/", {"p": "x"}, HOST),
        ("https://api.loja.com{{secret.P}}/", {}, HOST),
        ("{{base}}{{p}}/x", {"base": "https://api.loja.com", "p": ".evil.com"}, HOST),
        ("{{secret.BASE}}{{p}}/x", {"p": ".evil.com"}, HOST),
        ("{{secret.BASE}}://{{p}}/x", {"p": "evil.com"}, HOST),
        ("{{base}}//{{p}}/x", {"base": "https:", "p": "evil.com"}, HOST),
        ("{{base}}//{{p}}/x", {"base": "", "p": "evil.com"}, HOST),
        ("https://api.loja.com/{{p}}", {"p": "..evil.com"}, None),
        ("https://api.loja.com?q={{p}}", {"p": ".."}, None),
        ("{{base}}", {"base": "https://api.loja.com/../x"}, None),
        ("{{base}}{{p}}", {"base": "https://api.loja.com/", "p": "x"}, None),
        ("{{secret.BASE}}/{{p}}", {"p": "x"}, None),
        ("https://a.b/clientes/{{p}}/pedidos", {"p": ".."}, PATH),
        ("https://a.b/clientes/{{p}}/pedidos", {"p": "."}, PATH),
        ("https://a.b/clientes/{{p}}", {"p": ".."}, PATH),
        ("https://a.b/clientes/{{p}}?x=1", {"p": ".."}, PATH),
        ("https://a.b/clientes/{{p}}#x", {"p": ".."}, PATH),
        ("https://a.b/clientes/.{{p}}/x", {"p": "."}, PATH),
        ("https://a.b/clientes/.{{p}}/x", {"p": ""}, PATH),
        ("https://a.b/clientes/%2E{{p}}/x", {"p": "."}, PATH),
        ("https://a.b/clientes/{{p}}{{q}}/x", {"p": ".", "q": "."}, PATH),
        ("{{base}}/{{p}}/x", {"base": "https://a.b/v1", "p": ".."}, PATH),
        ("{{secret.BASE}}/{{p}}/x", {"p": ".."}, PATH),
        ("https://a.b/clientes/{{p}}/pedidos", {"p": "..."}, None),
        ("https://a.b/clientes/{{p}}/pedidos", {"p": "../x"}, None),
        ("https://a.b/clientes/{{p}}/pedidos", {"p": "%2e%2e"}, None),
        ("https://a.b/clientes/x{{p}}/pedidos", {"p": ".."}, None),
        ("https://a.b/../{{p}}/pedidos", {"p": "x"}, None),
        ("https://a.b/x?q=/{{p}}/", {"p": ".."}, None),
        ("https://a.b/{{secret.P}}/{{p}}", {"p": "1"}, None),
    ],
)
def test_what_a_value_may_change(url: str, values: dict[str, Json], refused: str | None) -> None:
    assert render_sealed(url, values, style="url").refused == refused


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("https://api.loja.com{{p}}", ["placeholder_in_host"]),
        ("https://{{p}}", ["placeholder_in_host"]),
        (" https://{{ p | upper }}.loja.com/x", ["placeholder_in_host"]),
        ("https://{{secret.P}}.loja.com/x", ["placeholder_in_host"]),
        ("{{base}}{{p}}/x", ["placeholder_in_host"]),
        ("{{base}}://{{p}}/x", ["placeholder_in_host"]),
        ("{{base}}", []),
        (" {{base}}/{{p}}", []),
        ("{{base}}?q={{p}}", []),
        ("https://api.loja.com/{{p}}/{{q}}?r={{r}}#{{s}}", []),
        ("https://api.loja.com?q={{p}}", []),
        ("https://api.loja.com/{{ broken", []),
        ("ftp://api.loja.com/{{p}}", ["bad_address"]),
        ("https:///{{p}}", ["bad_address"]),
        ("api.loja.com", ["bad_address"]),
    ],
)
def test_what_the_compiler_says_of_an_address(url: str, codes: list[str]) -> None:
    assert [(each.code, each.field) for each in address_problems(url, field="url")] == [
        (code, "url") for code in codes
    ]


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("api_call", {"url": "https://a.b/c/{{p}}/d", "save_to": "r"}),
        ("action", {"actions": [{"type": "webhook", "url": "https://a.b/c/{{p}}/d"}]}),
    ],
)
def test_a_refused_address_leaves_by_error_and_is_not_called(
    type: str, data: dict[str, Any]
) -> None:
    port = "success" if type == "api_call" else "next"
    made = flow(
        {"id": "call", "type": type, "data": data},
        *(node("good", "end"), node("bad", "end")),
        edges=f"start call,call:{port} good,call:error bad",
    )
    script = Script(program_of({**made, "variables": {"r": "velho", "p": ".."}}))

    [turn] = script.step("oi")

    assert [effect for effect in turn.effects if isinstance(effect, Call)] == []
    assert {"not_called": PATH} in turn.trace.visits[1].facts
    assert [visit.node for visit in turn.trace.visits] == ["start", "call", "call", "bad"]
    assert turn.trace.visits[1].visit == turn.trace.visits[2].visit
    if type == "api_call":
        assert "r" not in turn.state.variables


def test_a_session_that_is_refused_a_call_can_call_again() -> None:
    made = document("https://a.b/{{p}}", p="..")
    made["nodes"] += [
        node("set", "set_variable", assignments=[{"variable": "p", "value": "1"}]),
        node("again", "api_call", url="https://a.b/{{p}}"),
    ]
    made["edges"][2]["target"] = "set"
    made["edges"].append({"id": "x", "source": "set", "target": "again"})
    play = JournalPlay(program_of(made))
    script = Script(play.program)
    script.play = play

    [turn] = script.step("oi")

    [call] = [effect for effect in turn.effects if isinstance(effect, Call)]
    assert call.node == "again"
    assert play.call == call


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pt-BR", "não fez a chamada: um valor mudaria o caminho do endereço"),
        ("en", "did not make the call: a value would change the path of the address"),
    ],
)
def test_why_nothing_was_called_is_told(language: Language, words: str) -> None:
    told = tell(document("https://a.b/{{p}}/x", p=".."), "oi", language=language)

    assert any(words in line for line in told)
