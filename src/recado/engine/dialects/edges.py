"""Reads edges: what a canvas keeps goes under `ui`, missing ids are made, labels true and false become ports."""

from collections.abc import Iterable, Mapping, Sequence

from recado.engine.dialects.report import DocumentRefused, Notes
from recado.engine.dialects.words import NO, YES
from recado.engine.events import Json

_EDGE_KEYS = frozenset({"id", "source", "target", "sourceHandle", "label", "ui"})

# Marks an edge that this reading itself has drawn and said so.
DRAWN = "drawn"


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


def said(edge: Mapping[str, Json]) -> str:
    """Gives the word by which an edge leaves: its handle's, else its label's."""
    word = edge.get("sourceHandle") or edge.get("label")
    return word.strip().casefold() if isinstance(word, str) else ""


def name(edges: Sequence[dict[str, Json]], notes: Notes) -> list[dict[str, Json]]:
    """Gives every edge that has no id one that no other edge has."""
    ids = Ids(edge["id"] for edge in edges if isinstance(edge.get("id"), str))
    named = []
    for edge in edges:
        if "id" not in edge:
            edge = {**edge, "id": ids.new(edge)}
            if DRAWN not in edge:
                notes.change("edge_named", edge=edge["id"], id=edge["id"])
        named.append({key: value for key, value in edge.items() if key != DRAWN})
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
    if edge.get("sourceHandle") in (case, "else"):
        return edge
    word = said(edge)
    port = case if word in YES else "else" if word in NO else None
    if port is None:
        return edge
    label = edge.get("sourceHandle") or edge.get("label")
    notes.change("label_routes", edge=edge.get("id"), label=label, port=port)
    return {**edge, "sourceHandle": port}


class Ids:
    """Ids that are free, found without looking through all those that are taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*taken}
        self._last: dict[str, int] = {}

    def new(self, edge: Mapping[str, Json]) -> str:
        """Makes an id for an edge of where it goes from and to."""
        parts = [edge.get("source"), edge.get("sourceHandle"), edge.get("target")]
        return self.free("-".join(["e", *(str(part) for part in parts if part is not None)]))

    def free(self, wanted: str) -> str:
        """Gives an id that nothing has, and takes it."""
        stem = wanted[:80]
        id, count = stem, self._last.get(stem, 1)
        while id in self._taken:
            count += 1
            id = f"{stem}-{count}"
        self._last[stem] = count
        self._taken.add(id)
        return id
