"""Fixes of edges: what is dropped is a copy or hangs in the air, and nobody loses a port or an id."""

from typing import Any

import pytest

from recado.engine.changes import apply
from recado.engine.flow import FlowDocument
from recado.engine.problems import Problem
from tests.engine.fixing import END, START, edge, file_of, fix_for, flow, found, ids, mended, said
from tests.engine.test_problems import problems, read


def test_the_default_edge_is_no_second_edge_of_next() -> None:
    document = flow(
        START,
        END,
        said("a"),
        edges=[
            edge("1", "start", "a"),
            edge("2", "start", "end", "next"),
            edge("3", "start", "a", "next"),
            edge("4", "a", "end"),
        ],
    )

    assert mended(document).document == document
    assert ids(mended(document, "port_twice").document) == ["1", "2", "4"]


def test_both_problems_of_a_port_and_a_default_edge_have_their_own_fix() -> None:
    document = flow(
        START,
        END,
        edges=[edge(str(n), "start", "end", port) for n, port in enumerate((None, "next") * 2)],
    )

    assert ids(mended(document).document) == ["0", "1"]


def test_an_exact_copy_goes_by_itself_and_another_target_only_by_code() -> None:
    document = flow(
        START,
        END,
        said("a"),
        edges=[
            edge("1", "start", "a"),
            edge("2", "start", "a"),
            edge("3", "start", "end"),
            edge("4", "a", "end"),
        ],
    )

    by_itself = mended(document)
    assert (ids(by_itself.document), by_itself.done) == (["1", "3", "4"], ("port_twice",))
    assert ids(mended(document, "port_twice").document) == ["1", "4"]


def test_a_copy_with_a_label_of_its_own_is_none() -> None:
    document = flow(
        START, END, edges=[edge("1", "start", "end"), edge("2", "start", "end", label="Sim")]
    )

    assert mended(document).document == document


@pytest.mark.parametrize("code", ["edge_from_nowhere", "edge_to_nowhere"])
def test_of_two_edges_with_one_id_only_the_dangling_one_goes(code: str) -> None:
    wrong = (
        edge("1", "nada", "end") if code == "edge_from_nowhere" else edge("1", "start", "nada", "x")
    )
    document = flow(START, END, edges=[wrong, edge("1", "start", "end")])
    problem = Problem(code=code, edge="1", params={"id": "1"})

    fix = fix_for(problem, document)

    assert fix is not None
    assert apply(document, fix).edges == document.edges[1:]
    assert ids(mended(document, code).document) == ["1"]


def test_two_dangling_edges_with_one_id_both_go() -> None:
    document = flow(START, END, edges=[edge("1", "start", "end"), *[edge("2", "end", "x")] * 2])

    assert ids(mended(document, "edge_to_nowhere").document) == ["1"]


@pytest.mark.parametrize(
    ("dangling", "by_itself"),
    [
        (edge("2", "start", "nada"), True),
        (edge("2", "start", "nada", "next"), True),
        (edge("2", "start", "nada", "other"), False),
        (edge("2", "a", "nada"), False),
        (edge("2", "nada", "end"), False),
        (edge("2", "nada", "nada"), False),
    ],
)
def test_an_edge_in_the_air_goes_by_itself_only_where_another_leaves_its_port(
    dangling: dict[str, Any], by_itself: bool
) -> None:
    document = flow(START, END, said("a"), edges=[edge("1", "start", "end"), dangling])

    assert ids(mended(document).document) == (["1"] if by_itself else ["1", "2"])
    assert ids(mended(document, "edge_to_nowhere", "edge_from_nowhere").document) == ["1"]


def test_two_edges_in_the_air_do_not_hold_each_other() -> None:
    document = flow(START, said("a"), edges=[edge("1", "start", "x"), edge("2", "start", "y")])

    assert mended(document).document == document


@pytest.mark.parametrize(
    ("target", "others", "meant"),
    [
        ("fimm", [], "fim"),
        ("FIM", [], "fim"),
        ("fim", [], None),
        ("nada", [], None),
        ("fimm", ["fima"], None),
        ("fimm", ["fim2"], "fim"),
        ("pedido-2", ["pedido-1"], None),
        ("stars", [], None),
    ],
)
def test_a_misspelt_target_is_led_to_the_one_node_that_is_like_it(
    target: str, others: list[str], meant: str | None
) -> None:
    boxes = [said(id) for id in ("fim", *others)]
    document = flow(START, *boxes, edges=[edge("1", "start", target)])

    found = [each.params.get("meant") for each in problems(document) if each.edge == "1"]
    after = mended(document).document

    assert found == ([] if target == "fim" else [meant])
    assert after.edges[0].target == (meant or target)


def test_an_edge_back_to_its_own_node_is_nobodys_misspelling() -> None:
    document = flow(START, said("fim"), edges=[edge("1", "start", "fim"), edge("2", "fim", "fimm")])

    assert "edge_to_nowhere" in {each.code for each in problems(document)}


@pytest.mark.parametrize(
    ("type", "data", "fixed"),
    [("handoff", {}, "released"), ("end", {}, None), ("jump", {"to_node": "a"}, None)],
)
def test_a_default_edge_that_nobody_goes_along_is_told(
    type: str, data: dict[str, Any], fixed: str | None
) -> None:
    node = {"id": "n", "type": type, "data": data}
    document = flow(START, node, said("a"), edges=[edge("1", "start", "n"), edge("2", "n", "a")])

    [problem] = [each for each in problems(document) if each.code == "default_edge_unused"]
    after = mended(document, "default_edge_unused").document

    assert (problem.node, problem.edge, problem.severity) == ("n", "2", "warning")
    assert after.edges[1].source_handle == fixed
    assert mended(document).document == document


def test_a_port_that_is_drawn_gets_no_second_edge() -> None:
    node = {"id": "h", "type": "handoff"}
    edges = [edge("1", "start", "h"), edge("2", "h", "a"), edge("3", "h", "a", "released")]
    document = flow(START, node, said("a"), edges=edges)

    assert mended(document, "default_edge_unused").document == document


def test_doubled_ids_get_free_ones() -> None:
    document = flow(
        START,
        END,
        said("a"),
        edges=[edge("1", "start", "a"), edge("1-2", "a", "end", "x"), edge("1", "a", "end")],
    )

    assert ids(mended(document, "edge_id_twice").document) == ["1", "1-2", "1-3"]


def test_an_id_that_stands_once_by_now_stays() -> None:
    document = read(file_of("edge_id_twice"))
    _, fix = found("edge_id_twice", document)
    assert fix is not None
    raw = document.dump()
    raw["edges"][0]["id"] = "0"
    later = FlowDocument.model_validate(raw)

    assert apply(later, fix) == later


def test_long_ids_that_begin_alike_do_not_get_the_same_new_one() -> None:
    twins = [*["x" * 99 + "a"] * 2, *["x" * 99 + "b"] * 2]
    boxes = [said(str(number)) for number in range(5)]
    edges = [edge(id, str(number), str(number + 1)) for number, id in enumerate(twins)]
    document = flow(*boxes, edges=edges)

    fresh = ids(mended(document).document)

    assert len(set(fresh)) == 4
    assert all(len(id) <= 100 for id in fresh)


@pytest.mark.parametrize("drawn", ["next", None])
def test_a_port_is_not_renamed_to_one_that_is_drawn(drawn: str | None) -> None:
    document = flow(
        START,
        END,
        said("a"),
        edges=[
            edge("1", "start", "end", drawn),
            edge("2", "start", "a", "nextt"),
            edge("3", "a", "end"),
        ],
    )

    done = mended(document, "misspelt_port", "port_twice")

    assert (done.document, done.done) == (document, ())


def test_beside_a_default_edge_a_port_is_renamed_only_by_its_code() -> None:
    # The default edge leads on for every main port; once `comprar` has its own edge it may lead nowhere any more.
    node = {"id": "q", "type": "interactive_buttons"}
    buttons = [{"id": "comprar", "title": "Comprar"}, {"id": "sair", "title": "Sair"}]
    document = flow(
        START,
        END,
        said("a"),
        {**node, "data": {"content": "?", "buttons": buttons}},
        edges=[
            edge("1", "start", "q"),
            edge("2", "q", "end"),
            edge("3", "q", "a", "compra"),
            edge("4", "a", "end"),
        ],
    )

    assert mended(document).document == document
    [_, _, third, _] = mended(document, "misspelt_port").document.edges
    assert third.source_handle == "comprar"


def test_two_misspelt_edges_do_not_meet_at_one_port() -> None:
    document = flow(
        START,
        END,
        said("a"),
        edges=[
            edge("1", "start", "a", "nextt"),
            edge("2", "start", "end", "nexxt"),
            edge("3", "a", "end"),
        ],
    )

    done = mended(document)

    assert [each.source_handle for each in done.document.edges] == ["next", "nexxt", None]
    assert [problem.code for problem in done.problems] == ["misspelt_port"]


@pytest.mark.parametrize("leaving", [[], ["a", "b"], ["start"]])
def test_without_one_node_after_the_start_an_edge_to_it_stays(leaving: list[str]) -> None:
    edges = [edge(f"s{target}", "start", target) for target in leaving]
    document = flow(START, said("a"), said("b"), edges=[*edges, edge("back", "a", "start")])

    assert fix_for(Problem(code="edge_to_start", edge="back"), document) is None


@pytest.mark.parametrize(("count", "has_fix"), [(201, True), (202, False), (10_001, False)])
def test_ids_that_stand_too_often_are_for_the_author(count: int, has_fix: bool) -> None:
    edges = [edge("1", "start", "end")] * count
    document = flow(START, END, edges=edges)

    fix = fix_for(Problem(code="edge_id_twice", edge="1", params={"id": "1"}), document)

    assert bool(fix) == has_fix
