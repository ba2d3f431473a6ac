"""The remedies of nodes and their fields."""

import msgspec

from recado.engine.changes import Change, Fix, Path
from recado.engine.drawing import Box, Drawing
from recado.engine.events import Json
from recado.engine.fixes_edges import MOST, drop_edge
from recado.engine.problems import Problem
from recado.engine.sql_text import bind_placeholders

DAY = 86_400
# Texts that people read. Anything else may be a code, an address or a key, and half of one is none.
READ = frozenset(["content", "title", "description", "text", "footer", "caption", "button"])
EMPTY: tuple[Json, ...] = (None, "", [], {})


def node_fix(problem: Problem, drawing: Drawing) -> Fix | None:
    """Gives the remedy of a problem with a node; none where two nodes have its id."""
    place = drawing.node(problem.node)
    if place is None:
        return None
    match problem.code:
        case "two_starts":
            return _drop_start(place, drawing)
        case "unreachable":
            return _drop_node(place, drawing)
        case "misspelt_type":
            return _rename_type(place, str(problem.params["meant"]), drawing)
    path = drawing.field(place, problem.field)
    return _field_fix(problem, path, drawing) if path else None


def _field_fix(problem: Problem, path: Path, drawing: Drawing) -> Fix | None:
    params, now = problem.params, drawing.value(path)
    match problem.code:
        case "unknown_field" | "parameter_unused" if now is not msgspec.UNSET:
            change = _change("drop", path, drawing)
            return Fix(label="drop_field", changes=(change,), loses=now not in EMPTY)
        case "misspelt_field" if now is not msgspec.UNSET:
            return _rename_field(path, str(params["meant"]), drawing)
        case "text_too_long" if isinstance(now, str) and path[-1] in READ:
            return _cut(path, now, params.get("limit"), drawing)
        case "too_many_items" if isinstance(now, list) and isinstance(params.get("limit"), int):
            change = _change("set", path, drawing, now[: params["limit"]])
            return Fix(label="drop_items", changes=(change,), loses=True)
        case "no_time_limit":
            return Fix(label="set_time_limit", changes=(_change("set", path, drawing, DAY),))
        case "query_with_placeholders" if isinstance(now, str):
            return _bind(path, now, drawing)
        case "misspelt_value" if now == params["value"]:
            change = _change("set", path, drawing, params["meant"])
            return Fix(label="use", changes=(change,), value=params["meant"], loses=True)
        case "unknown_connection" | "unknown_account" | "unknown_template" if "meant" in params:
            return _use(path, params, drawing)
    return None


def _change(op: str, path: Path, drawing: Drawing, value: Json = None) -> Change:
    owner, was = drawing.value((*path[:2], "id")), drawing.value(path)
    match op:
        case "set":
            return Change(op="set", path=path, id=owner, was=was, value=value)
        case "rename":
            return Change(op="rename", path=path, id=owner, was=was, value=value)
    return Change(op="drop", path=path, id=owner, was=was)


def _drop_start(place: int, drawing: Drawing) -> Fix | None:
    """Drops the start that no edge leaves; where all of them are wired, that is for the author to say."""
    others = [start for start in drawing.starts if start != place]
    for start in [place, *others]:
        if drawing.nodes[start]["id"] not in drawing.leaving:
            return _drop_node(start, drawing)
    return None


def _drop_node(place: int, drawing: Drawing) -> Fix | None:
    """Drops a node with its edges, unless the command `menu` or a jump leads there."""
    id = drawing.nodes[place]["id"]
    if id in drawing.after_menu or drawing.jumps.get(id, set()) - {id}:
        return None
    edges = sorted({*drawing.leaving.get(id, []), *drawing.arriving.get(id, [])})
    if drawing.node(id) is None or len(edges) >= MOST:
        return None
    changes = (_change("drop", ("nodes", place), drawing), *(drop_edge(e, drawing) for e in edges))
    return Fix(label="drop_node", changes=changes, value=id, loses=True)


def _rename_type(place: int, meant: str, drawing: Drawing) -> Fix | None:
    if meant == "start" and drawing.starts:
        return None
    change = _change("set", ("nodes", place, "type"), drawing, meant)
    return Fix(label="use", changes=(change,), value=meant)


def _rename_field(path: Path, meant: str, drawing: Drawing) -> Fix | None:
    """Renames a field at the top of `data`, where the compiler looked for what was meant."""
    data: Box = drawing.value(path[:-1])
    taken = {_plain(name) for name in data if name != path[-1]}
    # A field may be written in snake_case or camelCase, and is one field all the same.
    if len(path) != 4 or _plain(meant) in taken:
        return None
    change = _change("rename", path, drawing, meant)
    return Fix(label="use", changes=(change,), value=meant)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _cut(path: Path, text: str, limit: Json, drawing: Drawing) -> Fix | None:
    if not isinstance(limit, int) or limit < 1 or "{{" in text:
        return None
    cut = text[: limit - 1].rstrip() + "…"
    change = _change("set", path, drawing, cut)
    return Fix(label="cut_text", changes=(change,), loses=True)


def _bind(path: Path, query: str, drawing: Drawing) -> Fix:
    beside = (*path[:-1], "parameters")
    given = drawing.value(beside)
    bound, parameters = bind_placeholders(query, given if isinstance(given, dict) else {})
    changes = (_change("set", path, drawing, bound), _change("set", beside, drawing, parameters))
    # A table's name would be bound too, and then the query is another one.
    return Fix(label="bind_values", changes=changes, loses=True)


def _use(path: Path, params: dict[str, Json], drawing: Drawing) -> Fix | None:
    """Names what there is instead of what there is not; it may be another thing that only sounds like it."""
    if drawing.value(path) != params.get("name"):
        return None
    change = _change("set", path, drawing, params["meant"])
    return Fix(label="use", changes=(change,), value=params["meant"], loses=True)
