"""Fixes of edges: what is dropped is a copy or hangs in the air, and nobody loses a port or an id."""

import pytest

from recado.engine.changes import apply
from recado.engine.fixes import fix_for
from recado.engine.flow import FlowDocument
from recado.engine.problems import Problem
from tests.engine.fixing import END, START, edge, file_of, flow, found, ids, mended, said
from tests.engine.test_problems import read


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
    assert mended(document).document.edges[0].target == "end"


def test_two_dangling_edges_with_one_id_both_go() -> None:
    document = flow(START, END, edges=[edge("1", "start", "end"), *[edge("2", "end", "x")] * 2])

    assert ids(mended(document).document) == ["1"]


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
