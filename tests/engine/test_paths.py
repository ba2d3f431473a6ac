"""What the ways through a flow show: time and messages that add up, and variables that some way leaves unset."""

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.certain import Change, certain_at
from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.engine.longest import longest
from recado.engine.node import Node
from recado.engine.paths import path_problems
from recado.engine.problems import Problem
from recado.engine.spelling import Spelling
from recado.nodes import NODE_TYPES

VARIABLE_CODES = ("variable_unset_on_some_way", "variable_never_set", "variable_misspelt")
Found = list[tuple[str, str | None, str | None]]


class Counted(dict[str, Any]):
    """A mapping that counts how often something in it is looked up, and gives up where that has no end."""

    def __init__(self, given: dict[str, Any], *, most: int) -> None:
        super().__init__(given)
        self.left = most

    def __getitem__(self, key: str) -> Any:
        self.left -= 1
        assert self.left >= 0, "looked up too often"
        return super().__getitem__(key)


def box(id: str, type: str, **data: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "data": data}


def flow(*boxes: dict[str, Any], edges: str = "", **more: Any) -> tuple[Problem, ...]:
    """Compiles boxes that follow each other from the start, and further edges as `a.port>b`."""
    chain = ["start", *(each["id"] for each in boxes)]
    drawn = [
        {"id": f"c{at}", "source": chain[at], "target": chain[at + 1]}
        for at in range(len(chain) - 1)
    ]
    for at, edge in enumerate(edges.split()):
        (source, port), target = edge.split(">")[0].split("."), edge.split(">")[1]
        drawn.append({"id": f"e{at}", "source": source, "sourceHandle": port, "target": target})
    raw = {"nodes": [{"id": "start", "type": "start"}, *boxes], "edges": drawn, **more}
    return compile(FlowDocument.model_validate(raw), NODE_TYPES).problems


def variables(*boxes: dict[str, Any], edges: str = "", **more: Any) -> Found:
    """Gives (code, node, name) of what is wrong with the variables of a flow."""
    problems = flow(*boxes, edges=edges, **more)
    assert not [problem for problem in problems if problem.severity == "error"]
    return [(p.code, p.node, p.params["name"]) for p in problems if p.code in VARIABLE_CODES]


def say(text: str, id: str = "m") -> dict[str, Any]:
    return box(id, "message", content=text)


def assign(*assignments: dict[str, Any], id: str = "s") -> dict[str, Any]:
    return box(id, "set_variable", assignments=list(assignments))


def unset(name: str, node: str = "m") -> Found:
    return [("variable_unset_on_some_way", node, name)]


# Loops.

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("delay", {"amount": 1, "unit": "seconds"}),
    ("message", {"content": "Olá"}),
)


def ring(size: int) -> Iterator[tuple[str, Node, str]]:
    for number in range(size):
        type, data = KINDS[number % 2]
        yield f"n{number}", NODE_TYPES[type].model_validate(data), f"n{(number + 1) % size}"


def test_a_ring_of_short_delays_is_looked_at_a_few_times_only() -> None:
    size = 2_000
    parts = list(ring(size))
    nodes: dict[str, Any] = {
        "start": NODE_TYPES["start"](type="start"),
        **{id: node for id, node, _ in parts},
    }
    routes = {("start", "next"): "n0", **{(id, "next"): after for id, _, after in parts}}

    found = list(path_problems(("start",), Counted(nodes, most=10 * size), routes, (), Spelling()))

    told = Counter(problem.code for problem in found)
    assert told == {"outside_window": size // 2}
    assert {problem.params["hours"] for problem in found} == {48}


def test_a_loop_that_adds_something_reaches_the_limit_and_one_that_adds_nothing_adds_nothing() -> (
    None
):
    ways = {
        "a": [("b", 5)],
        "b": [("c", 0), ("d", 1)],
        "c": [("b", 0)],
        "d": [("e", 1)],
        "e": [("d", 0)],
    }

    assert longest(ways, most=100) == {"a": 0, "b": 5, "c": 5, "d": 100, "e": 100}


def test_of_two_ways_the_longer_one_counts() -> None:
    ways = {"a": [("c", 1), ("b", 1)], "b": [("c", 1)], "c": []}

    assert longest(ways, most=100)["c"] == 2


def menus(size: int) -> dict[str, Any]:
    """Draws a row of menus, each with a way on and one that unsets a bit of its own and leads back one menu."""
    ways: dict[str, Any] = {}
    for at in range(size):
        on, back = f"m{min(at + 1, size - 1)}", f"m{max(at - 1, 0)}"
        ways[f"m{at}"] = [Change(f"b{at}", 0, 1 << at), Change(on, 0, 0)]
        ways[f"b{at}"] = [Change(back, 0, 0)]
    return ways


def test_what_a_long_row_of_loops_only_unsets_is_missing_everywhere_after_one_look() -> None:
    size = 500

    counted = Counted(menus(size), most=10 * size)
    certain = certain_at(("m0",), (1 << size) - 1, counted)

    assert set(certain.values()) == {0}


def test_what_a_loop_sets_as_well_is_certain_where_it_was_set_last() -> None:
    ways = {
        "a": [Change("b", 0b01, 0b10)],
        "b": [Change("c", 0, 0)],
        "c": [Change("a", 0b10, 0b01), Change("d", 0, 0)],
        "d": [],
    }

    assert certain_at(("a",), 0, ways) == {"a": 0, "b": 0b01, "c": 0b01, "d": 0b01}
    assert certain_at(("a",), 0b11, ways) == {"a": 0b10, "b": 0b01, "c": 0b01, "d": 0b01}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[Change]]:
    """Draws ways between a few nodes, all of which can be reached from the first."""
    size, bits = draw(st.integers(1, 6)), st.integers(0, 7)
    change = st.builds(Change, st.integers(0, size - 1).map(str), bits, bits)
    return {
        str(at): [
            *draw(st.lists(change, max_size=2)),
            Change(str(min(at + 1, size - 1)), draw(bits), draw(bits)),
        ]
        for at in range(size)
    }


@given(graphs(), st.integers(0, 7))
def test_what_is_certain_is_what_every_walk_through_the_graph_has(
    changes: dict[str, list[Change]], at_first: int
) -> None:
    met, todo = {("0", at_first)}, [("0", at_first)]
    while todo:
        id, has = todo.pop()
        after = {(each.target, has & ~each.unsets | each.sets) for each in changes[id]} - met
        met |= after
        todo += after

    common = {id: reduce(and_, (has for node, has in met if node == id)) for id in changes}
    assert certain_at(("0",), at_first, changes) == common


def test_the_timeout_of_a_question_without_one_is_no_way() -> None:
    ask = box("q", "question", content="Nome?", variableName="nome")

    assert variables(ask, say("{{nome}}"), edges="q.timeout>m q.invalid>q") == []


@pytest.mark.parametrize(
    "type",
    [
        name
        for name, kind in NODE_TYPES.items()
        if "timeout" in {rule.id for rule in kind.port_rules}
    ],
)
def test_who_may_leave_by_timeout_says_when(type: str) -> None:
    example = {**NODE_TYPES[type].about.example, "timeout": 3_600}

    node = NODE_TYPES[type].model_validate(example)

    assert node.can_take("timeout")
    assert node.takes("timeout") == node.time_limit == 3_600


# What is set and unset, in order.


def test_an_assignment_sees_the_ones_before_it() -> None:
    first, second = {"variable": "a", "value": "1"}, {"variable": "b", "value": "{{a}}2"}

    assert variables(assign(first, second), say("{{b}}")) == []
    assert variables(assign(second, first), say("{{b}}")) == unset("a", "s")


def test_an_expression_sees_the_assignments_before_it() -> None:
    first = {"variable": "a", "value": "1", "as": "number"}
    second = {"variable": "b", "value": "a + 1", "as": "expression"}

    assert variables(assign(first, second)) == []
    assert variables(assign(second, first)) == unset("a", "s")


def test_what_an_assignment_clears_the_next_one_does_not_have() -> None:
    clear, use = {"variable": "a", "operation": "clear"}, {"variable": "b", "value": "{{a}}"}

    assert variables(assign(clear, use), variables={"a": 1}) == unset("a", "s")
    assert variables(assign(use, clear), variables={"a": 1}) == []


@pytest.mark.parametrize(
    "unsetting", [{"operation": "clear"}, {"value": None}], ids=["clear", "null"]
)
def test_a_cleared_variable_is_unset_until_it_is_set_again(unsetting: dict[str, Any]) -> None:
    clear, again = {"variable": "a", **unsetting}, {"variable": "a", "value": "2"}

    assert variables(assign(clear), say("{{a}}"), variables={"a": 1}) == unset("a")
    assert variables(assign(again, clear), say("{{a}}"), variables={"a": 1}) == unset("a")
    assert variables(assign(clear, again), say("{{a}}")) == []
    assert variables(assign(again), assign(clear, id="c"), say("{{a}}")) == unset("a")
    assert variables(assign(clear), assign(again, id="c"), say("{{a}}")) == []


API = {"method": "GET", "url": "https://exemplo.com/", "save_to": "x"}
SQL = {"connection": "loja", "query": "select 1", "save_to": "x"}
AI = {"account": "ia", "prompt": "Oi", "save_to": "x"}
CALLS = [
    box("c", "api_call", **API),
    box("c", "database_query", **SQL),
    box("c", "script", code="return 1", save_to="x"),
    box("c", "ai_prompt", **AI),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["type"])
def test_a_call_that_goes_wrong_takes_the_earlier_value_away(call: dict[str, Any]) -> None:
    after = say("{{x}}", "wrong")
    good = {"x": 1}

    found = variables(call, say("{{x}}"), after, edges="c.error>wrong", variables=good)

    assert found == unset("x", "wrong")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("rows", []), ("first", unset("x", "none")), ("scalar", unset("x", "none"))],
)
def test_a_query_without_rows_takes_the_earlier_value_away_but_for_a_list(
    mode: str, expected: Found
) -> None:
    call, after = box("c", "database_query", **SQL, mode=mode), say("{{x}}", "none")

    found = variables(call, say("{{x}}"), after, edges="c.empty>none", variables={"x": 1})

    assert found == expected


def test_a_model_with_a_fallback_always_leaves_a_value() -> None:
    call, after = box("c", "ai_prompt", **AI, fallback="?"), say("{{x}}", "wrong")

    assert variables(call, after, edges="c.error>wrong") == []


def test_the_status_of_a_call_may_be_gone_too() -> None:
    call, after = box("c", "api_call", **API), say("{{x_status}}", "wrong")
    given = {"x_status": 200}

    found = variables(call, after, edges="c.error>wrong", variables=given)

    assert found == unset("x_status", "wrong")


# Names.


def test_a_name_with_dots_may_be_a_variable_as_it_stands() -> None:
    ask = box("q", "question", content="Nome?", variableName="cliente.nome")

    assert variables(ask, say("{{cliente.nome}} {{ cliente . nome }}")) == []
    assert variables(ask, say("{{cliente.nome.longo}}"))[0][0] != "variable_unset_on_some_way"


def test_a_name_with_dots_that_some_way_leaves_unset_is_told_as_it_stands() -> None:
    ask = box("q", "question", content="Nome?", variableName="cliente.nome", timeout=60)

    found = variables(ask, say("{{cliente.nome}}"), edges="q.timeout>m")

    assert found == unset("cliente.nome")


def test_a_path_into_a_variable_reads_the_variable() -> None:
    assert variables(say("{{pedido.itens[0].nome}}"), variables={"pedido": {}}) == []


def test_an_accent_may_be_a_letter_of_its_own() -> None:
    assert variables(say("{{endere\u0063\u0327o}}"), variables={"endere\u00e7o": ""}) == []
