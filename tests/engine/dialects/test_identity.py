"""Export and import are each other's opposite, and our own form is never mistaken for another's."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings

from recado.engine.dialects import DocumentRefused, Report, read
from recado.engine.dialects.spellings import SPELLINGS
from recado.engine.flow import FlowDocument
from recado.nodes import NODE_TYPES
from tests.engine.strategies import documents


def readable(raw: dict[str, Any]) -> tuple[FlowDocument, Report]:
    """Reads a document; one with a number that no database keeps is another test's."""
    try:
        return read(raw)
    except DocumentRefused as refused:
        assume(not all(reason == "is too large a number" for _, reason in refused.places))
        raise


@settings(max_examples=150, deadline=None)
@given(documents())
def test_what_is_exported_comes_back_the_same(raw: dict[str, Any]) -> None:
    first, _ = readable(raw)
    exported = json.loads(json.dumps(first.dump()))

    again, report = read(exported)

    assert again == first
    assert (report.changed, report.lost) == ((), ())
    assert report.dialects == ("recado/1",)


@settings(max_examples=100, deadline=None)
@given(documents())
def test_our_own_form_is_taken_for_nothing_else(raw: dict[str, Any]) -> None:
    document, report = readable(raw)

    assert report.dialects == ("recado/1",)
    drawn = {node["id"]: node.get("data", {}) for node in raw["nodes"]}
    assert {node.id: node.data for node in document.nodes} == drawn
    assert [(e.source, e.source_handle, e.target) for e in document.edges] == [
        (e["source"], e.get("sourceHandle"), e["target"]) for e in raw["edges"]
    ]


@pytest.mark.parametrize("type", sorted(NODE_TYPES))
def test_the_example_of_a_node_type_is_in_our_own_form(type: str) -> None:
    example = NODE_TYPES[type].about.example
    nodes = [{"id": "start", "type": "start"}, {"id": "a", "type": type, "data": example}]

    document, report = read({"format": "recado/1", "nodes": nodes})

    assert report.dialects == ("recado/1",)
    assert document.nodes[1].data == example


@pytest.mark.parametrize("type", sorted(SPELLINGS))
def test_the_importer_knows_the_fields_of_every_node_type_it_reads(type: str) -> None:
    fields = {info.alias or name for name, info in NODE_TYPES[type].model_fields.items()}

    assert fields - {"type"} == SPELLINGS[type].ours
    assert not SPELLINGS[type].ours & SPELLINGS[type].theirs
