"""Documents that mean harm, or that nobody meant: refused with their places, or read; never anything else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.engine.dialects import DocumentRefused, Report, read
from recado.engine.dialects.bounds import MAX_DEPTH
from recado.engine.dialects.report import MOST_NOTES, MOST_PLACES
from recado.engine.dialects.spellings import SPELLINGS
from recado.engine.flow import FlowDocument

Json = dict[str, Any]
START = {"id": "s", "type": "start"}


def refused(raw: Json) -> tuple[tuple[str, str], ...]:
    with pytest.raises(DocumentRefused) as caught:
        read(raw)
    return caught.value.places


def nested(depth: int, *, lists: bool = False) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if lists else {"a": value}
    return value


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("place", ["data", "variables", "canvas_data", "flow"])
def test_what_is_nested_too_deep_is_refused(place: str, lists: bool) -> None:
    deep = nested(100_000, lists=lists)
    raw = {"nodes": [{**START, "data": {"a": deep}}]} if place == "data" else {place: deep}

    ((path, reason),) = refused(raw)

    assert reason == f"is nested deeper than {MAX_DEPTH}"
    assert len(path) <= 201


def test_ten_thousand_nodes_are_refused() -> None:
    nodes = [{"id": f"n{n}", "type": "message", "messageText": "x"} for n in range(10_000)]

    assert refused({"nodes": nodes}) == (("nodes", "has 10,000 items; at most 2,000 are read"),)


def test_a_hundred_thousand_edges_are_refused() -> None:
    edges = [{"source": "s", "target": "s"}] * 100_000

    assert refused({"nodes": [START], "edges": edges}) == (
        ("edges", "has 100,000 items; at most 20,000 are read"),
    )


def test_more_than_five_million_bytes_of_a_flow_are_refused() -> None:
    nodes = [
        {"id": f"n{n}", "type": "message", "data": {"messageText": "x" * 5_000}}
        for n in range(1_990)
    ]

    assert refused({"nodes": nodes}) == (("", "is larger than 5,000,000 bytes"),)


def test_millions_of_values_are_refused() -> None:
    raw = {"variables": {"a": [0] * 2_100_000}}

    assert refused(raw) == (("", "has more than 2,000,000 values"),)


def test_only_so_many_places_are_named() -> None:
    places = refused({"nodes": [3] * 1_999})

    assert len(places) == MOST_PLACES + 1
    assert places[-1] == ("", "and 1,949 more places")


def test_only_so_many_notes_are_listed_and_the_rest_is_counted() -> None:
    edges = [{"source": "s", "target": "e"} for _ in range(MOST_NOTES + 7)]
    nodes = [START, {"id": "e", "type": "end"}]

    _, report = read({"format": "recado/1", "nodes": nodes, "edges": edges})

    assert report.changed[-1].code == "more"
    assert "8" in report.changed[-1].say("en")


def test_thousands_of_edges_of_one_node_get_an_id_each() -> None:
    edges = [{"source": "s", "target": "e"} for _ in range(20_000)]
    nodes = [START, {"id": "e", "type": "end"}]

    document, _ = read({"format": "recado/1", "nodes": nodes, "edges": edges})

    assert len({edge.id for edge in document.edges}) == 20_000


def test_jumps_in_a_circle_are_read() -> None:
    nodes = [START, *({"id": f"j{n}", "type": "jump", "data": {"targetNode": f"j{(n + 1) % 500}"}} for n in range(500))]  # fmt: skip

    document, _ = read({"nodes": nodes, "edges": [{"source": "s", "target": "j0"}]})

    assert document.nodes[500].data == {"to_node": "j0"}


@pytest.mark.parametrize("value", ["\x00", "\ud800", 10**30, float("nan"), float("inf"), {"\x00": 1}])  # fmt: skip
def test_what_no_database_keeps_is_refused(value: Any) -> None:
    ((path, _),) = refused({"nodes": [{**START, "data": {"label": value}}]})

    assert path.startswith("nodes.0.data.label")


@pytest.mark.parametrize("id", ["x", "constructor", "__proto__", "a" * 100, "\u202e", "{{x}}"])
def test_odd_ids_are_just_ids(id: str) -> None:
    document, _ = read({"nodes": [{"id": id, "type": "message", "messageText": "x", "delay": 3}]})

    assert [node.id for node in document.nodes][1] == id
    assert len({node.id for node in document.nodes}) == 2


def test_text_with_thousands_of_braces_is_read() -> None:
    text = "{{" * 20_000 + "}}" * 20_000 + "{{current_date}}"

    document, _ = read({"nodes": [{"id": "m", "type": "message", "messageText": text}]})

    assert document.nodes[0].data["content"].endswith('{{ today | date("%d/%m/%Y") }}')


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 2**40), st.floats(-9, 9), st.text(max_size=8),
    st.sampled_from(["x", "s", "true", "true", "{{today}}", "current_date", "text", "flow", "expression", "1"]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "name", "type", "value", "title", "rows", "text", "config", "label", "variable",
                             "rules", "key", "next", "branch", "operator", "parameters"]),
            inner, max_size=4,
        ),
    ),
    max_leaves=8,
)  # fmt: skip


@st.composite
def wild_nodes(draw: st.DrawFn) -> list[Json]:
    """Draws nodes of known types, whose fields have known names and any value."""
    nodes: list[Json] = []
    for place in range(draw(st.integers(1, 4))):
        type = draw(st.sampled_from(sorted(SPELLINGS)))
        names = sorted(SPELLINGS[type].ours | SPELLINGS[type].theirs)
        data = draw(st.dictionaries(st.sampled_from(names), ANYTHING, max_size=6))
        at_root: Json = draw(
            st.sampled_from([{}, {"node_type": type}, {"message": "x"}, {"config": {}}])
        )
        nodes.append({"id": f"n{place}", "type": type, "data": data, **at_root})
    return nodes


@settings(max_examples=250, deadline=None)
@given(wild_nodes(), ANYTHING, st.data())
def test_any_value_in_any_field_is_read_or_refused_with_its_place(
    nodes: list[Json], around: Any, data: st.DataObject
) -> None:
    ids = st.sampled_from([node["id"] for node in nodes] + ["nowhere"])
    handles = st.sampled_from([None, "true", "false", "condition-0", "default", "x", "error", 3])
    edges = [
        {"source": data.draw(ids), "target": data.draw(ids), "sourceHandle": data.draw(handles)}
        for _ in range(data.draw(st.integers(0, 5)))
    ]
    raw = {
        "nodes": nodes,
        "edges": edges,
        "inactivity_settings": around,
        "requires_integrations": around,
    }

    found = read_or_places(raw)

    match found:
        case FlowDocument() as document, Report() as report:
            check_read(document, report)
        case places:
            assert all(reason for _, reason in places)


def read_or_places(raw: Json) -> tuple[FlowDocument, Report] | tuple[tuple[str, str], ...]:
    """Gives what was read, or the places for which it was refused."""
    try:
        return read(raw)
    except DocumentRefused as problem:
        return problem.places


def check_read(document: FlowDocument, report: Report) -> None:
    """Checks that a document is in our form for good, and that its report can be said."""
    assert read(json.loads(json.dumps(document.dump())))[0] == document
    for note in (*report.understood, *report.changed, *report.lost):
        assert note.say("pt-BR")
        assert note.say("en")


@settings(max_examples=300, deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_document_at_all_is_read_or_refused(nodes: Any, inner: Any, other: Any) -> None:
    raw = {
        "nodes": nodes,
        "canvas_data": {"nodes": inner, "edges": other},
        "flow": {"canvas_data": other, "nodes": nodes},
        "flow_data": inner,
        "variables": other,
        "settings": inner,
        "ui": other,
    }

    assert read_or_places(raw)
