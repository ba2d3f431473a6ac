"""The remedies of edges; each edge is known by its place in the list, because an id may stand twice."""

from itertools import count

import msgspec

from recado.engine.changes import Change, Fix
from recado.engine.drawing import Box, Drawing
from recado.engine.events import Json
from recado.engine.flow import MAX_ID
from recado.engine.problems import Problem

MOST = 200  # changes in one fix, and edges of one id or node that are looked at


def edge_fix(problem: Problem, nth: int, drawing: Drawing) -> Fix | None:
    """Gives the remedy of a problem with edges; `nth`: it is the problem's nth of its kind at its place."""
    match problem.code:
        case "edge_id_twice":
            return _rename(str(problem.edge), drawing)
        case "port_twice":
            return _drop_copies(problem, nth, drawing)
    place = _place(problem, nth, drawing)
    if place is None:
        return None
    match problem.code:
        case "edge_from_nowhere" | "edge_to_nowhere":
            lost = not _has_another(place, drawing)
            return Fix(label="drop_edge", changes=(drop_edge(place, drawing),), loses=lost)
        case "misspelt_target":
            meant = str(problem.params["meant"])
            change = _set(place, "target", meant, drawing)
            return Fix(label="use", changes=(change,), value=meant)
        case "default_edge_unused" if "meant" in problem.params:
            return _leave_by(place, str(problem.params["meant"]), drawing)
        case "unknown_port":
            return Fix(label="drop_edge", changes=(drop_edge(place, drawing),), loses=True)
        case "misspelt_port":
            return _rename_port(place, str(problem.params["meant"]), drawing)
        case "edge_to_start":
            return _skip_start(place, drawing)
    return None


def drop_edge(place: int, drawing: Drawing) -> Change:
    """Gives the change that deletes an edge."""
    edge = drawing.edges[place]
    return Change(op="drop", path=("edges", place), id=edge["id"], was=edge)


def _place(problem: Problem, nth: int, drawing: Drawing) -> int | None:
    """Finds the edge that a problem is about: among those of its id, the nth that has the mistake."""
    named = drawing.edges_of_id.get(problem.edge or "", [])
    if len(named) > MOST:
        return None
    wrong = [place for place in named if _is_wrong(drawing.edges[place], problem, drawing)]
    return wrong[nth] if nth < len(wrong) else None


def _is_wrong(edge: Box, problem: Problem, drawing: Drawing) -> bool:
    match problem.code:
        case "edge_from_nowhere":
            return edge["source"] not in drawing.nodes_of_id
        case "edge_to_nowhere":
            return edge["target"] not in drawing.nodes_of_id
        case "misspelt_target":
            return bool(edge["target"] == problem.params["target"])
        case "edge_to_start":
            return any(drawing.nodes[place]["id"] == edge["target"] for place in drawing.starts)
    wrong = (problem.node, problem.params.get("port"))
    return (edge["source"], edge.get("sourceHandle")) == wrong


def _has_another(place: int, drawing: Drawing) -> bool:
    """Says whether a node keeps its way out without an edge, because another edge leaves the same port."""
    edge = drawing.edges[place]
    leaving = drawing.leaving[edge["source"]]
    if edge["source"] not in drawing.nodes_of_id or len(leaving) > MOST:
        return False
    others = (drawing.edges[other] for other in leaving if other != place)
    return any(
        _port(other) == _port(edge) and other["target"] in drawing.nodes_of_id for other in others
    )


def _port(edge: Box) -> str:
    return str(edge.get("sourceHandle") or "next")


def _leave_by(place: int, meant: str, drawing: Drawing) -> Fix | None:
    """Lets a default edge leave by a port that nobody has drawn yet."""
    leaving = drawing.leaving[drawing.edges[place]["source"]]
    if len(leaving) > MOST:
        return None
    if meant in {drawing.edges[other].get("sourceHandle") for other in leaving}:
        return None
    change = _set(place, "sourceHandle", meant, drawing)
    return Fix(label="leave_by", changes=(change,), value=meant)


def _set(place: int, name: str, value: Json, drawing: Drawing) -> Change:
    edge = drawing.edges[place]
    was = edge.get(name, msgspec.UNSET)
    return Change(op="set", path=("edges", place, name), id=edge["id"], was=was, value=value)


def _rename(id: str, drawing: Drawing) -> Fix | None:
    """Gives every edge of an id but the first an id of its own."""
    later = drawing.edges_of_id.get(id, [])[1:]
    if not later or len(later) > MOST:
        return None
    numbers = count(2)
    stem = id[: MAX_ID - 10]
    changes: list[Change] = []
    for place in later:
        fresh = f"{stem}-{next(numbers)}"
        while fresh in drawing.edges_of_id:
            fresh = f"{stem}-{next(numbers)}"
        changes.append(_set(place, "id", fresh, drawing))
    return Fix(label="rename_edge", changes=tuple(changes))


def _rename_port(place: int, meant: str, drawing: Drawing) -> Fix | None:
    """Renames a port to one that nobody has drawn yet."""
    leaving = drawing.leaving[drawing.edges[place]["source"]]
    if len(leaving) > MOST:
        return None
    drawn = {drawing.edges[other].get("sourceHandle") for other in leaving}
    # The default edge is the one of `next`; of other ports it may be, and would lead nowhere any more.
    if meant in drawn or (meant == "next" and None in drawn):
        return None
    change = _set(place, "sourceHandle", meant, drawing)
    return Fix(label="use", changes=(change,), value=meant, loses=None in drawn)


def _drop_copies(problem: Problem, nth: int, drawing: Drawing) -> Fix | None:
    """Drops exact copies of an edge, else all edges of the port but its first."""
    places = _doubled(problem, nth, drawing)
    copies = [place for n, place in enumerate(places) if _is_copy(place, places[:n], drawing)]
    dropped = copies or places[1:]
    if not dropped:
        return None
    changes = tuple(drop_edge(place, drawing) for place in dropped)
    label = "drop_copy" if copies else "drop_edge"
    return Fix(label=label, changes=changes, loses=not copies)


def _doubled(problem: Problem, nth: int, drawing: Drawing) -> list[int]:
    """Gives the edges of a port with several; `next` may mean the port or the default edge, each with a problem."""
    port = problem.params.get("port")
    groups: dict[str | None, list[int]] = {}
    leaving = drawing.leaving.get(problem.node or "", [])
    for place in leaving if len(leaving) <= MOST else ():
        groups.setdefault(drawing.edges[place].get("sourceHandle"), []).append(place)
    several = [
        places for name, places in groups.items() if (name or "next") == port and len(places) > 1
    ]
    return several[nth] if nth < len(several) else []


def _is_copy(place: int, before: list[int], drawing: Drawing) -> bool:
    edge = drawing.edges[place]
    return any(
        edge["target"] == first["target"]
        and edge.get("label") in (None, "", first.get("label"))
        and edge.get("ui") in (None, {}, first.get("ui"))
        for first in (drawing.edges[other] for other in before)
    )


def _skip_start(place: int, drawing: Drawing) -> Fix | None:
    """Leads an edge to the node after the start, where there is one such node."""
    if len(drawing.starts) != 1:
        return None
    start = drawing.nodes[drawing.starts[0]]["id"]
    leaving = drawing.leaving.get(start, [])
    after = {drawing.edges[each]["target"] for each in leaving} & drawing.nodes_of_id.keys()
    if len(after) != 1 or after == {start}:
        return None
    change = _set(place, "target", after.pop(), drawing)
    return Fix(label="skip_start", changes=(change,))
