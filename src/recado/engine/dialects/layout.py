"""Gives nodes without a position one: a column per step away from the start, in the order they are met."""

from collections.abc import Sequence

from recado.engine.dialects.report import Note, Notes
from recado.engine.events import Json

COLUMN, ROW = 280, 140


def lay_out(
    nodes: Sequence[dict[str, Json]], edges: Sequence[dict[str, Json]], notes: Notes
) -> None:
    """Sets the positions that are missing, in place; positions that are there stay."""
    homeless = [node for node in nodes if "position" not in node]
    if not homeless:
        return
    depth = _depths(nodes, edges)
    rows: dict[int, int] = {}
    for node in homeless:
        column = depth.get(node["id"], 0)
        row = rows.get(column, 0)
        rows[column] = row + 1
        node["position"] = {"x": column * COLUMN, "y": row * ROW}
    notes.changed.append(Note(code="laid_out", params={"count": len(homeless)}))


def _depths(nodes: Sequence[dict[str, Json]], edges: Sequence[dict[str, Json]]) -> dict[str, int]:
    after: dict[str, list[str]] = {}
    for edge in edges:
        if isinstance(edge.get("source"), str) and isinstance(edge.get("target"), str):
            after.setdefault(edge["source"], []).append(edge["target"])
    starts = [node["id"] for node in nodes if node["type"] == "start"] or [
        node["id"] for node in nodes[:1]
    ]
    depth = {id: 0 for id in starts if isinstance(id, str)}
    ring = list(depth)
    while ring:
        fresh = [(id, depth[at] + 1) for at in ring for id in after.get(at, []) if id not in depth]
        depth.update(fresh)
        ring = list(dict.fromkeys(id for id, _ in fresh))
    return depth
