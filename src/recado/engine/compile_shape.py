"""Finds what only the whole graph shows: loops without an end, boxes that no way reaches, open ends, silence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recado.engine.events import Json
from recado.engine.loops import loops
from recado.engine.node import Node, Port
from recado.engine.problems import Problem, warning
from recado.engine.settings import Settings

CONSEQUENCES = {
    "main": ("a conversa termina ali", "the session ends there"),
    "error": ("o cliente recebe o texto de falha", "the customer gets the failure text"),
    "invalid": ("o cliente recebe o texto de falha", "the customer gets the failure text"),
    "timeout": ("o cliente recebe o texto de falha", "the customer gets the failure text"),
    "other": ("a pergunta é repetida", "the question is repeated"),
    "else": ("a conversa termina ali", "the session ends there"),
    "replied": ("a resposta segue pela saída principal", "a reply goes on by the main way out"),
    "closed": ("segue como se estivesse aberto", "it goes on as if it were open"),
}


@dataclass(frozen=True, slots=True)
class Graph:
    """A flow as nodes and ways; customers come in by the entries, and `after` says where each node may lead, jumps too."""

    entries: tuple[str, ...]
    nodes: Mapping[str, Node]
    routes: Mapping[tuple[str, str], str]

    @property
    def after(self) -> dict[str, list[str]]:
        """Gives the nodes that may come after each."""
        found: dict[str, list[str]] = {id: [] for id in self.nodes}
        for (source, _), target in self.routes.items():
            found[source].append(target)
        for id, node in self.nodes.items():
            jump, _ = node.jumps()
            if jump is not None and jump in self.nodes:
                found[id].append(jump)
        return found


def shape_problems(graph: Graph, settings: Settings) -> Iterator[Problem]:
    """Finds endless loops, boxes that no way reaches, open ends, and questions that wait for ever."""
    after = graph.after
    reached = _reached(graph.entries, after)
    yield from _jump_problems(graph)
    yield from _loop_problems(graph, after)
    for id, node in graph.nodes.items():
        if id not in reached:
            yield warning("unreachable", node=id)
        for port in node.ports():
            if (id, port.id) not in graph.routes and node.can_take(port.id):
                yield _open_end(id, port)
        if node.asks and node.time_limit is None:
            yield warning("no_time_limit", node=id, field="timeout")
    if not _leads_to_a_person(graph, reached, settings):
        yield warning("no_way_to_a_person")


def _jump_problems(graph: Graph) -> Iterator[Problem]:
    for id, node in graph.nodes.items():
        jump, _ = node.jumps()
        if jump is not None and jump not in graph.nodes:
            params: dict[str, Json] = {"target": jump}
            yield Problem(code="jump_to_missing_node", node=id, field="to_node", params=params)


def _loop_problems(graph: Graph, after: Mapping[str, list[str]]) -> Iterator[Problem]:
    nodes = graph.nodes
    endless = loops(after, skip={id for id, node in nodes.items() if node.breaks_loops})
    for loop in endless:
        params: dict[str, Json] = {"nodes": ", ".join(loop)}
        yield Problem(code="endless_loop", node=loop[0], params=params)
    known = {id for loop in endless for id in loop}
    for loop in loops(after, skip=known | {id for id, node in nodes.items() if node.hears}):
        yield warning("loop_without_reply", node=loop[0], nodes=", ".join(loop))


def _leads_to_a_person(graph: Graph, reached: set[str], settings: Settings) -> bool:
    """Says whether the flow itself can give the conversation to somebody, here or in a flow that it leads to.

    One that only tells something, and asks nothing, need not.
    """
    nodes = [graph.nodes[id] for id in reached]
    if not any(node.asks for node in nodes):
        return True
    on_error, silence = settings.on_error, settings.inactivity
    if (on_error and on_error.then == "handoff") or (silence and silence.action == "handoff"):
        return True
    return any(node.calls_a_person or node.jumps()[1] is not None for node in nodes)


def _reached(entries: tuple[str, ...], after: Mapping[str, list[str]]) -> set[str]:
    reached, todo = set(entries), list(entries)
    while todo:
        fresh = [id for id in after[todo.pop()] if id not in reached]
        reached.update(fresh)
        todo += fresh
    return reached


def _open_end(node: str, port: Port) -> Problem:
    kind = port.id if port.side and not port.ends and port.id in CONSEQUENCES else "main"
    pt, en = CONSEQUENCES[kind]
    return warning(
        "port_without_edge", node=node, port=port.id, consequence_pt=pt, consequence_en=en
    )
