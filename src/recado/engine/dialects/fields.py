"""A node's fields as another builder wrote them: each one is taken by a name it may have, or named in the report."""

import math
import re
from collections.abc import Iterable, Mapping

from recado.engine.dialects.credentials import Names
from recado.engine.dialects.report import Notes
from recado.engine.events import Json

NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,6})?", re.ASCII)
TRUE, FALSE = ("true", "1", "yes", "sim"), ("false", "0", "no", "não", "nao")


def is_blank(value: Json) -> bool:
    """Says whether a value says nothing: null, empty text, or an object or list of nothing else."""
    match value:
        case None:
            return True
        case str():
            return not value.strip()
        case dict():
            return all(is_blank(item) for item in value.values())
        case list():
            return all(is_blank(item) for item in value)
    return False


class Fields:
    """Takes fields one by one; `left` are those that nobody has taken, `written` the variables that get values."""

    def __init__(
        self, data: Mapping[str, Json], *, node: str, notes: Notes, names: Names | None = None
    ) -> None:
        self.left = dict(data)
        self.node = node
        self.notes = notes
        self.names = Names() if names is None else names
        self.written: list[str] = []
        self._renamed: dict[str, str] = {}

    def change(self, code: str, **params: Json) -> None:
        """Notes a change of this node."""
        self.notes.change(code, node=self.node, **params)

    def lose(self, code: str, **params: Json) -> None:
        """Notes a loss of this node."""
        self.notes.lose(code, node=self.node, **params)

    def take(self, *names: str, to: str | None = None) -> Json:
        """Takes the first of the names that says something; another that says something else is lost, and named."""
        kept: tuple[str, Json] | None = None
        for name in names:
            value = self.left.pop(name, None)
            if is_blank(value):
                continue
            if kept is None:
                kept = name, value
                self._renamed |= {name: to} if to and name != to else {}
            elif value != kept[1]:
                self.lose("said_otherwise", field=name, kept=kept[0])
        return kept[1] if kept else None

    def text(self, *names: str, to: str | None = None) -> str | None:
        """Takes a text; numbers and booleans become one, and so does an object with a `text` in it."""
        value = self.take(*names, to=to)
        if isinstance(value, dict) and isinstance(value.get("text"), str):
            for key in value:
                if key != "text" and not is_blank(value[key]):
                    self.lose("field_not_kept", field=f"{names[0]}.{key}")
            value = value["text"]
        return self._as_text(value, names[0])

    def _as_text(self, value: Json, name: str) -> str | None:
        match value:
            case str() | None:
                return value
            case bool():
                return "true" if value else "false"
            case int() | float():
                return str(value)
        self.lose("value_not_read", field=name)
        return None

    def word(self, *names: str, to: str | None = None) -> str:
        """Takes one of a few words, in lower case; empty when there is none."""
        return (self.text(*names, to=to) or "").strip().casefold()

    def number(self, *names: str, to: str | None = None) -> int | float | None:
        """Takes a number, also one written as text."""
        value = self.take(*names, to=to)
        match value:
            case bool():
                pass
            case int():
                return value
            case float() if math.isfinite(value):
                return value
            case str() if NUMBER.fullmatch(value.strip()):
                number = float(value.replace(",", "."))
                return int(number) if number.is_integer() else number
            case None:
                return None
        self.lose("value_not_read", field=names[0])
        return None

    def within(
        self, *names: str, least: float, most: float, to: str | None = None, scale: float = 1
    ) -> int | None:
        """Takes a whole number, brought between two limits; `scale` is what one of ours is in theirs."""
        number = self.number(*names, to=to)
        if number is None:
            return None
        scaled = number / scale
        kept = int(min(max(math.ceil(scaled), least), most))
        if scaled > most or scaled < least:
            self.change("clamped", field=to or names[0], value=round(scaled, 3), limit=kept)
        elif scale != 1:
            self.change("value_read", field=to or names[0], old=number, new=kept)
        return kept

    def flag(self, *names: str) -> bool | None:
        """Takes a yes or no."""
        value = self.take(*names)
        word = str(value).casefold() if isinstance(value, bool | int | str) else ""
        if word in TRUE or word in FALSE:
            return word in TRUE
        if value is not None:
            self.lose("value_not_read", field=names[0])
        return None

    def items(self, *names: str, to: str | None = None) -> list[Json]:
        """Takes a list; a lone text, number or object is a list of one."""
        match self.take(*names, to=to):
            case list() as items:
                return items
            case None:
                return []
            case one:
                return [one]

    def mapping(self, *names: str, to: str | None = None) -> dict[str, Json]:
        """Takes an object."""
        match self.take(*names, to=to):
            case dict() as found:
                return found
            case None:
                return {}
        self.lose("value_not_read", field=names[0])
        return {}

    def variable(self, *names: str, to: str | None = None) -> str | None:
        """Takes the name of a variable that the node writes."""
        name = (self.text(*names, to=to) or "").strip()
        return self.writes(bare(name)[:100] or None)

    def writes(self, name: str | None) -> str | None:
        """Remembers that the node gives a variable a value."""
        if name:
            self.written.append(name)
        return name

    def forget(self, *names: str) -> None:
        """Passes over fields that say nothing here, such as the defaults of another mode of the node."""
        for name in names:
            self.left.pop(name, None)

    def settle(self, ours: Iterable[str]) -> dict[str, Json]:
        """Gives the fields nobody took that have our names; the others are lost, and named unless they are blank."""
        if self._renamed:
            old, new = ", ".join(self._renamed), ", ".join(dict.fromkeys(self._renamed.values()))
            self.change("field_renamed", old=old, new=new)
        own = set(ours)
        for name, value in self.left.items():
            if name not in own and not is_blank(value):
                self.lose("field_not_kept", field=_named(name, value))
        return {name: value for name, value in self.left.items() if name in own}


def _named(name: str, value: Json) -> str:
    """Names a field, and of an object what in it says something."""
    if not isinstance(value, dict):
        return name
    return ", ".join(f"{name}.{key}" for key, item in value.items() if not is_blank(item))[:200]


def bare(name: str) -> str:
    """Takes the braces off a variable that is written as a placeholder."""
    name = name.strip()
    return name[2:-2].strip() if name.startswith("{{") and name.endswith("}}") else name


def inside(fields: Fields, data: Mapping[str, Json]) -> Fields:
    """Gives a reader of an object within a node, whose report and variables are the node's."""
    inner = Fields(data, node=fields.node, notes=fields.notes, names=fields.names)
    inner.written = fields.written
    return inner


def filled(**data: Json) -> dict[str, Json]:
    """Gives the fields that say something."""
    return {name: value for name, value in data.items() if not is_blank(value)}
