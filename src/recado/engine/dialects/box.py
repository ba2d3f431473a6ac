"""A node as a document has it, brought to one shape: id, type, fields, place; and what says which dialect it is in.

The real type may stand in `data.nodeType`, in `node_type` or at the root; the fields in `data`, in `data.config` or at
the root.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from recado.engine.dialects.fields import is_blank
from recado.engine.dialects.report import DocumentRefused, Note, Notes
from recado.engine.events import Json

NODE_KEYS = frozenset({"id", "type", "position", "data", "ui", "node_type"})
# What React Flow and its users keep on a node; `data` never holds these, so the root is theirs.
CANVAS_KEYS = frozenset(
    """measured width height style className selected dragging draggable selectable connectable
    deletable hidden zIndex positionAbsolute parentId parentNode extent expandParent origin
    sourcePosition targetPosition initialWidth initialHeight dragHandle ariaLabel handles""".split()  # noqa: SIM905 - a list would take a page
)
# Types of the canvas library itself: they say how a node is drawn, not what it does.
DRAWN = frozenset({"default", "input", "output", "custom"})
NAMED_OTHERWISE: Mapping[str, str] = {
    "trigger_keyword": "start", "trigger_webhook": "start", "trigger_schedule": "start",
    "trigger_template_button": "start", "trigger_qrcode": "start", "msg_text": "message",
    "msg_image": "message", "msg_template": "whatsapp_template", "msg_buttons": "interactive_buttons",
    "msg_list": "interactive_list", "logic_condition": "condition", "logic_switch": "condition",
    "logic_wait": "delay", "flow_goto": "jump", "flow_end": "end", "ai_chatgpt": "ai_prompt",
    "api_rest": "api_call", "buttons": "interactive_buttons", "switch": "condition",
    "text": "message", "jump_to_flow": "jump",
}  # fmt: skip
ASKS = frozenset({"message", "variable", "question", "content", "text", "validation"})


@dataclass(slots=True)
class Box:
    """A node; `said` is its type in the document's own word, `leaving` are the edges that leave it."""

    id: str
    type: str
    said: str
    data: dict[str, Json]
    ui: dict[str, Json]
    position: Json = None
    dialect: str | None = None
    moved: bool = False
    leaving: list[dict[str, Json]] = field(default_factory=list)

    def as_node(self, type: str, data: dict[str, Json]) -> dict[str, Json]:
        """Gives the node in our own form."""
        node = {"id": self.id, "type": type, "data": data, "ui": self.ui}
        return node | ({"position": self.position} if self.position else {})


def open_box(item: Mapping[str, Json], index: int, notes: Notes) -> Box:
    """Reads a node; raises DocumentRefused where it has no id, no type, or fields that are no object."""
    data, ui = item.get("data") or {}, item.get("ui") or {}
    if not isinstance(data, dict) or not isinstance(ui, dict):
        wrong = "ui" if isinstance(data, dict) else "data"
        raise DocumentRefused([(f"nodes.{index}.{wrong}", "must be an object")])
    id = _id(item.get("id"), index, notes)
    said, dialect = _type(item, data, index)
    at_root = {key: item[key] for key in item if key not in NODE_KEYS | CANVAS_KEYS}
    fields, moved = _fields(at_root, data, id, notes)
    type = NAMED_OTHERWISE.get(said, said)
    if said in DRAWN and dialect is None:
        type = _drawn_type(said, fields)
    if type != said:
        dialect = dialect or "F"
        notes.change("type_read", node=id, old=said, new=type)
    return Box(
        id=id,
        type=type,
        said=said,
        data=fields,
        ui={**ui, **{key: item[key] for key in item if key in CANVAS_KEYS}},
        position=item.get("position"),
        dialect=dialect,
        moved=moved,
    )


def _id(id: Json, index: int, notes: Notes) -> str:
    match id:
        case str():
            return id
        case bool():
            pass
        case int():
            notes.changed.append(Note(code="id_made_text", node=str(id), params={"id": id}))
            return str(id)
    raise DocumentRefused([(f"nodes.{index}.id", "must be a text")])


def _type(item: Mapping[str, Json], data: Mapping[str, Json], index: int) -> tuple[str, str | None]:
    """Gives the type in the document's word, and the dialect that its place tells."""
    match data.get("nodeType"), item.get("node_type"), item.get("type"):
        case str() as type, _, _:
            return type, "E" if isinstance(data.get("config"), dict) else "A"
        case _, str() as type, _:
            return type, "D"
        case _, _, str() as type:
            return type, None
    raise DocumentRefused([(f"nodes.{index}.type", "must be a text")])


def _drawn_type(said: str, fields: Mapping[str, Json]) -> str:
    """Says what a node is of which we only know how it is drawn; an `input` that asks something is a question."""
    match said:
        case "input":
            return "question" if ASKS & fields.keys() else "start"
        case "output":
            return "end"
    return said


def _fields(
    at_root: dict[str, Json], data: dict[str, Json], node: str, notes: Notes
) -> tuple[dict[str, Json], bool]:
    """Puts the fields of the root, of `data` and of `data.config` together; the innermost word counts."""
    config = data.get("config", at_root.get("config"))
    if isinstance(config, dict):
        at_root, data = _without(at_root, "config"), {**_without(data, "config"), **config}
    inner = _without(data, "nodeType")
    moved = [key for key in at_root if key not in inner]
    if moved:
        notes.change("fields_moved", node=node, fields=", ".join(moved))
    for key in at_root.keys() & inner.keys():
        if at_root[key] != inner[key] and not is_blank(at_root[key]):
            notes.lose("said_twice", node=node, field=key)
    return {**at_root, **inner}, bool(moved)


def _without(fields: dict[str, Json], name: str) -> dict[str, Json]:
    return {key: value for key, value in fields.items() if key != name}
