"""One-click fixes: for a problem that has an obvious remedy, the changes that apply it.

A fix is data, so that the builder can show and undo it: `apply` is what the API and `recado flow check --fix` do with it.
"""

from collections.abc import Sequence, Set
from typing import Any, Literal

import msgspec

from recado.engine.compile import compile
from recado.engine.events import Json
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.engine.problems import Language, Problem
from recado.engine.resources import Resources
from recado.engine.sql_text import bind_placeholders

DAY = 86_400
MOST_FIXES = 200

LABELS: dict[str, tuple[str, str]] = {
    "drop_edge": ("Apagar a ligação", "Delete the edge"),
    "drop_node": ("Apagar o nó", "Delete the node"),
    "drop_field": ("Apagar o campo", "Delete the field"),
    "cut_text": ("Cortar o texto", "Cut the text"),
    "use": ("Usar “{value}”", "Use “{value}”"),
    "rename_edge": ("Dar outro id", "Give it another id"),
    "set_time_limit": ("Pôr um limite de 24 horas", "Set a limit of 24 hours"),
    "skip_start": ("Levar ao nó seguinte", "Lead to the node after it"),
    "bind_values": ("Passar os valores para os parâmetros", "Move the values to the parameters"),
    "drop_items": ("Apagar os itens que não cabem", "Delete the items that are too many"),
}


class Change(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One change of a document. `number` picks one of several edges with the same id; `field` is a path into `data`."""

    op: Literal["drop_edge", "drop_node", "set_edge", "set_type", "set_field", "drop_field"]
    node: str | None = None
    edge: str | None = None
    number: int = 0
    field: str | None = None
    value: Json = None


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy: what it is called, and its changes in order."""

    label: str
    changes: tuple[Change, ...]
    value: Json = None

    def say(self, language: Language = "pt-BR") -> str:
        """Says in a few words what the fix does."""
        return LABELS[self.label][language == "en"].format(value=self.value)


def fix_for(problem: Problem, document: FlowDocument) -> Fix | None:
    """Gives the obvious remedy for a problem, if there is one."""
    return _edge_fix(problem, document) or _node_fix(problem, document)


def apply(document: FlowDocument, fix: Fix) -> FlowDocument:
    """Gives the document with the fix applied; a change whose place is gone does nothing."""
    raw = document.dump()
    for change in fix.changes:
        _change(raw, change)
    return FlowDocument.model_validate(raw)


def mend(
    document: FlowDocument,
    node_types: NodeTypes,
    resources: Resources | None = None,
    *,
    codes: Set[str] | None = None,
) -> tuple[FlowDocument, list[str]]:
    """Applies remedies one after the other: those of the given codes, else of all errors; lists what was mended."""
    done: list[str] = []
    for _ in range(MOST_FIXES):
        problems = compile(document, node_types, resources).problems
        wanted = (p for p in problems if (p.code in codes if codes else p.severity == "error"))
        found = next(((p, fix) for p in wanted if (fix := fix_for(p, document))), None)
        if found is None:
            break
        problem, fix = found
        mended = apply(document, fix)
        if mended == document:
            break
        document = mended
        done.append(problem.code)
    return document, done


def _edge_fix(problem: Problem, document: FlowDocument) -> Fix | None:
    edge, meant = problem.edge, problem.params.get("meant")
    match problem.code:
        case "edge_from_nowhere" | "edge_to_nowhere" | "unknown_port":
            return Fix(label="drop_edge", changes=(Change(op="drop_edge", edge=edge),))
        case "misspelt_port":
            change = Change(op="set_edge", edge=edge, field="sourceHandle", value=meant)
            return Fix(label="use", changes=(change,), value=meant)
        case "edge_id_twice":
            return _rename_edges(str(edge), document)
        case "port_twice":
            return _drop_second_edge(problem, document)
        case "edge_to_start":
            return _skip_start(str(edge), document)
    return None


def _node_fix(problem: Problem, document: FlowDocument) -> Fix | None:
    node, field, params = problem.node, problem.field, problem.params
    match problem.code:
        case "two_starts" | "unreachable":
            return Fix(label="drop_node", changes=(Change(op="drop_node", node=node),))
        case "unknown_field":
            change = Change(op="drop_field", node=node, field=field)
            return Fix(label="drop_field", changes=(change,))
        case "misspelt_field":
            return _rename_field(problem, document)
        case "misspelt_type":
            change = Change(op="set_type", node=node, value=params["meant"])
            return Fix(label="use", changes=(change,), value=params["meant"])
        case "text_too_long":
            return _cut(problem, document)
        case "too_many_items":
            return _drop_items(problem, document)
        case "no_time_limit":
            change = Change(op="set_field", node=node, field=field, value=DAY)
            return Fix(label="set_time_limit", changes=(change,))
        case "query_with_placeholders":
            return _bind(problem, document)
        case "parameter_unused":
            change = Change(op="drop_field", node=node, field=field)
            return Fix(label="drop_field", changes=(change,))
        case "unknown_connection" | "unknown_account" | "unknown_template" if "meant" in params:
            change = Change(op="set_field", node=node, field=field, value=params["meant"])
            return Fix(label="use", changes=(change,), value=params["meant"])
    return None


def _rename_edges(id: str, document: FlowDocument) -> Fix:
    taken = {edge.id for edge in document.edges}
    changes: list[Change] = []
    for _ in range(1, sum(edge.id == id for edge in document.edges)):
        fresh = next(name for n in range(2, 10_000) if (name := f"{id[:90]}-{n}") not in taken)
        taken.add(fresh)
        # The ones before have their new ids already, so the second is always the one to rename.
        changes.append(Change(op="set_edge", edge=id, number=1, field="id", value=fresh))
    return Fix(label="rename_edge", changes=tuple(changes))


def _drop_second_edge(problem: Problem, document: FlowDocument) -> Fix:
    port = problem.params["port"]
    leaving = [
        edge.id
        for edge in document.edges
        if edge.source == problem.node and (edge.source_handle or "next") == port
    ]
    changes = tuple(Change(op="drop_edge", edge=id) for id in leaving[1:])
    return Fix(label="drop_edge", changes=changes)


def _skip_start(edge: str, document: FlowDocument) -> Fix | None:
    start = next((node.id for node in document.nodes if node.type == "start"), None)
    after = next((each.target for each in document.edges if each.source == start), None)
    if after is None or after == start:
        return None
    change = Change(op="set_edge", edge=edge, field="target", value=after)
    return Fix(label="skip_start", changes=(change,))


def _rename_field(problem: Problem, document: FlowDocument) -> Fix | None:
    meant = problem.params["meant"]
    found = _value(document, problem)
    if problem.field is None:
        return None
    path = [*problem.field.split(".")[:-1], str(meant)]
    changes = (
        Change(op="drop_field", node=problem.node, field=problem.field),
        Change(op="set_field", node=problem.node, field=".".join(path), value=found),
    )
    return Fix(label="use", changes=changes, value=meant)


def _cut(problem: Problem, document: FlowDocument) -> Fix | None:
    text, limit = _value(document, problem), problem.params.get("limit")
    if not isinstance(text, str) or not isinstance(limit, int) or "{{" in text:
        return None
    cut = text[: limit - 1].rstrip() + "…"
    change = Change(op="set_field", node=problem.node, field=problem.field, value=cut)
    return Fix(label="cut_text", changes=(change,))


def _bind(problem: Problem, document: FlowDocument) -> Fix | None:
    query = _value(document, problem)
    given = _value(document, msgspec.structs.replace(problem, field="parameters"))
    if not isinstance(query, str):
        return None
    bound, parameters = bind_placeholders(query, given if isinstance(given, dict) else {})
    changes = (
        Change(op="set_field", node=problem.node, field="query", value=bound),
        Change(op="set_field", node=problem.node, field="parameters", value=parameters),
    )
    return Fix(label="bind_values", changes=changes)


def _drop_items(problem: Problem, document: FlowDocument) -> Fix | None:
    items, limit = _value(document, problem), problem.params.get("limit")
    if not isinstance(items, list) or not isinstance(limit, int):
        return None
    change = Change(op="set_field", node=problem.node, field=problem.field, value=items[:limit])
    return Fix(label="drop_items", changes=(change,))


def _value(document: FlowDocument, problem: Problem) -> Json:
    box = next((node for node in document.nodes if node.id == problem.node), None)
    if box is None or problem.field is None:
        return None
    value: Json = box.data
    for part in problem.field.split("."):
        value = _member(value, part)
    return value


def _member(value: Json, part: str) -> Json:
    match value:
        case dict():
            return value.get(part)
        case list() if part.isdecimal() and int(part) < len(value):
            return value[int(part)]
    return None


def _change(raw: dict[str, Any], change: Change) -> None:
    nodes = [node for node in raw["nodes"] if node["id"] == change.node]
    match change.op:
        case "drop_edge":
            raw["edges"] = [edge for edge in raw["edges"] if edge["id"] != change.edge]
        case "drop_node":
            raw["nodes"] = [node for node in raw["nodes"] if node["id"] != change.node]
            gone = change.node
            raw["edges"] = [e for e in raw["edges"] if gone not in (e["source"], e["target"])]
        case "set_edge":
            named = [edge for edge in raw["edges"] if edge["id"] == change.edge]
            for edge in named[change.number : change.number + 1]:
                edge[str(change.field)] = change.value
        case "set_type":
            for node in nodes:
                node["type"] = change.value
        case "set_field" | "drop_field":
            for node in nodes:
                _set(node["data"], str(change.field).split("."), change)


def _set(value: Json, path: Sequence[str], change: Change) -> None:
    for part in path[:-1]:
        value = _member(value, part)
    match value:
        case dict() if change.op == "drop_field":
            value.pop(path[-1], None)
        case dict():
            value[path[-1]] = change.value
        case list() if path[-1].isdecimal() and int(path[-1]) < len(value):
            value[int(path[-1])] = change.value
