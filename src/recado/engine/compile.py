"""Turns a flow document into a Program that runs, or into the Problems that an author must mend.

`compile` is the only way to a Program, so a Program is always sound: one start, typed nodes, edges that lead
somewhere, ports that exist, texts that can be filled. Cost: linear in the document, but for variables that loops set and
unset: those are gone over a few times more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from recado.engine.compile_edges import edge_problems, find_start, routes_of
from recado.engine.compile_nodes import read_nodes
from recado.engine.compile_settings import menu_node, read_settings, settings_needs
from recado.engine.compile_shape import Graph, shape_problems
from recado.engine.events import Json
from recado.engine.flow import MAX_VARIABLES_BYTES, FlowDocument
from recado.engine.node import RESERVED, Node, NodeTypes
from recado.engine.paths import path_problems
from recado.engine.problems import Problem, has_errors
from recado.engine.resources import Resources, resource_problems
from recado.engine.settings import Settings
from recado.engine.spelling import Spelling

Routes = Mapping[tuple[str, str], str]


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
    """What came of compiling; the program is there when no problem is an error.

    It is not `complete` where errors kept the ways through the flow from being looked at: more may be wrong then.
    """

    program: Program | None
    problems: tuple[Problem, ...]
    complete: bool = True


def compile(
    document: FlowDocument, node_types: NodeTypes, resources: Resources | None = None
) -> Compiled:
    """Checks a document against the node types, and against what the workspace has where that is known."""
    spelling = Spelling()
    nodes, problems = read_nodes(document, node_types, spelling)
    settings, bad_settings = read_settings(document)
    start, bad_start = find_start(document)
    problems += [*edge_problems(document, nodes, spelling), *bad_settings]
    problems += [*_variable_problems(document), *bad_start]
    routes = routes_of(document, nodes)
    whole = len(nodes) == len(document.nodes) and not has_errors(tuple(problems))
    if resources is not None:
        wrong = {problem.node for problem in problems if problem.severity == "error"}
        sound = {id: node for id, node in nodes.items() if id not in wrong}
        problems += resource_problems(sound, settings_needs(settings), resources, spelling)
    if start in nodes and start is not None and whole:
        menu = menu_node(settings)
        entries = (start,) if menu is None else (start, menu)
        problems += shape_problems(Graph(entries, nodes, routes), settings)
        problems += path_problems(entries, nodes, routes, document.variables, spelling)
    found = tuple(problems)
    if start is None or has_errors(found):
        return Compiled(None, found, complete=whole)
    return Compiled(_program(start, nodes, routes, document, settings), found)


def _program(
    start: str,
    nodes: Mapping[str, Node],
    routes: Routes,
    document: FlowDocument,
    settings: Settings,
) -> Program:
    return Program(
        start,
        nodes,
        routes,
        document.variables,
        frozenset(flow for node in nodes.values() if (flow := node.jumps()[1])),
        settings,
        reads_calendars=any(node.reads_calendar for node in nodes.values()),
    )


def _variable_problems(document: FlowDocument) -> Iterator[Problem]:
    for name in document.variables:
        if name.split(".", 1)[0] in RESERVED:
            yield Problem(code="reserved_variable", params={"name": name})
    if len(msgspec.json.encode(document.variables)) > MAX_VARIABLES_BYTES:
        reason = f"variables > {MAX_VARIABLES_BYTES} bytes"
        yield Problem(code="flow_too_large", params={"reason": reason})
