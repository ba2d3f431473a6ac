"""One-click fixes: each does what it says at its place and nowhere else, and nothing where that has changed."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from recado.engine.changes import apply
from recado.engine.flow import FlowDocument
from recado.engine.problems import SENTENCES, Problem
from tests.engine.fixing import (
    START,
    edge,
    file_of,
    fix_for,
    flow,
    found,
    said,
)
from tests.engine.test_problems import BROKEN, problems, read

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "checking.md"
# What each fix touches, and whether it loses something.
FIXABLE = {
    "default_edge_unused": (False, {"edges.1.sourceHandle"}),
    "edge_from_nowhere": (True, {"edges"}),
    "edge_id_twice": (False, {"edges.1.id"}),
    "edge_to_nowhere": (True, {"edges"}),
    "edge_to_start": (False, {"edges.1.target"}),
    "misspelt_field": (False, {"nodes.1.data.contents", "nodes.1.data.content"}),
    "misspelt_port": (False, {"edges.0.sourceHandle"}),
    "misspelt_target": (False, {"edges.0.target"}),
    "misspelt_value": (True, {"nodes.1.data.answer"}),
    "misspelt_type": (False, {"nodes.1.type"}),
    "no_time_limit": (False, {"nodes.1.data.timeout"}),
    "parameter_unused": (True, {"nodes.1.data.parameters.nome"}),
    "port_twice": (True, {"edges"}),
    "query_with_placeholders": (True, {"nodes.1.data.query", "nodes.1.data.parameters"}),
    "text_too_long": (True, {"nodes.1.data.buttons.0.title"}),
    "too_many_items": (True, {"nodes.1.data.buttons"}),
    "unknown_field": (True, {"nodes.1.data.cor"}),
    "unknown_port": (True, {"edges"}),
    "unreachable": (True, {"nodes", "edges"}),
}

# A warning is mended only where its code is named.
WARNINGS = {"default_edge_unused", "no_time_limit"}


def differences(before: Any, after: Any, at: str = "") -> set[str]:
    """Names the places where two documents differ; a list of another length is one place."""
    match before, after:
        case dict(), dict():
            pairs = [(key, before.get(key), after.get(key)) for key in before.keys() | after.keys()]
        case list(), list() if len(before) == len(after):
            pairs = list(zip(map(str, range(len(before))), before, after, strict=True))
        case _:
            return set() if before == after else {at}
    return {
        place
        for key, old, new in pairs
        for place in differences(old, new, f"{at}.{key}" if at else key)
    }


def test_what_can_be_fixed_is_exactly_this() -> None:
    fixable = {}
    for file in BROKEN:
        document = read(file)
        for problem in problems(document):
            if problem.code == file.stem and (fix := fix_for(problem, document)):
                fixable[file.stem] = fix.loses

    assert fixable == {code: loses for code, (loses, _) in FIXABLE.items()}


def test_the_guide_says_of_each_whether_it_is_made_by_itself() -> None:
    text = GUIDE.read_text("utf-8")
    rows = re.findall(r"^\| (`.+) \| .+ \| by (itself|its code) \|$", text, re.MULTILINE)

    written = {(code, made) for codes, made in rows for code in re.findall(r"`(\w+)`", codes)}

    for code, (loses, _) in FIXABLE.items():
        asked = loses or code in WARNINGS
        assert (code, "its code" if asked else "itself") in written
    assert {code for code, _ in written} <= set(SENTENCES)


@pytest.mark.parametrize("code", FIXABLE)
def test_a_fix_takes_its_problem_away_and_makes_no_error(code: str) -> None:
    document = read(file_of(code))
    _, fix = found(code, document)
    assert fix is not None

    after = problems(apply(document, fix))

    assert code not in {each.code for each in after}
    # What a repaired place hid may come to light, but nothing is broken by the repair itself.
    assert not {each.code for each in after if each.severity == "error"} - {"missing_field"}


@pytest.mark.parametrize("code", FIXABLE)
def test_a_fix_changes_only_the_named_place(code: str) -> None:
    document = read(file_of(code))
    before = copy.deepcopy(document.dump())
    _, fix = found(code, document)
    assert fix is not None

    after = apply(document, fix).dump()

    assert differences(before, after) == FIXABLE[code][1]
    assert document.dump() == before
    for kind in ("nodes", "edges"):
        if kind in FIXABLE[code][1]:
            assert all(item in before[kind] for item in after[kind])
    assert fix.say("pt-BR") != fix.say("en")


@pytest.mark.parametrize("code", sorted({*FIXABLE} - {"edge_id_twice"}))
def test_a_fix_for_what_has_changed_meanwhile_does_nothing(code: str) -> None:
    document = read(file_of(code))
    _, fix = found(code, document)
    assert fix is not None
    for kind in ("nodes", "edges"):
        moved = document.dump()
        new = {"id": "novo", "type": "end"} if kind == "nodes" else edge("novo", "start", "end")
        moved[kind].insert(0, new)
        if any(change.path[0] == kind for change in fix.changes):
            later = FlowDocument.model_validate(moved)

            assert apply(later, fix) == later
    fixed = apply(document, fix)
    assert apply(fixed, fix) == fixed


@pytest.mark.parametrize(
    "problem",
    [
        Problem(code="edge_to_nowhere", edge="none"),
        Problem(code="edge_id_twice", edge="none"),
        Problem(code="port_twice", node="none", params={"port": "next"}),
        Problem(code="two_starts", node="none"),
        Problem(code="unknown_field", node="a", field="no.such.field"),
        Problem(code="unknown_field", node="a", field="list.99"),
        Problem(code="unknown_field", node="a", field="list." + "9" * 5_000),
        Problem(code="unknown_field", node="a", field="list.-1"),
        Problem(code="unknown_field", node="a", field=".".join("x" * 60_000)),
        Problem(code="text_too_long", node="a", field="list", params={"limit": 1}),
        Problem(code="too_many_items", node="a", field="content", params={"limit": 1}),
        Problem(code="misspelt_field", node="a", field="none", params={"meant": "content"}),
    ],
    ids=lambda problem: f"{problem.code}-{(problem.field or '')[:12]}",
)
def test_a_problem_of_another_document_has_no_fix(problem: Problem) -> None:
    document = flow(START, said("a", list=[1]), edges=[edge("1", "start", "a")])

    assert fix_for(problem, document) is None


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    document = read(file_of("unreachable"))
    _, fix = found("unreachable", document)
    assert fix is not None
    raw = document.dump()
    raw["edges"][1]["label"] = "outro"
    later = FlowDocument.model_validate(raw)

    assert apply(later, fix) == later
