"""A status webhook's item -> StatusUpdate."""

from datetime import datetime

from recado.whatsapp.errors import GraphError, graph_error
from recado.whatsapp.payload import StatusUpdate
from recado.whatsapp.wire import Node, identity, items, moment, string


def status_update(node: Node, raw: bytes, *, received_at: datetime) -> StatusUpdate:
    """Reads a status; whatever Meta calls it is kept, since new words come every year."""
    return StatusUpdate(
        wamid=identity(node, "id") or "",
        status=string(node, "status") or "unknown",
        timestamp=moment(node.get("timestamp"), received_at),
        opaque=string(node, "biz_opaque_callback_data"),
        errors=graph_errors(node.get("errors")),
        pricing=node.get("pricing"),
        raw=raw,
    )


def graph_errors(value: object) -> tuple[GraphError, ...]:
    """Reads `errors[]` of a status, a message or a whole value."""
    return tuple(error for item in items(value) if (error := graph_error(item)))
