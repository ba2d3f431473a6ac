"""Mending: by itself nothing is lost, by code only what the author was shown, and with few compiles."""

from typing import Any

import pytest

from recado.engine import fixes as fixes_
from recado.engine.changes import Fix, apply_all
from recado.engine.compile import Compiled, compile
from recado.engine.fixes import fixes, mend
from recado.engine.flow import FlowDocument
from recado.engine.problems import Problem, has_errors
from recado.nodes import NODE_TYPES
from tests.engine.fixing import END, START, edge, file_of, flow, ids, mended, nodes, said
from tests.engine.test_problems import BROKEN, THERE, problems, read


def test_a_fix_can_be_kept_to_one_node_or_edge() -> None:
    document = flow(START, END, said("a"), said("b"), edges=[edge("1", "start", "end")])
    dangling = flow(
        START,
        END,
        edges=[edge("1", "start", "end"), edge("2", "end", "x", "p"), edge("3", "end", "x")],
    )

    assert nodes(mended(document, "unreachable", node="a").document) == ["start", "end", "b"]
    assert ids(mended(dangling, "edge_to_nowhere", edge="3").document) == ["1", "2"]


def test_nothing_is_deleted_that_the_author_was_not_shown() -> None:
    # Only without the errors does the compiler see that no way leads to `a` any more.
    document = flow(
        START,
        END,
        said("a"),
        edges=[edge("1", "start", "end"), edge("2", "start", "a", "zzzz"), edge("3", "a", "end")],
    )

    done = mended(document, "unknown_port", "unreachable")

    assert (done.done, ids(done.document)) == (("unknown_port",), ["1", "3"])
    assert "unreachable" in {problem.code for problem in done.problems}


@pytest.mark.parametrize("code", sorted({file.stem for file in BROKEN}))
def test_by_itself_nothing_is_lost(code: str) -> None:
    document = read(file_of(code))

    done = mended(document)

    assert [edge.source for edge in done.document.edges] == [edge.source for edge in document.edges]
    assert nodes(done.document) == nodes(document)
    for before, after in zip(document.nodes, done.document.nodes, strict=True):
        assert list(after.data.values()) == list(before.data.values())


def test_a_warning_is_mended_only_by_its_code() -> None:
    document = read(file_of("no_time_limit"))

    assert mended(document).document == document
    assert mended(document, "no_time_limit").document.nodes[1].data["timeout"] == 86_400


def test_no_codes_at_all_mend_nothing() -> None:
    document = read(file_of("misspelt_type"))

    done = mend(document, NODE_TYPES, THERE, codes=frozenset())

    assert (done.document, done.done) == (document, ())
    assert has_errors(done.problems)


@pytest.fixture
def compiles(monkeypatch: pytest.MonkeyPatch) -> list[FlowDocument]:
    """The documents that were compiled, in their order."""
    seen: list[FlowDocument] = []

    def counting(document: FlowDocument, *rest: Any) -> Compiled:
        seen.append(document)
        return compile(document, *rest)

    monkeypatch.setattr(fixes_, "compile", counting)
    return seen


def test_many_mistakes_are_mended_with_a_few_compiles(compiles: list[FlowDocument]) -> None:
    chain = [{"id": str(n), "type": "mesage", "data": {"contents": "Oi"}} for n in range(1_999)]
    edges = [edge(str(n), str(n), str(n + 1), "nextt") for n in range(1_998)]
    document = flow(START, *chain, edges=[edge("s", "start", "0"), *edges])

    done = mended(document)

    assert not has_errors(done.problems)
    assert len(done.done) == 1_999 * 2 + 1_998
    assert len(compiles) == 3  # types, then fields and ports, and the last look


def test_a_sound_flow_is_compiled_once(compiles: list[FlowDocument]) -> None:
    document = flow(START, END, edges=[edge("1", "start", "end")])

    assert mended(document).document is document
    assert len(compiles) == 1


def test_remedies_that_go_on_for_ever_are_stopped(
    compiles: list[FlowDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = {"mesage": "mesagee", "mesagee": "mesage"}

    def endless(problems: list[Problem], document: FlowDocument) -> list[Fix | None]:
        found = fixes(problems, document)
        value = turn[document.nodes[1].type]
        return [
            Fix(label="use", changes=(_with(fix.changes[0], value),)) if fix else None
            for fix in found
        ]

    monkeypatch.setattr(fixes_, "fixes", endless)
    mended(read(file_of("misspelt_type")))

    assert len(compiles) == fixes_.ROUNDS + 1


def _with(change: Any, value: str) -> Any:
    return type(change)(op="set", path=change.path, id=change.id, was=change.was, value=value)


def test_a_remedy_that_does_not_fit_does_not_stop_the_others() -> None:
    document = flow(
        START,
        END,
        edges=[edge("1", "start", "end"), edge("2", "end", "x"), edge("3", "end", "y")],
    )
    stale = Fix(label="drop_edge", changes=(_moved(found_all(document)[0].changes[0]),))

    after, made = apply_all(document, [stale, *found_all(document)])

    assert made == [False, True, True]
    assert ids(after) == ["1"]


def found_all(document: FlowDocument) -> list[Fix]:
    all_problems = [p for p in problems(document) if p.code == "edge_to_nowhere"]
    return [fix for fix in fixes(all_problems, document) if fix]


def _moved(change: Any) -> Any:
    return type(change)(op=change.op, path=("edges", 0), id=change.id, was=change.was)


def test_thousands_of_dangling_edges_with_one_id_have_no_fix(
    compiles: list[FlowDocument],
) -> None:
    document = flow(START, END, edges=[edge("1", "start", "x")] * 10_001)

    done = mended(document)

    assert (done.document, done.done, len(compiles)) == (document, (), 1)
