"""Which variables a node reads, and in which field: from its texts, its expressions, and what it names itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from recado.engine.node import RESERVED, Node
from recado.engine.template import parts_of
from recado.engine.template_parts import Expression, Part, PathPart
from recado.engine.texts_of import texts_of
from recado.engine.values import spell


@dataclass(frozen=True, slots=True)
class Read:
    """A session variable that is read: by its bare name, or the `whole` path is its name; and the field that reads it."""

    name: str
    whole: str
    field: str


def reads(node: Node) -> Iterator[Read]:
    """Lists the session variables that a node needs; where the author has thought of a missing one, it needs none."""
    for field, text, _ in texts_of(node):
        for part in parts_of(text):
            yield from (Read(name, path, field) for path in _needed(part) if (name := _own(path)))
    for field, path in node.reads():
        if name := _own(path):
            yield Read(name, spell(path), field)


def _needed(part: Part) -> Iterator[str]:
    match part:
        case PathPart(path=path):
            yield path
        case Expression(names=names, minds_missing=False):
            yield from names.values()


def _own(path: str) -> str | None:
    """Gives the variable that a path begins with; None for the scopes that are ours."""
    name = path.split(".", 1)[0].split("[", 1)[0].strip()
    return None if name in RESERVED else name
