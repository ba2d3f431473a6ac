"""Checks the edges of a document and gives every port its target."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from recado.engine.events import Json
from recado.engine.flow import FlowDocument, FlowEdge, FlowNode
from recado.engine.node import Node
from recado.engine.problems import Problem
from recado.engine.spelling import Spelling

# Side ports that nobody means who draws an edge without saying which way out it is.
FAILURES = frozenset(["timeout", "error", "invalid"])


def find_start(document: FlowDocument) -> tuple[str | None, list[Problem]]:
    """Finds the start node, and what is wrong with the number of them."""
    starts = [box.id for box in document.nodes if box.type == "start"]
    match starts:
        case []:
            return None, [Problem(code="no_start")]
        case [start]:
            return start, []
    return starts[0], [Problem(code="two_starts", node=id) for id in starts[1:]]


def edge_problems(
    document: FlowDocument, nodes: Mapping[str, Node], spelling: Spelling
) -> Iterator[Problem]:
    """Finds edges that lead nowhere, leave by no port, or stand twice."""
    boxes = {box.id: box for box in document.nodes}
    targets = _Targets(boxes.values(), spelling)
    for id, times in Counter(edge.id for edge in document.edges).items():
        if times > 1:
            yield Problem(code="edge_id_twice", edge=id, params={"id": id})
    for edge in document.edges:
        yield from _dangling(edge, boxes, targets)
        node = nodes.get(edge.source)
        if node and edge.source_handle is None:
            yield from _unused(edge, node)
        elif node and edge.source_handle not in {port.id for port in node.ports()}:
            yield _unknown_port(edge, node, spelling)
    leaving = Counter((edge.source, edge.source_handle) for edge in document.edges)
    for (source, port), times in leaving.items():
        if times > 1 and source in boxes:
            yield Problem(code="port_twice", node=source, params={"port": port or "next"})


def _unknown_port(edge: FlowEdge, node: Node, spelling: Spelling) -> Problem:
    params: dict[str, Json] = {"id": edge.id, "port": edge.source_handle}
    meant = spelling.nearest(edge.source_handle or "", [port.id for port in node.ports()])
    if meant is None:
        return Problem(code="unknown_port", node=edge.source, edge=edge.id, params=params)
    params["meant"] = meant
    return Problem(code="misspelt_port", node=edge.source, edge=edge.id, params=params)


def _unused(edge: FlowEdge, node: Node) -> Iterator[Problem]:
    """Finds a default edge of a node without a main port; the port is meant that is no way out of a failure."""
    ports = node.ports()
    if not all(port.side for port in ports):
        return
    params: dict[str, Json] = {"id": edge.id}
    match [port.id for port in ports if port.id not in FAILURES]:
        case [meant]:
            params["meant"] = meant
    yield Problem(
        code="default_edge_unused",
        severity="warning",
        node=edge.source,
        edge=edge.id,
        params=params,
    )


def _dangling(
    edge: FlowEdge, boxes: Mapping[str, FlowNode], targets: "_Targets"
) -> Iterator[Problem]:
    if edge.source not in boxes:
        yield Problem(code="edge_from_nowhere", edge=edge.id, params={"id": edge.id})
    if edge.target not in boxes:
        yield _to_nowhere(edge, targets)
    elif boxes[edge.target].type == "start":
        yield Problem(code="edge_to_start", edge=edge.id, params={"id": edge.id})


def _to_nowhere(edge: FlowEdge, targets: "_Targets") -> Problem:
    meant = targets.meant(edge.target)
    if meant is None or meant == edge.source:
        return Problem(code="edge_to_nowhere", edge=edge.id, params={"id": edge.id})
    params: dict[str, Json] = {"id": edge.id, "target": edge.target, "meant": meant}
    return Problem(code="misspelt_target", edge=edge.id, params=params)


class _Targets:
    """The nodes that an edge may lead to, by their spelling."""

    def __init__(self, boxes: Iterable[FlowNode], spelling: Spelling) -> None:
        self._spelling = spelling
        self._found: dict[str, str | None] = {}
        ids: dict[str, set[str]] = {}
        for box in boxes:
            if box.type != "start":
                ids.setdefault(_digits(box.id), set()).add(box.id)
        self._known = {digits: frozenset(alike) for digits, alike in ids.items()}

    def meant(self, target: str) -> str | None:
        """Gives the one node whose id is like a target's; of ids with other digits none is another misspelt."""
        if target not in self._found:
            self._found[target] = self._nearest(target)
        return self._found[target]

    def _nearest(self, target: str) -> str | None:
        known = self._known.get(_digits(target), frozenset())
        if not known or self._spelling.left == 0:
            return None
        meant = self._spelling.nearest(target, known)
        if meant is None or self._spelling.nearest(target, known - {meant}) is not None:
            return None
        return meant


def _digits(id: str) -> str:
    return "".join(letter for letter in id if letter.isdigit())


def routes_of(document: FlowDocument, nodes: Mapping[str, Node]) -> dict[tuple[str, str], str]:
    """Gives every port its target: its own edge, or for a main port the default edge."""
    drawn = {
        (edge.source, edge.source_handle): edge.target
        for edge in document.edges
        if edge.target in nodes
    }
    routes: dict[tuple[str, str], str] = {}
    for id, node in nodes.items():
        for port in node.ports():
            target = drawn.get((id, port.id))
            if target is None and not port.side:
                target = drawn.get((id, None))
            if target is not None:
                routes[id, port.id] = target
    return routes
