"""Fixes of nodes and fields: the wired start stays, what something leads to stays, no code is cut."""

from typing import Any

import pytest

from recado.engine.problems import Problem
from tests.engine.fixing import (
    END,
    START,
    Raw,
    edge,
    file_of,
    fix_for,
    flow,
    found,
    mended,
    nodes,
    said,
)
from tests.engine.test_problems import read


def test_the_start_that_no_edge_leaves_is_dropped_though_it_comes_first() -> None:
    document = flow(START, {"id": "s2", "type": "start"}, END, edges=[edge("1", "s2", "end")])

    assert nodes(mended(document, "two_starts").document) == ["s2", "end"]
    assert mended(document).document == document


def test_of_two_wired_starts_none_is_dropped() -> None:
    assert found("two_starts", read(file_of("two_starts")))[1] is None


def test_of_several_starts_the_wired_one_stays() -> None:
    starts = [{"id": f"s{number}", "type": "start"} for number in range(4)]
    document = flow(*starts, END, edges=[edge("1", "s2", "end")])

    assert nodes(mended(document, "two_starts").document) == ["s2", "end"]


def test_a_start_that_the_menu_leads_to_is_kept() -> None:
    settings = {"commands": {"menu_to": {"to_node": "start"}}}
    document = flow(
        START,
        {"id": "s2", "type": "start"},
        END,
        edges=[edge("1", "s2", "end")],
        settings=settings,
    )

    assert fix_for(Problem(code="two_starts", node="s2"), document) is None


def test_a_field_with_a_dot_in_its_name_is_not_the_one_inside_another() -> None:
    media = {"type": "image", "url": "https://example.com/a.png"}
    document = flow(
        START,
        said("a", media=media, **{"media.url": "velho"}),
        edges=[edge("1", "start", "a")],
    )

    problem, fix = found("unknown_field", document)

    assert (problem.field, fix) == ("media.url", None)
    assert mended(document, "unknown_field").document == document


def test_a_field_with_a_dot_in_its_name_is_dropped_where_it_is_the_only_one() -> None:
    document = flow(START, said("a", **{"cor.x": 1}), edges=[edge("1", "start", "a")])

    assert mended(document, "unknown_field").document.nodes[1].data == {"content": "Oi."}


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_unknown_field_without_content_goes_by_itself(empty: Any) -> None:
    document = flow(START, said("a", cor=empty), edges=[edge("1", "start", "a")])

    assert mended(document).document.nodes[1].data == {"content": "Oi."}
    full = flow(START, said("a", cor=0), edges=[edge("1", "start", "a")])
    assert mended(full).document == full


def test_a_renamed_field_keeps_its_place() -> None:
    node = {"id": "q", "type": "question", "data": {"Content": "Nome?", "timeout": 60}}
    document = flow(START, node, edges=[edge("1", "start", "q")])

    data = mended(document).document.nodes[1].data

    assert list(data.items()) == [("content", "Nome?"), ("timeout", 60)]


def test_a_field_is_not_renamed_to_one_that_is_filled_in() -> None:
    node = {"id": "a", "type": "message", "data": {"contentt": "A", "conten": "B"}}
    document = flow(START, node, edges=[edge("1", "start", "a")])

    done = mended(document)

    assert sorted(done.document.nodes[1].data.values()) == ["A", "B"]
    assert done.done == ("misspelt_field",)
    problem = Problem(code="misspelt_field", node="q", field="variable_nam")
    problem = Problem(**{**_fields(problem), "params": {"meant": "variable_name"}})
    data = {"variableName": "x", "variable_nam": "y"}
    other = flow({"id": "q", "type": "question", "data": data}, edges=[])
    assert fix_for(problem, other) is None


def _fields(problem: Problem) -> Raw:
    return {"code": problem.code, "node": problem.node, "field": problem.field}


@pytest.mark.parametrize("name", ["copy_code", "value", "url", "id", "key", "code", "name"])
def test_what_is_no_text_for_people_is_never_cut(name: str) -> None:
    document = flow(said("a", x={name: "PROMO-2026-DESCONTO"}), edges=[])
    problem = Problem(code="text_too_long", node="a", field=f"x.{name}", params={"limit": 15})

    assert fix_for(problem, document) is None


def test_a_coupon_code_of_a_template_is_not_cut() -> None:
    button = {"type": "copy_code", "value": "CUPOM-DE-NATAL-2026"}
    data = {"name": "lembrete", "language": "pt_BR", "buttons": [button]}
    node = {"id": "t", "type": "whatsapp_template", "data": data}
    document = flow(START, node, edges=[edge("1", "start", "t")])

    assert found("text_too_long", document)[1] is None
    assert mended(document, "text_too_long").document == document


def test_a_text_is_cut_only_by_its_code() -> None:
    document = read(file_of("text_too_long"))

    assert mended(document).document == document
    [button] = mended(document, "text_too_long").document.nodes[1].data["buttons"]
    assert button == {"id": "a", "title": "Um título longo dem…"}


def test_a_connection_that_sounds_alike_is_taken_only_by_code() -> None:
    node = {
        "id": "x",
        "type": "database_query",
        "data": {"connection": "estoqu", "query": "select 1"},
    }
    document = flow(START, node, edges=[edge("1", "start", "x")])

    assert mended(document).document == document
    data = mended(document, "unknown_connection").document.nodes[1].data
    assert data["connection"] == "estoque"


def test_what_the_menu_leads_to_is_not_deleted() -> None:
    settings = {"commands": {"menu_to": {"to_node": "menu"}}}
    document = flow(
        START,
        END,
        said("menu"),
        said("after"),
        said("island"),
        edges=[edge("1", "start", "end"), edge("2", "menu", "after")],
        settings=settings,
    )

    for id in ("menu", "after"):
        assert fix_for(Problem(code="unreachable", node=id), document) is None
    assert nodes(mended(document, "unreachable").document) == ["start", "end", "menu", "after"]


def test_what_a_jump_leads_to_goes_after_the_jump() -> None:
    document = flow(
        START,
        END,
        said("target"),
        {"id": "jump", "type": "jump", "data": {"to_node": "target"}},
        edges=[edge("1", "start", "end")],
    )

    assert fix_for(Problem(code="unreachable", node="target"), document) is None
    assert nodes(mended(document, "unreachable").document) == ["start", "end"]


def test_where_two_nodes_have_an_id_neither_is_touched() -> None:
    document = flow(START, said("a", cor=1), said("a"), edges=[edge("1", "start", "a")])

    assert mended(document, "unknown_field", "unreachable").document == document


def test_a_second_start_is_not_made_of_a_misspelt_type() -> None:
    document = flow(START, END, {"id": "x", "type": "strat"}, edges=[edge("1", "start", "end")])
    two = flow({"id": "x", "type": "strat"}, {"id": "y", "type": "strat"}, edges=[])

    assert found("misspelt_type", document)[1] is None
    assert [node.type for node in mended(two).document.nodes] == ["start", "strat"]
