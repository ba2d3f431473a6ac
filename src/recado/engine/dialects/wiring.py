"""Where the flow goes on: every way that a document means becomes an edge of its own, drawn from one of our ports.

Edges may be drawn with handles or labels of elsewhere, stand in the fields of a node, or not be there at all because
the builder simply went on. Cost: linear in nodes and edges.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recado.engine.dialects.edges import DRAWN, said
from recado.engine.dialects.outcome import Outcome
from recado.engine.dialects.report import Notes
from recado.engine.events import Json

Edge = dict[str, Json]
# Node types with one main way out: whatever handle an edge has there, it means that way.
ONE_WAY: Mapping[str, str] = {
    "start": "next", "message": "next", "set_variable": "next", "delay": "next", "action": "next",
    "analytics": "next", "question": "next", "api_call": "success", "ai_prompt": "success",
    "script": "success", "database_query": "success", "whatsapp_template": "next",
    "datetime": "next", "jump": "next",
}  # fmt: skip
# Node types whose main ports are named by what they hold.
NAMED_WAYS = frozenset(
    ["condition", "random", "interactive_buttons", "interactive_list", "question"]
)
OTHERS = frozenset(
    [
        "invalid",
        "timeout",
        "error",
        "other",
        "else",
        "empty",
        "replied",
        "released",
        "closed",
        "yes",
        "no",
        "open",
        "next",
        "success",
    ]
)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Leads the edges of a document from our ports; `outcomes` are its nodes, by id."""

    outcomes: Mapping[str, Outcome]
    notes: Notes

    def wire(self, edges: Iterable[Edge]) -> dict[str, list[Edge]]:
        """Gives the edges that leave each node."""
        leaving: dict[str, list[Edge]] = {id: [] for id in self.outcomes}
        for edge in edges:
            if edge["source"] in leaving and edge["target"] in leaving:
                leaving[edge["source"]].append(edge)
            else:
                ends = {"source": edge["source"], "target": edge["target"]}
                self.notes.lose("edge_to_nowhere", edge=edge.get("id"), **ends)
        return {id: self._node(id, self.outcomes[id], own) for id, own in leaving.items()}

    def _node(self, id: str, outcome: Outcome, edges: list[Edge]) -> list[Edge]:
        """Gives the edges that leave a node."""
        ports = _ports(outcome.data)
        named = frozenset(ports)
        routed = [fresh for edge in edges for fresh in self._routed(edge, outcome, named)]
        linked = self._linked(id, outcome, self._fanned(routed, outcome, ports))
        single = self._one_each(id, linked)
        return [*single, *self._going_on(id, outcome, single)]

    def _routed(self, edge: Edge, outcome: Outcome, named: frozenset[str]) -> list[Edge]:
        """Leads an edge from our port for the handle or label it has, or from several."""
        handle = edge.get("sourceHandle")
        word = said(edge) if handle is not None or outcome.labels_route else ""
        ports = outcome.handles.get(str(handle)) or outcome.handles.get(word)
        if ports:
            return [self._led(edge, port, first=place == 0) for place, port in enumerate(ports)]
        if outcome.unnamed and handle not in OTHERS:
            self.notes.change("released_goes_on", edge=edge.get("id"))
            return [{**edge, "sourceHandle": outcome.unnamed}]
        return [self._plain(edge, outcome, named)]

    def _led(self, edge: Edge, port: str, *, first: bool) -> Edge:
        id, handle, label = edge.get("id"), edge.get("sourceHandle"), edge.get("label")
        if not first:
            edge = {DRAWN: True, **{key: value for key, value in edge.items() if key != "id"}}
        if handle is None:
            self.notes.change("label_routes", edge=id, label=label, port=port)
        elif handle != port:
            self.notes.change("handle_routes", edge=id, handle=handle, port=port)
        return {**edge, "sourceHandle": port}

    def _plain(self, edge: Edge, outcome: Outcome, named: frozenset[str]) -> Edge:
        """Takes a handle off that means the only way out; one that means nothing stays, and is said."""
        handle, id = edge.get("sourceHandle"), edge.get("id")
        if handle is None or handle in OTHERS or handle in named:
            return edge
        if outcome.type not in ONE_WAY or outcome.data.get("route_by_option"):
            if outcome.type in NAMED_WAYS:
                self.notes.lose("unknown_handle", edge=id, handle=handle)
            return edge
        self.notes.change("handle_dropped", edge=id, handle=handle)
        return {key: value for key, value in edge.items() if key != "sourceHandle"}

    def _linked(self, id: str, outcome: Outcome, edges: list[Edge]) -> list[Edge]:
        """Draws the targets that stand in a node's fields."""
        drawn = {edge.get("sourceHandle"): edge["target"] for edge in edges}
        linked = [*edges]
        for port, target in outcome.links:
            shown = {"port": port or "next", "target": target}
            if target not in self.outcomes:
                self.notes.lose("target_missing", node=id, **shown)
            elif port not in drawn:
                self.notes.change("edge_drawn", node=id, **shown)
                linked.append(_edge(id, port, target))
                drawn[port] = target
            elif drawn[port] != target:
                self.notes.lose("target_not_used", node=id, **shown)
        return linked

    def _fanned(self, edges: list[Edge], outcome: Outcome, ports: list[str]) -> list[Edge]:
        """Takes unnamed edges off a node that fans out: they repeat its fields, or belong to paths without a target."""
        if not outcome.fans_out:
            return edges
        targets = {target for _, target in outcome.links}
        led = {port for port, target in outcome.links if target in self.outcomes}
        led |= {edge["sourceHandle"] for edge in edges if "sourceHandle" in edge}
        waiting = iter([port for port in ports if port not in led])
        kept: list[Edge] = []
        for edge in edges:
            id, target = edge.get("id"), edge["target"]
            if "sourceHandle" in edge:
                kept.append(edge)
            elif target in targets:
                self.notes.change("edge_replaced", edge=id, target=target)
            elif (port := next(waiting, None)) is not None:
                self.notes.change("handle_routes", edge=id, handle="-", port=port)
                kept.append({**edge, "sourceHandle": port})
            else:
                self.notes.lose("edge_not_taken", edge=id, target=target)
        return kept

    def _one_each(self, id: str, edges: list[Edge]) -> list[Edge]:
        """Keeps the first edge of each port: the others were never followed."""
        first: dict[str | None, Edge] = {}
        for edge in edges:
            port = edge.get("sourceHandle")
            if port not in first:
                first[port] = edge
            elif first[port]["target"] == edge["target"]:
                self.notes.change("edge_twice", node=id, edge=edge.get("id"), target=edge["target"])
            else:
                self.notes.lose(
                    "edge_not_taken", node=id, edge=edge.get("id"), target=edge["target"]
                )
        return list(first.values())

    def _going_on(self, id: str, outcome: Outcome, edges: list[Edge]) -> list[Edge]:
        """Leads the side ports of what simply went on to where everything else goes."""
        drawn = {edge.get("sourceHandle"): edge["target"] for edge in edges}
        target = drawn.get(None) or drawn.get(ONE_WAY.get(outcome.type, ""))
        if target is None:
            return []
        fresh = [port for port in outcome.goes_on if port not in drawn]
        for port in fresh:
            self.notes.change("goes_on", node=id, port=port, target=target)
        return [_edge(id, port, target) for port in fresh]


def _edge(source: str, port: str | None, target: str) -> Edge:
    named = {} if port is None else {"sourceHandle": port}
    return {"source": source, "target": target, "ui": {}, DRAWN: True, **named}


def _ports(data: Mapping[str, Json]) -> list[str]:
    """Lists the main ports that a node's fields name: cases, paths, buttons, rows, options."""
    if data.get("route_by_option"):
        return [
            str(option.get("value")) if isinstance(option, dict) else str(option)
            for option in data.get("options", [])
        ]
    rows = [row for section in _dicts(data, "sections") for row in _dicts(section, "rows")]
    items = [*_dicts(data, "cases"), *_dicts(data, "paths"), *_dicts(data, "buttons"), *rows]
    return [str(item["id"]) for item in items if "id" in item]


def _dicts(data: Mapping[str, Json], name: str) -> list[dict[str, Json]]:
    items = data.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
