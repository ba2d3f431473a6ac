"""What concerns a whole document: its wrappers, its variables and settings, its edges."""

from typing import Any

import pytest

from recado.engine.dialects import DocumentRefused, Note, read

Json = dict[str, Any]
NODES: list[Json] = [
    {"id": "s", "type": "start"},
    {"id": "m", "type": "message", "data": {"messageText": "Oi"}},
]
EDGES: list[Json] = [{"id": "e", "source": "s", "target": "m"}]
CANVAS = {"nodes": NODES, "edges": EDGES}


def codes(notes: tuple[Note, ...]) -> list[str]:
    return [note.code for note in notes]


def fields(notes: tuple[Note, ...]) -> set[Any]:
    return {note.params.get("field") for note in notes}


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ({"name": "N", **CANVAS}, "root"),
        ({"name": "N", "canvas_data": CANVAS}, "canvas_data"),
        ({"name": "N", "flow_data": CANVAS}, "flow_data"),
        ({"status": "success", "flow_data": {"name": "N", "canvas_data": CANVAS}}, "flow_data.canvas_data"),
        ({"format_version": "1.0", "flow": {"name": "N", "canvas_data": CANVAS}}, "flow.canvas_data"),
        ({"flow": {"name": "N", **CANVAS}}, "flow"),
    ],
)  # fmt: skip
def test_nodes_are_found_in_every_wrapper(raw: Json, form: str) -> None:
    document, report = read(raw)

    assert (document.name, len(document.nodes), len(document.edges)) == ("N", 2, 1)
    assert report.understood[0].params == {"form": form, "nodes": 2, "edges": 1}


def test_nodes_in_two_places_are_read_once_and_said() -> None:
    document, report = read({**CANVAS, "canvas_data": {"nodes": [NODES[0]]}})

    assert len(document.nodes) == 2
    assert report.lost[0].params == {"place": "canvas_data", "kept": "root"}


def test_the_export_s_own_facts_are_named() -> None:
    raw = {
        "format_version": "1.0",
        "exported_at": "2026-11-24",
        "flow": {"name": "N", "is_main": True, "description": "D", "canvas_data": CANVAS},
        "metadata": {"total_nodes": 2},
    }

    document, report = read(raw)

    assert document.ui == {"description": "D"}
    assert fields(report.lost) == {"exported_at", "metadata", "flow.is_main"}


def test_rules_for_silence_become_settings_in_seconds() -> None:
    rules = {
        "enabled": True,
        "timeout_minutes": 30,
        "send_warning_at_minutes": 20,
        "warning_message": "Faltam {{remaining_minutes}} de {{timeout_minutes}}.",
        "closing_message": "Tchau",
        "action": "transfer",
    }

    document, report = read({**CANVAS, "inactivity_settings": rules})

    assert document.settings == {
        "inactivity": {"remind_after": 1_200, "text": "Faltam 10 de 30.", "end_after": 1_800, "action": "handoff"}
    }  # fmt: skip
    assert "inactivity_settings.closing_message" in fields(report.lost)


def test_rules_that_are_switched_off_and_those_for_the_window_are_said_to_be_lost() -> None:
    raw = {
        **CANVAS,
        "inactivity_settings": {"enabled": False, "timeout_minutes": 30},
        "window_expiry_settings": {"action": "send_template", "template_name": "volte"},
    }

    document, report = read(raw)

    assert document.settings == {}
    assert codes(report.lost) == ["switched_off", "window_not_kept"]


def test_system_names_are_written_as_ours() -> None:
    text = "{{contact.email}} {{ current_date }} {{current_time}} {{contact.name}} {{outro}}"
    data = {"messageText": text}

    document, report = read({"nodes": [{"id": "m", "type": "message", "data": data}]})

    assert document.nodes[0].data["content"] == (
        '{{ contact.fields.email }} {{ today | date("%d/%m/%Y") }} {{ now | date("%H:%M") }} '
        "{{contact.name}} {{outro}}"
    )
    assert codes(report.changed).count("text_mapped") == 3


def test_a_variable_of_the_document_s_own_is_no_system_name() -> None:
    nodes = [
        {"id": "q", "type": "question", "data": {"questionText": "?", "outputVariable": "current_date"}},
        {"id": "m", "type": "message", "data": {"messageText": "{{current_date}}"}},
    ]  # fmt: skip

    document, _ = read({"nodes": nodes})

    assert document.nodes[1].data == {"content": "{{current_date}}"}


def test_a_variable_with_a_name_of_ours_gets_another_everywhere() -> None:
    nodes = [
        {"id": "q", "type": "question", "data": {"questionText": "?", "outputVariable": "message"}},
        {"id": "c", "type": "condition", "data": {"conditions": [{"variable": "message", "operator": "==", "value": "{{message.x}}"}]}},
        {"id": "v", "type": "set_variable", "data": {"variableName": "y", "variableValue": "{{ message }}"}},
    ]  # fmt: skip

    document, report = read({"nodes": nodes, "variables": {"message_var": 1}})

    question, condition, assigns = (node.data for node in document.nodes)
    assert question["variableName"] == "message_var_2"
    rule = {"variable": "message_var_2", "operator": "==", "value": "{{ message_var_2.x }}"}
    assert condition["cases"][0]["rules"] == [rule]
    assert assigns["assignments"][0]["value"] == "{{ message_var_2 }}"
    assert Note(code="variable_renamed", params={"old": "message", "new": "message_var_2"}) in report.changed  # fmt: skip


def test_an_answer_that_is_a_date_now_is_shown_as_it_was_typed() -> None:
    nodes = [
        {"id": "q", "type": "question", "data": {"questionText": "?", "responseType": "date", "outputVariable": "dia"}},
        {"id": "m", "type": "message", "data": {"messageText": "Dia {{dia}}, {{outro}}"}},
    ]  # fmt: skip

    document, _ = read({"nodes": nodes})

    assert document.nodes[1].data["content"] == 'Dia {{ dia | date("%d/%m/%Y") }}, {{outro}}'


def test_rows_route_by_their_fields() -> None:
    nodes = [
        {"id": 1, "node_type": "start", "next_node_id": 2},
        {"id": 2, "node_type": "message", "text": "Oi", "next_node_id": 3},
        {"id": 3, "node_type": "end", "message": "Tchau"},
    ]

    document, report = read({"nodes": nodes})

    assert [(edge.source, edge.target) for edge in document.edges] == [("1", "2"), ("2", "3")]
    assert report.dialects == ("D",)


def test_the_first_of_two_edges_counts_as_it_did() -> None:
    edges = [*EDGES, {"id": "e2", "source": "m", "target": "s"}, {"id": "e3", "source": "s", "target": "x"}]  # fmt: skip
    nodes = [*NODES, {"id": "x", "type": "end"}]

    document, report = read({"nodes": nodes, "edges": edges})

    assert [(edge.id, edge.target) for edge in document.edges] == [("e", "m"), ("e2", "m")]
    assert "edge_not_taken" in codes(report.lost)
    assert "start_skipped" in codes(report.changed)


def test_edges_to_nowhere_are_taken_away_and_said() -> None:
    document, report = read({**CANVAS, "edges": [*EDGES, {"id": "g", "source": "m", "target": "gone"}]})  # fmt: skip

    assert [edge.id for edge in document.edges] == ["e"]
    assert codes(report.lost) == ["edge_to_nowhere"]


def test_a_handle_of_a_node_with_one_way_out_means_that_way() -> None:
    document, report = read({**CANVAS, "edges": [{**EDGES[0], "sourceHandle": "bottom"}]})

    assert document.edges[0].source_handle is None
    assert "handle_dropped" in codes(report.changed)


def test_a_handle_that_a_menu_does_not_have_is_said() -> None:
    nodes = [*NODES, {"id": "b", "type": "interactive_buttons", "data": {"bodyText": "?", "buttons": [{"id": "s", "title": "S"}]}}]  # fmt: skip
    edges = [*EDGES, {"id": "w", "source": "b", "target": "m", "sourceHandle": "gone"}]

    _, report = read({"nodes": nodes, "edges": edges})

    assert codes(report.lost) == ["unknown_handle"]


def test_two_nodes_of_one_id_both_stay_for_the_compiler_to_name() -> None:
    document, _ = read({"nodes": [*NODES, NODES[1]], "edges": EDGES})

    assert [node.id for node in document.nodes] == ["s", "m", "m"]


def test_dialects_are_told_apart_node_by_node() -> None:
    nodes = [
        {"id": "a", "type": "default", "data": {"nodeType": "message", "messageText": "A"}},
        {"id": "b", "type": "message", "data": {"messageText": "B"}},
        {"id": "c", "type": "message", "data": {"content": {"text": "C"}}},
        {"id": "d", "node_type": "message", "text": "D"},
        {"id": "e", "type": "default", "data": {"nodeType": "message", "config": {"message": "E"}}},
        {"id": "f", "type": "msg_text", "data": {"message": "F"}},
        {"id": "g", "type": "delay", "delaySeconds": 3},
    ]

    document, report = read({"nodes": nodes})

    assert [node.data.get("content") for node in document.nodes] == [*"ABCDEF", None]
    assert {*report.dialects} == {"A", "B", "C", "D", "E", "F", "analysis"}


@pytest.mark.parametrize("type", ["default", "custom", "chatgpt"])
def test_a_type_that_says_nothing_stays_for_the_compiler_to_name(type: str) -> None:
    document, report = read({"nodes": [{"id": "a", "type": type, "data": {"label": "X"}}]})

    assert (document.nodes[0].type, report.lost) == (type, ())


@pytest.mark.parametrize(
    ("type", "data", "wanted"),
    [("input", {"label": "Início"}, "start"), ("input", {"message": "?", "variable": "v"}, "question"), ("output", {}, "end")],
)  # fmt: skip
def test_types_of_the_canvas_are_read_by_what_they_hold(type: str, data: Json, wanted: str) -> None:
    document, _ = read({"nodes": [{"id": "a", "type": type, "data": data}]})

    assert document.nodes[0].type == wanted


def test_a_generator_s_answer_without_a_flow_has_no_nodes() -> None:
    document, _ = read({"status": "needs_clarification", "clarification_questions": ["?"]})

    assert document.nodes == []


def test_a_wrapper_that_is_no_object_is_refused() -> None:
    with pytest.raises(DocumentRefused):
        read({"canvas_data": "x"})
