"""One node of another builder, read: between a start and an end, so that there is something to go on to."""

from dataclasses import dataclass
from typing import Any

from recado.engine.dialects import Report, read
from recado.engine.flow import FlowDocument

Json = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """What became of the node `x`."""

    document: FlowDocument
    report: Report

    @property
    def type(self) -> str:
        """The node's type now."""
        return next(node.type for node in self.document.nodes if node.id == "x")

    @property
    def data(self) -> Json:
        """The node's fields now."""
        return next(node.data for node in self.document.nodes if node.id == "x")

    @property
    def changed(self) -> list[str]:
        """The codes of what changed."""
        return [note.code for note in self.report.changed]

    @property
    def lost(self) -> list[str]:
        """The codes of what is lost."""
        return [note.code for note in self.report.lost]

    def told(self, code: str) -> Json:
        """The parameters of a note."""
        notes = [*self.report.changed, *self.report.lost]
        return next(note.params for note in notes if note.code == code)

    def ways(self, id: str = "x") -> dict[str | None, str]:
        """Where a node's ports lead."""
        edges = [edge for edge in self.document.edges if edge.source == id]
        return {edge.source_handle: edge.target for edge in edges}

    def others(self) -> dict[str, Json]:
        """The nodes that were made besides, each by its id, with its fields."""
        drawn = {"start", "x", "end", "a", "b"}
        return {node.id: node.data for node in self.document.nodes if node.id not in drawn}


def one(type: str, data: Json, *, edges: list[Json] | None = None, **at_root: Any) -> Read:
    """Reads a document with one node of elsewhere, `x`, and the nodes `a` and `b` that it may lead to."""
    nodes = [
        {"id": "start", "type": "start"},
        {"id": "x", "type": type, "data": data, **at_root},
        {"id": "a", "type": "message", "data": {"content": "A"}},
        {"id": "b", "type": "message", "data": {"content": "B"}},
        {"id": "end", "type": "end", "data": {"content": "Fim"}},
    ]
    first = {"id": "e1", "source": "start", "target": "x"}
    leaving = [{"id": "e2", "source": "x", "target": "end"}] if edges is None else edges
    document, report = read({"nodes": nodes, "edges": [first, *leaving]})
    return Read(document, report)
