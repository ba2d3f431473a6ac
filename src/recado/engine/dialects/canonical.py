"""Reads our own form of a flow document, and the root form of the user's own analysis.

Taken as well: nodes and edges under `canvas_data`, a node's fields at its root, what a canvas keeps for itself
(goes under `ui`), condition nodes whose edges are labelled true and false. A canonical document comes out as it was.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import ValidationError

from recado.engine.dialects import edges as edges_
from recado.engine.dialects.layout import lay_out
from recado.engine.dialects.report import DocumentRefused, Note, Notes, Report
from recado.engine.dialects.root_form import to_our_fields
from recado.engine.events import Json
from recado.engine.flow import MAX_DOCUMENT_BYTES, FlowDocument

_DOCUMENT_KEYS = frozenset(
    {"format", "name", "nodes", "edges", "variables", "settings", "ui", "viewport", "canvas_data"}
)
_NODE_KEYS = frozenset({"id", "type", "position", "data", "ui"})
# What React Flow and its users keep on a node; `data` never holds these, so the root is theirs.
CANVAS_KEYS = frozenset(
    """measured width height style className selected dragging draggable selectable connectable
    deletable hidden zIndex positionAbsolute parentId parentNode extent expandParent origin
    sourcePosition targetPosition initialWidth initialHeight dragHandle ariaLabel handles""".split()  # noqa: SIM905 - a list would take a page
)


def canonical(raw: Mapping[str, Json]) -> tuple[FlowDocument, Report]:
    """Reads a document and says what was understood, changed and lost; raises DocumentRefused."""
    notes = Notes()
    flat = _flat(raw, notes)
    nodes = [_node(item, index, notes) for index, item in enumerate(_items(flat, "nodes"))]
    edges = [edges_.read(item, index) for index, item in enumerate(_items(flat, "edges"))]
    edges = edges_.name(edges, notes)
    edges = edges_.route_labels(edges, nodes, notes)
    lay_out(nodes, edges, notes)
    document = _document({**flat, "nodes": nodes, "edges": edges})
    notes.understood.append(_summary(raw, document, notes))
    return document, notes.report()


def _flat(raw: Mapping[str, Json], notes: Notes) -> dict[str, Json]:
    """Lifts `canvas_data` to the root, the viewport to `ui`, and names what has no place."""
    canvas = raw.get("canvas_data")
    if canvas is not None and not isinstance(canvas, dict):
        raise DocumentRefused([("canvas_data", "must be an object")])
    for key in raw.keys() - _DOCUMENT_KEYS:
        notes.lost.append(Note(code="not_kept", params={"field": key}))
    flat = {
        key: value
        for key, value in {**raw, **(canvas or {})}.items()
        if key in _DOCUMENT_KEYS and key not in ("canvas_data", "viewport") and value is not None
    }
    viewport = (canvas or raw).get("viewport")
    ui = flat.get("ui", {})
    if viewport is not None and isinstance(ui, dict):
        flat["ui"] = {**ui, "viewport": viewport}
    return flat


def _items(flat: Mapping[str, Json], key: str) -> list[dict[str, Json]]:
    items = flat.get(key, [])
    if not isinstance(items, list):
        raise DocumentRefused([(key, "must be a list")])
    wrong = [index for index, item in enumerate(items) if not isinstance(item, dict)]
    if wrong:
        raise DocumentRefused([(f"{key}.{index}", "must be an object") for index in wrong])
    return items


def _node(item: dict[str, Json], index: int, notes: Notes) -> dict[str, Json]:
    id, data, ui = item.get("id"), item.get("data") or {}, item.get("ui") or {}
    if not isinstance(data, dict) or not isinstance(ui, dict):
        raise DocumentRefused([(f"nodes.{index}.data", "must be an object")])
    if isinstance(id, int) and not isinstance(id, bool):
        notes.changed.append(Note(code="id_made_text", node=str(id), params={"id": id}))
        id = str(id)
    kind = item.get("type")
    if not isinstance(id, str) or not isinstance(kind, str):
        wrong = "type" if isinstance(id, str) else "id"
        raise DocumentRefused([(f"nodes.{index}.{wrong}", "must be a text")])
    at_root = {key: item[key] for key in item if key not in _NODE_KEYS | CANVAS_KEYS}
    data = _merged(at_root, data, id, notes)
    node = {
        "id": id,
        "type": kind,
        "data": to_our_fields(kind, data, id, notes),
        "ui": {**ui, **{key: item[key] for key in item if key in CANVAS_KEYS}},
    }
    return node | ({"position": item["position"]} if item.get("position") else {})


def _merged(
    at_root: dict[str, Json], data: dict[str, Json], node: str, notes: Notes
) -> dict[str, Json]:
    moved = [key for key in at_root if key not in data]
    if moved:
        fields = ", ".join(moved)
        notes.changed.append(Note(code="fields_moved", node=node, params={"fields": fields}))
    for key in at_root.keys() & data.keys():
        if at_root[key] != data[key]:
            notes.lost.append(Note(code="said_twice", node=node, params={"field": key}))
    return {**at_root, **data}


def _document(flat: dict[str, Any]) -> FlowDocument:
    try:
        document = FlowDocument.model_validate(flat)
    except ValidationError as error:
        places = [(".".join(map(str, line["loc"])), line["msg"]) for line in error.errors()]
        raise DocumentRefused(places) from error
    if len(msgspec.json.encode(document.dump())) > MAX_DOCUMENT_BYTES:
        raise DocumentRefused([("", f"is larger than {MAX_DOCUMENT_BYTES:,} bytes")])
    return document


def _summary(raw: Mapping[str, Json], document: FlowDocument, notes: Notes) -> Note:
    rooted = any(note.code == "fields_moved" for note in notes.changed)
    place = "canvas_data" if isinstance(raw.get("canvas_data"), dict) else "recado/1"
    params: dict[str, Json] = {
        "form": f"{place}, root" if rooted else place,
        "nodes": len(document.nodes),
        "edges": len(document.edges),
    }
    return Note(code="format", params=params)
