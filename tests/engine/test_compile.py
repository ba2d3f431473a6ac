"""Each mistake of an author is found with its place, in both languages; a sound flow has a program."""

from typing import Any

import pytest

from recado.engine.compile import Compiled, compile
from recado.engine.flow import FlowDocument
from recado.engine.problems import SENTENCES
from recado.engine.resources import Resources
from recado.nodes import NODE_TYPES
from recado.nodes.condition import Rule

START = {"id": "start", "type": "start"}
END = {"id": "end", "type": "end"}
E1 = {"id": "e1", "source": "start", "target": "end"}


def compiled(nodes: list[Any], edges: list[Any], **more: Any) -> Compiled:
    document = FlowDocument.model_validate({"nodes": nodes, "edges": edges, **more})
    return compile(document, NODE_TYPES)


LOOP = [
    {"id": "a", "type": "message", "data": {"content": "a"}},
    {"id": "b", "type": "message", "data": {"content": "b"}},
]
LOOP_EDGES = [
    {"id": "1", "source": "start", "target": "a"},
    {"id": "2", "source": "a", "target": "b"},
    {"id": "3", "source": "b", "target": "a"},
]
ASK = {"id": "q", "type": "question", "data": {"content": "?"}}
JUMP = {"id": "j", "type": "jump", "data": {"to_node": "nowhere"}}
FOUND: list[tuple[str, dict[str, Any]]] = [
    ("no_start", {"nodes": [END], "edges": []}),
    ("two_starts", {"nodes": [START, {**START, "id": "s2"}, END], "edges": [E1]}),
    ("unknown_type", {"nodes": [START, {"id": "x", "type": "teleport"}], "edges": []}),
    ("missing_field", {"nodes": [START, {"id": "x", "type": "question"}], "edges": []}),
    ("unknown_field", {"nodes": [START, {**END, "data": {"cor": 1}}], "edges": []}),
    ("bad_field", {"nodes": [START, {**END, "data": {"content": 5}}], "edges": []}),
    ("bad_settings", {"nodes": [START, END], "edges": [E1], "settings": {"cor": 1}}),
    ("node_id_twice", {"nodes": [START, END, END], "edges": [E1]}),
    ("edge_id_twice", {"nodes": [START, END, ASK], "edges": [E1, {**E1, "source": "q"}]}),
    ("edge_from_nowhere", {"nodes": [START, END], "edges": [E1, {**E1, "id": "2", "source": "x"}]}),
    ("edge_to_nowhere", {"nodes": [START, END], "edges": [{**E1, "target": "x"}]}),
    ("edge_to_start", {"nodes": [START, ASK], "edges": [{**E1, "source": "q", "target": "start"}]}),
    ("unknown_port", {"nodes": [START, END], "edges": [{**E1, "sourceHandle": "oops"}]}),
    ("port_twice", {"nodes": [START, END], "edges": [E1, {**E1, "id": "2"}]}),
    ("reserved_variable", {"nodes": [START, END], "edges": [E1], "variables": {"contact": 1}}),
    ("flow_too_large", {"nodes": [START, END], "edges": [E1], "variables": {"x": "a" * 256_001}}),
    ("endless_loop", {"nodes": [START, *LOOP], "edges": LOOP_EDGES}),
    ("jump_to_missing_node", {"nodes": [START, JUMP], "edges": [{**E1, "target": "j"}]}),
    ("unreachable", {"nodes": [START, END, ASK], "edges": [E1]}),
    ("port_without_edge", {"nodes": [START], "edges": []}),
]


@pytest.mark.parametrize(("code", "document"), FOUND, ids=[code for code, _ in FOUND])
def test_a_mistake_is_found(code: str, document: dict[str, Any]) -> None:
    result = compiled(**document)

    [problem, *_] = [problem for problem in result.problems if problem.code == code]
    assert problem.say("pt-BR") != problem.say("en")
    assert (result.program is None) == any(p.severity == "error" for p in result.problems)


def test_a_sound_flow_has_neither_problems_nor_warnings() -> None:
    result = compiled([START, END], [E1])

    assert result.problems == ()
    assert result.program is not None
    assert result.program.routes == {("start", "next"): "end"}


def test_the_default_edge_serves_main_ports_only() -> None:
    node = {"id": "q", "type": "question"}
    data = {"content": "?", "options": ["a", "b"], "route_by_option": True}
    edges = [
        {"id": "1", "source": "start", "target": "q"},
        {"id": "2", "source": "q", "target": "end"},
        {"id": "3", "source": "q", "sourceHandle": "b", "target": "start2"},
    ]
    other = {"id": "start2", "type": "message", "data": {"content": "b"}}

    program = compiled([START, {**node, "data": data}, other, END], edges).program

    assert program is not None
    assert program.routes[("q", "a")] == "end"
    assert program.routes[("q", "b")] == "start2"
    assert ("q", "timeout") not in program.routes


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_sentence_is_there_in_both_languages(code: str) -> None:
    assert set(SENTENCES[code]) == {"pt-BR", "en"}


def test_a_list_that_is_short_because_an_item_is_wrong_is_one_mistake() -> None:
    node = {"id": "r", "type": "random", "data": {"paths": [{"id": "a", "weight": 0}]}}

    problems = compiled([START, node], [{**E1, "target": "r"}]).problems

    assert [(p.code, p.field) for p in problems] == [("bad_field", "paths.0.weight")]


def test_the_items_of_a_list_take_placeholders_too() -> None:
    end = {**END, "data": {"tags": ["vip", "{{nome"]}}

    problems = compiled([START, end], [E1]).problems

    assert [(p.code, p.field) for p in problems] == [("bad_template", "tags.1")]


FLOW = "0198a000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("mode", ["call", "goto"])
def test_a_jump_into_a_flow_makes_no_loop_here(mode: str) -> None:
    jump = {"id": "j", "type": "jump", "data": {"to_flow": FLOW, "mode": mode}}
    back = {"id": "2", "source": "j", "target": "a"}
    edges = [{**E1, "target": "a"}, {"id": "1", "source": "a", "target": "j"}]
    edges += [back] if mode == "call" else []

    result = compiled([START, LOOP[0], jump], edges)

    assert result.problems == ()
    assert result.program is not None
    assert result.program.targets == {FLOW}


def test_a_loop_through_jumps_is_found() -> None:
    jump = {"id": "j", "type": "jump", "data": {"to_node": "a"}}

    result = compiled(
        [START, LOOP[0], jump], [{**E1, "target": "a"}, {"id": "1", "source": "a", "target": "j"}]
    )

    assert [p.code for p in result.problems] == ["endless_loop"]


def test_a_node_with_misspelt_fields_is_looked_at_as_it_is_meant() -> None:
    data = {"contents": "Oi {{nome", "cor": 1}
    hi = {"id": "hi", "type": "message", "data": data}
    edges = [{**E1, "target": "hi"}, {"id": "2", "source": "hi", "target": "end"}]

    result = compiled([START, hi, END], [*edges, {**edges[1], "id": "3", "sourceHandle": "nextt"}])

    assert {p.code for p in result.problems} == {
        "misspelt_field",
        "unknown_field",
        "bad_template",
        "misspelt_port",
    }
    assert (result.program, result.complete) == (None, False)


def test_texts_are_read_beside_fields_that_are_wrong() -> None:
    node = {"id": "q", "type": "question"}
    data = {"content": "{{a", "timeout": "x", "variableName": "n"}

    problems = compiled([START, {**node, "data": data}], [{**E1, "target": "q"}]).problems

    assert {(p.code, p.field) for p in problems} == {
        ("bad_template", "content"),
        ("bad_field", "timeout"),
    }


def test_the_whole_flow_is_looked_at_although_the_workspace_lacks_something() -> None:
    call = {"id": "c", "type": "api_call", "data": {"url": "https://a.example/{{secret.X}}"}}
    document = FlowDocument.model_validate(
        {"nodes": [START, call, END], "edges": [{**E1, "target": "c"}]}
    )

    result = compile(document, NODE_TYPES, Resources())

    assert {"unknown_secret", "port_without_edge"} <= {p.code for p in result.problems}
    assert (result.program, result.complete) == (None, True)


@pytest.mark.parametrize(
    ("answer", "code"),
    [("numero", "misspelt_value"), ("Number", "misspelt_value"), ("xyz", "bad_field")],
)
def test_a_value_that_is_nearly_right_is_told(answer: str, code: str) -> None:
    node = {"id": "q", "type": "question", "data": {"content": "?", "answer": answer}}

    [problem] = [
        p for p in compiled([START, node], [{**E1, "target": "q"}]).problems if p.field == "answer"
    ]

    assert problem.code == code
    assert "number" in problem.say("pt-BR")
    assert "number" in problem.say("en")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{{pedido}}", "pedido"),
        (" {{ pedido.total }} ", "pedido.total"),
        ("pedido", "pedido"),
        ("{{pedido | upper}}", "{{pedido | upper}}"),
    ],
)
def test_a_rule_reads_its_variable_without_braces(written: str, read: str) -> None:
    assert Rule.model_validate({"variable": written, "value": 1}).variable == read
