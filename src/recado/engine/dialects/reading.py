"""Reads a flow document in any form we know into our own, with the report of what that did to it.

Each node is judged by itself, since the nodes of one document may be in different dialects: one whose fields have our
names stays as it is, another is read by its type's reader. Reading executes nothing, asks nothing outside, recurses no
deeper than a document may be nested, and takes time linear in the document.
"""

from collections import Counter
from collections.abc import Mapping

from recado.engine.dialects import edges as edges_
from recado.engine.dialects.around import read_around
from recado.engine.dialects.bounds import check
from recado.engine.dialects.box import open_box
from recado.engine.dialects.canonical import canonical
from recado.engine.dialects.envelope import OURS, open_envelope
from recado.engine.dialects.placeholders import reword, wording
from recado.engine.dialects.report import Note, Notes, Report
from recado.engine.dialects.translate import dialect_of, translate, written
from recado.engine.events import Json
from recado.engine.flow import FlowDocument


def read(raw: Mapping[str, Json]) -> tuple[FlowDocument, Report]:
    """Reads a document and says what was understood, changed and lost; raises DocumentRefused with the places."""
    check(raw)
    notes = Notes()
    envelope = open_envelope(raw, notes)
    boxes = [open_box(item, index, notes) for index, item in enumerate(envelope.nodes)]
    edges = [edges_.read(item, index) for index, item in enumerate(envelope.edges)]
    dialects = [dialect_of(box) for box in boxes]
    foreign = any(dialects)
    flat = read_around(envelope, foreign=foreign, notes=notes)
    if foreign:
        nodes, edges = translate(boxes, edges, flat, notes)
    else:
        nodes = [box.as_node(box.type, box.data) for box in boxes]
        if envelope.place != OURS:
            _reword_all(nodes, flat.get("variables"), notes)
    document = canonical(flat, nodes, edges, notes)
    params: dict[str, Json] = {"nodes": len(document.nodes), "edges": len(document.edges)}
    notes.understood.append(Note(code="format", params={"form": envelope.place, **params}))
    notes.understood += _counted(dialects)
    return document, notes.report()


def _reword_all(nodes: list[dict[str, Json]], variables: Json, notes: Notes) -> None:
    """Puts system names of elsewhere in our words, also where nothing else shows that the nodes are from there."""
    own = written(node["data"] for node in nodes) | {*(variables or {})}
    words = wording((), own)
    for node in nodes:
        node["data"] = reword(node["data"], words, node=node["id"], notes=notes)


def _counted(dialects: list[str | None]) -> list[Note]:
    """Counts the nodes of each dialect; nodes that might be in any are in the one that most are in."""
    counts = Counter(dialect for dialect in dialects if dialect is not None)
    if not counts:
        return []
    counts[counts.most_common(1)[0][0]] += dialects.count(None)
    return [
        Note(code="dialect", params={"dialect": dialect, "nodes": nodes})
        for dialect, nodes in counts.most_common()
    ]
