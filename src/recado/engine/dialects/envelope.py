"""Finds nodes and edges wherever a document keeps them, and what stands around them.

At the root, under `canvas_data`, `flow_data`, `flow`, or two of these: a flow as a REST service answers it, a template
file, an export (`format_version` 1.0), the answer of a flow generator.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recado.engine.dialects.bounds import MAX_EDGES
from recado.engine.dialects.fields import is_blank
from recado.engine.dialects.report import DocumentRefused, Notes
from recado.engine.events import Json
from recado.engine.flow import MAX_NODES

OURS = "recado/1"
PLACES: tuple[tuple[str, ...], ...] = (
    (),
    ("canvas_data",),
    ("flow", "canvas_data"),
    ("flow_data", "canvas_data"),
    ("flow_data",),
    ("flow",),
)
# Said by the envelope and found in the document itself.
COUNTED = frozenset({"format_version", "total_nodes", "total_edges", "node_count", "nodes_count"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """A document taken out of its wrapper: `around` is everything said beside nodes and edges."""

    place: str
    nodes: list[dict[str, Json]]
    edges: list[dict[str, Json]]
    around: dict[str, Json]


def open_envelope(raw: Mapping[str, Json], notes: Notes) -> Envelope:
    """Takes a document out of its wrappers; raises DocumentRefused where nodes or edges are no lists of objects."""
    found = [(place, holder) for place in PLACES if (holder := _holder(raw, place)) is not None]
    filled = [(place, holder) for place, holder in found if holder.get("nodes")] or found
    place, holder = filled[0] if filled else ((), raw)
    for other, _ in filled[1:]:
        shown = {"place": _shown(other), "kept": _shown(place)}
        notes.lose("found_twice", **shown)
    return Envelope(
        place=OURS if raw.get("format") == OURS else _shown(place),
        nodes=_items(holder, place, "nodes", MAX_NODES),
        edges=_items(holder, place, "edges", MAX_EDGES),
        around=_around(raw, place),
    )


def _holder(raw: Mapping[str, Json], place: tuple[str, ...]) -> Mapping[str, Json] | None:
    """Gives the object at a place when it has nodes or edges."""
    at: Json = raw
    for step in place:
        at = at.get(step) if isinstance(at, Mapping) else None
        if step == "canvas_data" and at is not None and not isinstance(at, Mapping):
            raise DocumentRefused([(".".join(place), "must be an object")])
    return at if isinstance(at, Mapping) and ("nodes" in at or "edges" in at) else None


def _around(raw: Mapping[str, Json], place: tuple[str, ...]) -> dict[str, Json]:
    """Collects what the wrappers say, the innermost last: its word counts."""
    around: dict[str, Json] = {}
    for level, path in _levels(raw, place):
        for key, value in level.items():
            if key in ("nodes", "edges") or key in place:
                continue
            shown = path + key
            around[key if key in KNOWN or not path else shown] = value
    return {key: value for key, value in around.items() if key in KNOWN or not is_blank(value)}


KNOWN = frozenset(
    """format name description variables settings ui viewport inactivity_settings
    window_expiry_settings requires_integrations""".split()  # noqa: SIM905 - a list would take a page
)


def _levels(
    raw: Mapping[str, Json], place: tuple[str, ...]
) -> Iterator[tuple[Mapping[str, Json], str]]:
    at, path = raw, ""
    yield at, path
    for step in place:
        at, path = at[step], f"{path}{step}."
        yield at, path


def _items(
    holder: Mapping[str, Json], place: tuple[str, ...], key: str, most: int
) -> list[dict[str, Json]]:
    items = holder.get(key)
    items = [] if items is None else items
    path = ".".join([*place, key])
    if not isinstance(items, list):
        raise DocumentRefused([(path, "must be a list")])
    if len(items) > most:
        raise DocumentRefused([(path, f"has {len(items):,} items; at most {most:,} are read")])
    wrong = [index for index, item in enumerate(items) if not isinstance(item, dict)]
    if wrong:
        raise DocumentRefused([(f"{path}.{index}", "must be an object") for index in wrong])
    return items


def _shown(place: tuple[str, ...]) -> str:
    return ".".join(place) or "root"
