"""Reads edges: what a canvas keeps goes under `ui`, missing ids are made, labels true and false become ports."""

from collections.abc import Mapping, Sequence

from recado.engine.dialects.report import DocumentRefused, Note, Notes
from recado.engine.events import Json

_EDGE_KEYS = frozenset({"id", "source", "target", "sourceHandle", "label", "ui"})
_YES = frozenset({"true", "yes", "sim"})
_NO = frozenset({"false", "no", "não", "nao"})


def read(item: dict[str, Json], index: int) -> dict[str, Json]:
    """Gives an edge with our keys only; the rest is the canvas' own and goes under `ui`."""
    ui = item.get("ui")
    edge = {key: item[key] for key in _EDGE_KEYS - {"ui"} if item.get(key) not in (None, "")}
    for key, value in edge.items():
        match value:
            case bool() as word:
                edge[key] = str(word).lower()
            case int() as number:
                edge[key] = str(number)
    for end in ("source", "target"):
        if not isinstance(edge.get(end), str):
            raise DocumentRefused([(f"edges.{index}.{end}", "must be a text")])
    own = {key: value for key, value in item.items() if key not in _EDGE_KEYS}
    return {**edge, "ui": {**(ui if isinstance(ui, dict) else {}), **own}}


def name(edges: Sequence[dict[str, Json]], notes: Notes) -> list[dict[str, Json]]:
    """Gives every edge that has no id one that no other edge has."""
    taken = {edge["id"] for edge in edges if isinstance(edge.get("id"), str)}
    named = []
    for edge in edges:
        if "id" not in edge:
            edge = {**edge, "id": _free_id(edge, taken)}
            taken.add(edge["id"])
            notes.changed.append(
                Note(code="edge_named", edge=edge["id"], params={"id": edge["id"]})
            )
        named.append(edge)
    return named


def route_labels(
    edges: Sequence[dict[str, Json]], nodes: Sequence[Mapping[str, Json]], notes: Notes
) -> list[dict[str, Json]]:
    """Leads edges labelled true and false of a condition with one case from that case and from `else`."""
    only_case = {
        node["id"]: node["data"]["cases"][0]["id"]
        for node in nodes
        if node["type"] == "condition" and _has_one_case(node["data"])
    }
    return [
        _routed(edge, only_case[edge["source"]], notes) if edge.get("source") in only_case else edge
        for edge in edges
    ]


def _has_one_case(data: Mapping[str, Json]) -> bool:
    match data.get("cases"):
        case [{"id": str()}]:
            return True
        case _:
            return False


def _routed(edge: dict[str, Json], case: str, notes: Notes) -> dict[str, Json]:
    handle = edge.get("sourceHandle")
    if handle in (case, "else"):
        return edge
    said = edge.get("label") if handle is None else handle
    word = said.strip().casefold() if isinstance(said, str) else ""
    port = case if word in _YES else "else" if word in _NO else None
    if port is None:
        return edge
    params: dict[str, Json] = {"label": said, "port": port}
    notes.changed.append(Note(code="label_routes", edge=edge.get("id"), params=params))
    return {**edge, "sourceHandle": port}


def _free_id(edge: Mapping[str, Json], taken: set[str]) -> str:
    parts = [edge.get("source"), edge.get("sourceHandle"), edge.get("target")]
    stem = "-".join(["e", *(str(part) for part in parts if part is not None)])[:80]
    id, count = stem, 1
    while id in taken:
        count += 1
        id = f"{stem}-{count}"
    return id
