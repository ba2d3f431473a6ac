"""Our own form comes out as it went in; the analysis' form comes out as ours, and nothing goes missing unsaid."""

from typing import Any

import pytest

from recado.engine.dialects import read
from recado.engine.dialects.report import SENTENCES, DocumentRefused, Note, Report
from recado.engine.flow import FlowDocument

SEED: dict[str, Any] = {
    "id": "7b1f0f6e-4a0e-4c5d-9a54-0d6f6a1f2c10",
    "name": "Idade",
    "nodes": [
        {"id": "n1", "type": "start"},
        {"id": "n2", "type": "question", "content": "Idade?", "variableName": "age"},
        {"id": "n3", "type": "condition", "variableName": "age", "operator": ">=", "value": 18},
        {"id": "n4", "type": "set_variable", "variableName": "grupo", "variableValue": "adulto"},
        {"id": "n5", "type": "delay", "delaySeconds": 2},
        {"id": "n6", "type": "end", "content": "Até logo!"},
    ],
    "edges": [
        {"id": "e1", "source": "n1", "target": "n2"},
        {"id": "e2", "source": "n2", "target": "n3"},
        {"id": "e3", "source": "n3", "target": "n4", "label": "true"},
        {"id": "e4", "source": "n3", "target": "n6", "label": "false"},
        {"id": "e5", "source": "n4", "target": "n5"},
        {"source": "n5", "target": "n6"},
    ],
    "variables": {"loja": "Centro"},
    "createdAt": "2025-12-12T00:00:00Z",
}


def data_of(document: FlowDocument, id: str) -> dict[str, Any]:
    return next(node.data for node in document.nodes if node.id == id)


def notes(report: Report) -> list[Note]:
    return [*report.understood, *report.changed, *report.lost]


def test_a_canonical_document_comes_out_as_it_was() -> None:
    first, _ = read(SEED)

    again, report = read(first.dump())

    assert again == first
    assert report.changed == ()
    assert report.lost == ()


def test_fields_at_the_root_move_into_data() -> None:
    document, report = read(SEED)

    assert data_of(document, "n2") == {"content": "Idade?", "variableName": "age"}
    moved = [note for note in report.changed if note.code == "fields_moved" and note.node == "n2"]
    assert moved[0].params == {"fields": "content, variableName"}


def test_a_condition_at_the_root_becomes_a_case() -> None:
    document, _ = read(SEED)

    rule = {"variable": "age", "operator": ">=", "value": 18}
    assert data_of(document, "n3") == {"cases": [{"id": "true", "rules": [rule]}]}


def test_edges_labelled_true_and_false_leave_the_case_and_else() -> None:
    document, _ = read(SEED)

    ports = {edge.id: edge.source_handle for edge in document.edges}
    assert ports["e3"] == "true"
    assert ports["e4"] == "else"
    assert ports["e1"] is None


@pytest.mark.parametrize(
    ("label", "port"), [("Sim", "sim-case"), ("NÃO", "else"), ("talvez", None)]
)
def test_labels_are_read_for_a_case_of_any_name(label: str, port: str | None) -> None:
    raw = {
        "nodes": [{"id": "c", "type": "condition", "data": {"cases": [{"id": "sim-case"}]}}],
        "edges": [{"id": "e", "source": "c", "target": "c", "label": label}],
    }

    document, _ = read(raw)

    assert document.edges[0].source_handle == port


def test_the_handles_of_a_condition_may_be_called_true_and_false() -> None:
    raw = {
        **SEED,
        "edges": [{"id": "e", "source": "n3", "target": "n6", "sourceHandle": "false"}],
    }

    document, _ = read(raw)

    assert document.edges[0].source_handle == "else"


@pytest.mark.parametrize("value", ["a", 18, True, [1]])
def test_set_variable_keeps_the_kind_of_its_value(value: object) -> None:
    node = {"id": "s", "type": "set_variable", "variableName": "x", "variableValue": value}

    document, _ = read({"nodes": [node]})

    assert data_of(document, "s") == {"assignments": [{"variable": "x", "value": value}]}


def test_set_variable_says_how_its_text_is_read() -> None:
    node = {"id": "s", "type": "set_variable", "variableName": "x", "variableValue": "{{n}}"}

    document, _ = read({"nodes": [{**node, "valueType": "string", "operation": "append"}]})

    assignment = {"variable": "x", "value": "{{n}}", "operation": "append", "as": "text"}
    assert data_of(document, "s") == {"assignments": [assignment]}


def test_a_delay_in_seconds_gets_an_amount_and_a_unit() -> None:
    document, _ = read(SEED)

    assert data_of(document, "n5") == {"amount": 2, "unit": "seconds"}


def test_what_a_canvas_keeps_goes_under_ui() -> None:
    raw = {
        "canvas_data": {
            "nodes": [
                {
                    "id": 7,
                    "type": "start",
                    "position": {"x": 1, "y": 2},
                    "measured": {"width": 10},
                    "selected": True,
                    "data": {"label": "Início"},
                }
            ],
            "edges": [
                {"id": "e", "source": 7, "target": 7, "animated": True, "targetHandle": None}
            ],
            "viewport": {"x": 0, "y": 0, "zoom": 2},
        }
    }

    document, report = read(raw)

    node, edge = document.nodes[0], document.edges[0]
    assert (node.id, edge.source) == ("7", "7")
    assert node.ui == {"measured": {"width": 10}, "selected": True}
    assert node.data == {"label": "Início"}
    assert edge.ui == {"animated": True, "targetHandle": None}
    assert document.ui == {"viewport": {"x": 0, "y": 0, "zoom": 2}}
    assert report.lost == ()


def test_nodes_without_a_position_are_laid_out_side_by_side() -> None:
    document, report = read(SEED)

    places = {(node.position.x, node.position.y) for node in document.nodes}
    assert len(places) == len(document.nodes)
    assert Note(code="laid_out", params={"count": 6}) in report.changed


def test_a_position_that_is_there_stays() -> None:
    raw = {"nodes": [{"id": "a", "type": "start", "position": {"x": 5, "y": 6}}]}

    document, report = read(raw)

    assert document.nodes[0].position.x == 5
    assert report.changed == ()


def test_an_edge_without_an_id_gets_a_free_one() -> None:
    raw = {
        "nodes": [{"id": "a", "type": "start"}, {"id": "b", "type": "end"}],
        "edges": [{"source": "a", "target": "b"}, {"id": "e-a-b", "source": "a", "target": "b"}],
    }

    document, _ = read(raw)

    assert [edge.id for edge in document.edges] == ["e-a-b-2", "e-a-b"]


def test_what_has_no_place_is_named() -> None:
    document, report = read({**SEED, "thumbnail": "x.png"})

    lost = {note.params["field"] for note in report.lost}
    assert lost == {"id", "createdAt", "thumbnail"}
    assert document.variables == {"loja": "Centro"}


def test_a_field_said_twice_is_named_and_data_wins() -> None:
    raw = {"nodes": [{"id": "a", "type": "end", "content": "root", "data": {"content": "data"}}]}

    document, report = read(raw)

    assert data_of(document, "a") == {"content": "data"}
    assert [note.code for note in report.lost] == ["said_twice"]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"nodes": {}}, "nodes"),
        ({"nodes": ["x"]}, "nodes.0"),
        ({"nodes": [{"type": "start"}]}, "nodes.0.id"),
        ({"nodes": [{"id": [], "type": "start"}]}, "nodes.0.id"),
        ({"nodes": [{"id": "a"}]}, "nodes.0.type"),
        ({"nodes": [{"id": "a", "type": "start", "data": "x"}]}, "nodes.0.data"),
        ({"edges": [{"id": "e", "source": {}, "target": "b"}]}, "edges.0.source"),
        ({"edges": [{"id": "e", "source": "a"}]}, "edges.0.target"),
        ({"canvas_data": []}, "canvas_data"),
        ({"ui": 3, "viewport": {}}, "ui"),
        ({"nodes": [{"id": "a" * 101, "type": "start"}]}, "nodes.0.id"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_path(raw: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read(raw)

    assert path in [place for place, _ in refused.value.places]


def test_every_note_is_said_in_both_languages() -> None:
    _, report = read({**SEED, "nodes": [*SEED["nodes"], {"id": 8, "type": "end"}]})

    for note in notes(report):
        assert note.say("pt-BR") != note.say("en")
    assert {note.code for note in notes(report)} <= SENTENCES.keys()
