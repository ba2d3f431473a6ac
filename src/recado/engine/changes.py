"""Changes of a document as data, so that a builder can show and undo them: each is made only where it still fits.

A change carries its place as a path from the document's root, the id of the node or edge there, and what stands there
now. Where any of these is different by then, the whole fix does nothing.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from recado.engine.events import Json
from recado.engine.flow import FlowDocument
from recado.engine.problems import Language

Path = tuple[str | int, ...]

LABELS: dict[str, tuple[str, str]] = {
    "drop_edge": ("Apagar a ligação", "Delete the edge"),
    "drop_copy": ("Apagar a ligação repetida", "Delete the copy of the edge"),
    "drop_node": ("Apagar o nó “{value}”", "Delete the node “{value}”"),
    "drop_field": ("Apagar o campo", "Delete the field"),
    "cut_text": ("Cortar o texto", "Cut the text"),
    "use": ("Usar “{value}”", "Use “{value}”"),
    "leave_by": ("Sair por “{value}”", "Leave by “{value}”"),
    "rename_edge": ("Dar outro id", "Give it another id"),
    "set_time_limit": ("Pôr um limite de 24 horas", "Set a limit of 24 hours"),
    "skip_start": ("Levar ao nó seguinte", "Lead to the node after it"),
    "bind_values": ("Passar os valores para os parâmetros", "Move the values to the parameters"),
    "drop_items": ("Apagar os itens que não cabem", "Delete the items that are too many"),
}


class Change(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One change. `path` is a list of keys and indexes, such as `edges`, 3, `sourceHandle`; indexes are those of the
    document as it was before the fix. `id` is the node's or edge's; `was` what stands there, absent where nothing does;
    `value` what will, or for `rename` the field's new name.
    """

    op: Literal["set", "drop", "rename"]
    path: Path
    id: str
    was: Json | msgspec.UnsetType = msgspec.UNSET
    value: Json = None


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy: what it is called, its changes, and whether they take away something that an author wrote."""

    label: str
    changes: tuple[Change, ...]
    value: Json = None
    loses: bool = False

    def say(self, language: Language = "pt-BR") -> str:
        """Says in a few words what the fix does."""
        return LABELS[self.label][language == "en"].format(value=self.value)


def apply(document: FlowDocument, fix: Fix) -> FlowDocument:
    """Gives the document with the fix applied, or as it is where the fix does not fit any more."""
    return apply_all(document, [fix])[0]


def apply_all(document: FlowDocument, fixes: Sequence[Fix]) -> tuple[FlowDocument, list[bool]]:
    """Applies fixes that were made for the same document; says of each whether the ones before left room for it."""
    sheet = _Sheet(document.dump())
    made = [sheet.take(fix) for fix in fixes]
    return (FlowDocument.model_validate(sheet.finished()) if any(made) else document), made


def value_at(value: Json, path: Path) -> Json | msgspec.UnsetType:
    """Gives what stands at a path, or UNSET."""
    for part in path:
        match value:
            case dict() if part in value:
                value = value[part]
            case list() if isinstance(part, int) and 0 <= part < len(value):
                value = value[part]
            case _:
                return msgspec.UNSET
    return value


def rewrite(raw: dict[str, Any], fixes: Sequence[Fix]) -> dict[str, Any]:
    """Makes fixes on a document as its author wrote it; `apply_all` has made them on the one that was read of it."""
    sheet = _Sheet(raw)
    for fix in fixes:
        sheet.write(fix)
    return sheet.finished()


class _Sheet:
    """A document that fixes are written on; what is deleted goes last, so that places stay where they are."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self._gone: set[Path] = set()
        edges, nodes = raw.get("edges", []), raw.get("nodes", [])
        self._ids = Counter(edge.get("id") for edge in edges)
        self._ports = {(edge["source"], edge.get("sourceHandle")) for edge in edges}
        self._starts = any(node["type"] == "start" for node in nodes)

    def take(self, fix: Fix) -> bool:
        """Makes all changes of a fix, or none; says which."""
        if not all(self._fits(change) for change in fix.changes):
            return False
        self.write(fix)
        return True

    def write(self, fix: Fix) -> None:
        """Makes all changes of a fix without a look at what stands there."""
        for change in fix.changes:
            self._make(change)

    def finished(self) -> dict[str, Any]:
        """Gives the document without what was deleted."""
        for kind in {str(path[0]) for path in self._gone}:
            kept = [item for n, item in enumerate(self._raw[kind]) if (kind, n) not in self._gone]
            self._raw[kind][:] = kept
        return self._raw

    def _fits(self, change: Change) -> bool:
        owner = value_at(self._raw, (*change.path[:2], "id"))
        now = value_at(self._raw, change.path)
        return owner == change.id and now == change.was and self._is_free(change)

    def _is_free(self, change: Change) -> bool:
        """Says whether nobody else has what the change gives away: an id, a port, a field's name, the start."""
        holder, value = value_at(self._raw, change.path[:-1]), change.value
        match change.op, change.path:
            case "rename", _:
                return isinstance(holder, dict) and value not in holder
            case "set", ("edges", _, "id"):
                return value not in self._ids and self._ids[change.id] > 1
            case "set", ("edges", _, "sourceHandle"):
                return isinstance(holder, dict) and (holder["source"], value) not in self._ports
            case "set", ("nodes", _, "type"):
                return value != "start" or not self._starts
        return True

    def _make(self, change: Change) -> None:
        holder: Any = value_at(self._raw, change.path[:-1])
        if holder is msgspec.UNSET:  # an author need not write a node's empty `data`
            node: Any = value_at(self._raw, change.path[:2])
            holder = node.setdefault(change.path[2], {})
        key = change.path[-1]
        match change.op:
            case "set":
                holder[key] = change.value
                self._note(change)
            case "drop" if len(change.path) == 2:
                self._gone.add(change.path)
            case "drop":
                del holder[key]
            case "rename":
                renamed = {(change.value if name == key else name): holder[name] for name in holder}
                holder.clear()
                holder.update(renamed)

    def _note(self, change: Change) -> None:
        match change.path:
            case ("edges", _, "id"):
                self._ids.subtract([change.id])
                self._ids[str(change.value)] += 1
            case ("edges", int() as place, "sourceHandle"):
                self._ports.add((self._raw["edges"][place]["source"], change.value))
            case ("nodes", _, "type"):
                self._starts = self._starts or change.value == "start"
