"""Turns a flow document into a Program that runs, or into the Problems that an author must mend.

`compile` is the only way to a Program, so a Program is always sound: one start, typed nodes, edges that lead
somewhere, ports that exist, texts that can be filled. Cost: linear in the document.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from pydantic import BaseModel, ValidationError

from recado.engine import settings as settings_
from recado.engine import template
from recado.engine.events import Json
from recado.engine.flow import MAX_VARIABLES_BYTES, FlowDocument, FlowEdge, FlowNode
from recado.engine.loops import loops
from recado.engine.node import RESERVED, Node, NodeTypes, takes_template
from recado.engine.problems import Problem, has_errors
from recado.engine.settings import Settings

Routes = Mapping[tuple[str, str], str]

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
class Program:
    """A flow that is ready to run: `routes` leads from (node, port) to the next node, `targets` are flows it jumps to."""

    start: str
    nodes: Mapping[str, Node]
    routes: Routes
    variables: Mapping[str, Json] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()
    settings: Settings = field(default_factory=Settings)
    reads_calendars: bool = False


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came of compiling; the program is there when no problem is an error."""

    program: Program | None
    problems: tuple[Problem, ...]


def compile(document: FlowDocument, node_types: NodeTypes) -> Compiled:
    """Checks a document against the node types and makes it ready to run."""
    nodes, problems = _nodes(document, node_types)
    edges = [*_edge_problems(document, nodes)]
    routes = _routes(document, nodes)
    settings, bad_settings = _settings(document)
    problems += [*edges, *bad_settings, *_variable_problems(document)]
    start, bad_start = _start(document)
    problems += bad_start
    if start in nodes and not has_errors(tuple(problems)):
        problems += _shape_problems(start, nodes, routes)
    found = tuple(problems)
    if start is None or has_errors(found):
        return Compiled(None, found)
    targets = frozenset(flow for node in nodes.values() if (flow := node.jumps()[1]))
    program = Program(
        start,
        nodes,
        routes,
        document.variables,
        targets,
        settings,
        reads_calendars=any(node.reads_calendar for node in nodes.values()),
    )
    return Compiled(program, found)


def _nodes(document: FlowDocument, node_types: NodeTypes) -> tuple[dict[str, Node], list[Problem]]:
    nodes: dict[str, Node] = {}
    problems: list[Problem] = []
    for box in document.nodes:
        if box.id in nodes:
            problems.append(Problem(code="node_id_twice", node=box.id, params={"id": box.id}))
            continue
        node, found = _node(box, node_types)
        problems += found
        if node is not None:
            nodes[box.id] = node
    return nodes, problems


def _node(box: FlowNode, node_types: NodeTypes) -> tuple[Node | None, list[Problem]]:
    kind = node_types.get(box.type)
    if kind is None:
        return None, [Problem(code="unknown_type", node=box.id, params={"type": box.type})]
    try:
        node = kind.model_validate({**box.data, "type": box.type})
    except ValidationError as error:
        return None, [_field_problem(box.id, line) for line in _own_mistakes(error)]
    found = [*node.problems(), *_template_problems(node, "")]
    return node, [msgspec.structs.replace(problem, node=box.id) for problem in found]


def _own_mistakes(error: ValidationError) -> list[dict[str, Json]]:
    """Lists what is wrong, without a list that is too short only because an item of it is wrong."""
    lines = error.errors()
    parents = {line["loc"][:size] for line in lines for size in range(len(line["loc"]))}
    return [
        dict(line) for line in lines if line["type"] != "too_short" or line["loc"] not in parents
    ]


def _field_problem(node: str, line: dict[str, Json]) -> Problem:
    path = ".".join(str(part) for part in line["loc"])
    match line["type"]:
        case "extra_forbidden":
            return Problem(code="unknown_field", node=node, field=path)
        case "missing":
            return Problem(code="missing_field", node=node, field=path)
    return Problem(code="bad_field", node=node, field=path, params={"reason": line["msg"]})


def _template_problems(model: BaseModel, prefix: str) -> Iterator[Problem]:
    """Checks each text that takes placeholders, in the node and in the models it is made of."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        path = f"{prefix}{info.alias or name}"
        if takes_template(info):
            yield from _text_problems(value, path)
        for index, part in _parts(value):
            yield from _template_problems(part, f"{path}.{index}")


def _text_problems(value: object, path: str) -> Iterator[Problem]:
    match value:
        case str() if template.check(value):
            reasons: dict[str, Json] = {
                "reason_pt": template.check(value, locale="pt-BR"),
                "reason_en": template.check(value, locale="en"),
            }
            yield Problem(code="bad_template", field=path, params=reasons)
        case tuple():
            for index, item in enumerate(value):
                yield from _text_problems(item, f"{path}.{index}")


def _parts(value: object) -> Iterator[tuple[str, BaseModel]]:
    """Gives the models inside a field's value, each with what its path goes on with."""
    match value:
        case BaseModel():
            yield "", value
        case tuple():
            yield from (
                (f"{i}.", item) for i, item in enumerate(value) if isinstance(item, BaseModel)
            )


def _start(document: FlowDocument) -> tuple[str | None, list[Problem]]:
    starts = [box.id for box in document.nodes if box.type == "start"]
    match starts:
        case []:
            return None, [Problem(code="no_start")]
        case [start]:
            return start, []
    return starts[0], [Problem(code="two_starts", node=id) for id in starts[1:]]


def _edge_problems(document: FlowDocument, nodes: Mapping[str, Node]) -> Iterator[Problem]:
    boxes = {box.id: box for box in document.nodes}
    for id, times in Counter(edge.id for edge in document.edges).items():
        if times > 1:
            yield Problem(code="edge_id_twice", edge=id, params={"id": id})
    for edge in document.edges:
        yield from _dangling(edge, boxes)
        node = nodes.get(edge.source)
        if node and edge.source_handle not in {None, *(port.id for port in node.ports())}:
            params: dict[str, Json] = {"id": edge.id, "port": edge.source_handle}
            yield Problem(code="unknown_port", node=edge.source, edge=edge.id, params=params)
    leaving = Counter((edge.source, edge.source_handle) for edge in document.edges)
    for (source, port), times in leaving.items():
        if times > 1 and source in boxes:
            yield Problem(code="port_twice", node=source, params={"port": port or "next"})


def _dangling(edge: FlowEdge, boxes: Mapping[str, FlowNode]) -> Iterator[Problem]:
    if edge.source not in boxes:
        yield Problem(code="edge_from_nowhere", edge=edge.id, params={"id": edge.id})
    if edge.target not in boxes:
        yield Problem(code="edge_to_nowhere", edge=edge.id, params={"id": edge.id})
    elif boxes[edge.target].type == "start":
        yield Problem(code="edge_to_start", edge=edge.id, params={"id": edge.id})


def _routes(document: FlowDocument, nodes: Mapping[str, Node]) -> dict[tuple[str, str], str]:
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


def _settings(document: FlowDocument) -> tuple[Settings, list[Problem]]:
    try:
        return settings_.parse(document.settings), []
    except msgspec.ValidationError as error:
        return Settings(), [Problem(code="bad_settings", params={"reason": str(error)})]


def _variable_problems(document: FlowDocument) -> Iterator[Problem]:
    for name in document.variables:
        if name.split(".", 1)[0] in RESERVED:
            yield Problem(code="reserved_variable", params={"name": name})
    if len(msgspec.json.encode(document.variables)) > MAX_VARIABLES_BYTES:
        reason = f"variables > {MAX_VARIABLES_BYTES} bytes"
        yield Problem(code="flow_too_large", params={"reason": reason})


def _shape_problems(start: str, nodes: Mapping[str, Node], routes: Routes) -> list[Problem]:
    """Finds what only the whole graph shows: endless loops, boxes that no path reaches, open ends."""
    after: dict[str, list[str]] = {id: [] for id in nodes}
    for (source, _), target in routes.items():
        after[source].append(target)
    found: list[Problem] = []
    for id, node in nodes.items():
        jump, _ = node.jumps()
        if jump is not None and jump in nodes:
            after[id].append(jump)
        elif jump is not None:
            params: dict[str, Json] = {"target": jump}
            found.append(
                Problem(code="jump_to_missing_node", node=id, field="to_node", params=params)
            )
    for loop in loops(after, skip={id for id, node in nodes.items() if node.breaks_loops}):
        names = ", ".join(loop)
        found.append(Problem(code="endless_loop", node=loop[0], params={"nodes": names}))
    reached = _reached(start, after)
    for id, node in nodes.items():
        if id not in reached:
            found.append(Problem(code="unreachable", severity="warning", node=id))
        found += [
            _open_end(id, port.id, side=port.side)
            for port in node.ports()
            if (id, port.id) not in routes and node.can_take(port.id)
        ]
    return found


def _reached(start: str, after: Mapping[str, list[str]]) -> set[str]:
    reached, todo = {start}, [start]
    while todo:
        fresh = [id for id in after[todo.pop()] if id not in reached]
        reached.update(fresh)
        todo += fresh
    return reached


def _open_end(node: str, port: str, *, side: bool) -> Problem:
    pt, en = CONSEQUENCES.get(port, CONSEQUENCES["main"]) if side else CONSEQUENCES["main"]
    params: dict[str, Json] = {"port": port, "consequence_pt": pt, "consequence_en": en}
    return Problem(code="port_without_edge", severity="warning", node=node, params=params)
