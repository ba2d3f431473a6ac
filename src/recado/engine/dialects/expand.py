"""Nodes for what a node did besides: before it, after it, or when it failed; and edges that go back to the start."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from recado.engine.dialects.box import Box
from recado.engine.dialects.edges import DRAWN, Ids
from recado.engine.dialects.outcome import Extra, Outcome
from recado.engine.dialects.report import Notes
from recado.engine.dialects.wiring import ONE_WAY, Edge
from recado.engine.events import Json

STEP = 170


@dataclass(slots=True)
class Expansion:
    """Grows a document; `entry` is where edges to a node lead now."""

    ids: Ids
    notes: Notes
    nodes: list[dict[str, Json]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    entry: dict[str, str] = field(default_factory=dict)

    def add(self, box: Box, outcome: Outcome, leaving: Iterable[Edge]) -> None:
        """Adds a node with the edges that leave it, and the nodes that it needs."""
        before = [self._new(box, extra, -1 - place) for place, extra in enumerate(outcome.before)]
        self.nodes.append(box.as_node(outcome.type, outcome.data))
        after = [self._new(box, extra, 1 + place) for place, extra in enumerate(outcome.after)]
        chain = [*before, box.id]
        self.entry[box.id] = chain[0]
        self.edges += [_edge(one, other) for one, other in pairwise(chain)]
        edges = [*leaving]
        if outcome.rescue and any(edge.get("sourceHandle") == "error" for edge in edges):
            edges = self._rescued(box, outcome.rescue, edges)
        self.edges += self._chained(box, outcome, after, edges) if after else edges

    def finish(self) -> None:
        """Leads edges and jumps to where their targets begin, and past the start where they go back to it."""
        begins = {node["id"]: node for node in self.nodes if node["type"] == "start"}
        first: dict[str, str] = {}
        for edge in self.edges:
            if edge["source"] in begins:
                first.setdefault(edge["source"], edge["target"])
        for place, edge in enumerate(self.edges):
            self.edges[place] = self._entered(edge, first)
        for node in self.nodes:
            target = node["data"].get("to_node")
            if node["type"] == "jump" and isinstance(target, str) and target in self.entry:
                node["data"] = {**node["data"], "to_node": self.entry[target]}

    def _entered(self, edge: Edge, first: dict[str, str]) -> Edge:
        target = edge["target"]
        if target in first and first[target] != target:
            self.notes.change("start_skipped", edge=edge.get("id"), target=first[target])
            target = first[target]
        # The step from the last node before into the node itself stays.
        if edge.get("inner"):
            return {key: value for key, value in edge.items() if key != "inner"}
        return {**edge, "target": self.entry.get(target, target)}

    def _new(self, box: Box, extra: Extra, step: int) -> str:
        type, data = extra
        id = self.ids.free(f"{box.id}-{type}")
        node: dict[str, Json] = {"id": id, "type": type, "data": data, "ui": {}}
        if isinstance(box.position, dict):
            match box.position.get("x"), box.position.get("y"):
                case (int() | float()) as x, (int() | float()) as y:
                    node["position"] = {"x": x, "y": y + step * STEP}
        self.nodes.append(node)
        self.notes.change("node_added", node=box.id, id=id, type=type)
        return id

    def _chained(
        self, box: Box, outcome: Outcome, after: list[str], edges: list[Edge]
    ) -> list[Edge]:
        """Puts the nodes after between the main way out and where it leads; failures that go on go on there, too."""
        mains = (None, ONE_WAY.get(outcome.type))
        onward = [edge for edge in edges if edge.get("sourceHandle") in mains]
        steps: list[Edge] = [_edge(box.id, after[0])]
        for place, id in enumerate(after):
            targets = after[place + 1 : place + 2] or [edge["target"] for edge in onward[:1]]
            steps += [_edge(id, target) for target in targets if place + 1 < len(after)]
            if outcome.goes_on and outcome.after[place][0] in ("action", "script"):
                steps += [_edge(id, target, "error") for target in targets]
        sides = [
            {**edge, "target": after[0], "inner": True}
            if edge.get("sourceHandle") in outcome.goes_on
            else edge
            for edge in edges
            if edge not in onward
        ]
        return [*steps, *sides, *({**_plain(edge), "source": after[-1]} for edge in onward[:1])]

    def _rescued(self, box: Box, rescue: dict[str, Json], edges: list[Edge]) -> list[Edge]:
        """Sets the value that stands for a failed call's result, on the way of its failure."""
        id = self._new(box, ("set_variable", rescue), 1)
        led = [
            {**edge, "target": id, "inner": True} if edge.get("sourceHandle") == "error" else edge
            for edge in edges
        ]
        targets = [edge["target"] for edge in edges if edge.get("sourceHandle") == "error"]
        return [*led, {"source": id, "target": targets[0], "ui": {}, DRAWN: True}]


def _edge(source: str, target: str, port: str | None = None) -> Edge:
    named = {"sourceHandle": port} if port else {}
    return {"source": source, "target": target, "ui": {}, "inner": True, DRAWN: True, **named}


def _plain(edge: Edge) -> Edge:
    return {key: value for key, value in edge.items() if key != "sourceHandle"}
