"""A document as its fixes look at it: nodes and edges by id, the edges at each node, and where a field's path leads."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from recado.engine.changes import Path, value_at
from recado.engine.events import Json
from recado.engine.flow import FlowDocument

MOST_PARTS = 20
Box = dict[str, Any]


class Drawing:
    """A document's nodes and edges as JSON values, found by id; a place in their lists is an index."""

    def __init__(self, document: FlowDocument) -> None:
        raw = document.dump()
        self.nodes: list[Box] = raw["nodes"]
        self.edges: list[Box] = raw["edges"]
        self._settings: Json = raw["settings"]

    @cached_property
    def edges_of_id(self) -> dict[str, list[int]]:
        """Gives the edges of each id."""
        return _grouped(edge["id"] for edge in self.edges)

    @cached_property
    def leaving(self) -> dict[str, list[int]]:
        """Gives the edges that leave each node."""
        return _grouped(edge["source"] for edge in self.edges)

    @cached_property
    def arriving(self) -> dict[str, list[int]]:
        """Gives the edges that lead to each node."""
        return _grouped(edge["target"] for edge in self.edges)

    @cached_property
    def nodes_of_id(self) -> dict[str, list[int]]:
        """Gives the nodes of each id."""
        return _grouped(node["id"] for node in self.nodes)

    @cached_property
    def starts(self) -> list[int]:
        """Gives the start nodes."""
        return [place for place, node in enumerate(self.nodes) if node["type"] == "start"]

    @cached_property
    def jumps(self) -> dict[str, set[str]]:
        """Gives of each node that a jump leads to the nodes that jump there."""
        found: dict[str, set[str]] = defaultdict(set)
        for node in self.nodes:
            if isinstance(target := node["data"].get("to_node"), str):
                found[target].add(node["id"])
        return found

    @cached_property
    def after_menu(self) -> set[str]:
        """Gives the nodes that the command `menu` leads to, and all that may come after."""
        menu = value_at(self._settings, ("commands", "menu_to", "to_node"))
        todo = [menu] if isinstance(menu, str) else []
        onward: dict[str, list[str]] = defaultdict(list)
        for edge in self.edges:
            onward[edge["source"]].append(edge["target"])
        for target, sources in self.jumps.items():
            for source in sources:
                onward[source].append(target)
        found = set(todo)
        while todo:
            fresh = set(onward.get(todo.pop(), ())) - found
            found |= fresh
            todo += fresh
        return found

    def node(self, id: str | None) -> int | None:
        """Finds the node of an id, unless there are several."""
        match self.nodes_of_id.get(id or "", []):
            case [place]:
                return place
        return None

    def field(self, node: int, field: str | None) -> Path | None:
        """Gives the path of keys that a field's dotted name means; None where it may mean two places.

        A field that is not there yet is one at the top of `data`.
        """
        parts = (field or "").split(".")
        if field is None or len(parts) > MOST_PARTS:
            return None
        match list(islice(_ways(self.nodes[node]["data"], parts), 2)):
            case [path]:
                return ("nodes", node, "data", *path)
            case [] if len(parts) == 1:
                return ("nodes", node, "data", field)
        return None

    def value(self, path: Path) -> Json:
        """Gives what stands at a path, or UNSET."""
        return value_at({"nodes": self.nodes, "edges": self.edges}, path)


def _grouped(keys: Iterator[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        found[key].append(place)
    return dict(found)


def _ways(value: Json, parts: list[str]) -> Iterator[Path]:
    """Gives every path that a dotted name may mean, since a key may have dots of its own."""
    if not parts:
        yield ()
        return
    match value:
        case dict():
            for size in range(1, len(parts) + 1):
                if (key := ".".join(parts[:size])) in value:
                    yield from ((key, *rest) for rest in _ways(value[key], parts[size:]))
        case list() if len(parts[0]) < 10 and parts[0].isdecimal() and int(parts[0]) < len(value):
            index = int(parts[0])
            yield from ((index, *rest) for rest in _ways(value[index], parts[1:]))
