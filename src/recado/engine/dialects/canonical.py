"""The last step of reading: a document in our own form, with ids and positions where they were missing.

What a canvas keeps for itself goes under `ui`; a canonical document comes out as it was.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import ValidationError

from recado.engine.dialects import edges as edges_
from recado.engine.dialects.layout import lay_out
from recado.engine.dialects.report import DocumentRefused, Notes
from recado.engine.events import Json
from recado.engine.flow import MAX_DOCUMENT_BYTES, FlowDocument


def canonical(
    flat: Mapping[str, Any],
    nodes: list[dict[str, Json]],
    edges: list[dict[str, Json]],
    notes: Notes,
) -> FlowDocument:
    """Gives the document of nodes and edges in our form; raises DocumentRefused where they cannot be one."""
    edges = edges_.name(edges, notes)
    edges = edges_.route_labels(edges, nodes, notes)
    lay_out(nodes, edges, notes)
    try:
        document = FlowDocument.model_validate({**flat, "nodes": nodes, "edges": edges})
    except ValidationError as error:
        places = [(".".join(map(str, line["loc"])), line["msg"]) for line in error.errors()]
        raise DocumentRefused(places) from error
    if len(msgspec.json.encode(document.dump())) > MAX_DOCUMENT_BYTES:
        raise DocumentRefused([("", f"is larger than {MAX_DOCUMENT_BYTES:,} bytes")])
    return document
