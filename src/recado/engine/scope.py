"""Everything a text can read: our own names, and the session's variables by bare name.

Most texts read one or two names, so each of ours is made when it is read: the time of day alone costs more than a
whole text.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from recado.engine.events import Json, World
from recado.engine.values import MISSING

if TYPE_CHECKING:
    from recado.engine.run import Run


class Scope(Mapping[str, Json]):
    """The scope of one visit; our own names come before variables of the same name."""

    __slots__ = ("run", "variables", "world")

    def __init__(self, run: "Run", world: World) -> None:
        self.run = run
        self.world = world
        self.variables = run.variables.values

    def get(self, name: str, default: Json = None) -> Json:
        """Gives what stands behind a name."""
        own = OWN.get(name)
        return self.variables.get(name, default) if own is None else own(self)

    def __getitem__(self, name: str) -> Json:
        found = self.get(name, MISSING)
        if found is MISSING:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in OWN or name in self.variables

    def __iter__(self) -> Iterator[str]:
        yield from OWN
        yield from (name for name in self.variables if name not in OWN)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _message(scope: Scope) -> Json:
    message = scope.run.message
    if message is None:
        return {"text": "", "type": "", "id": "", "media": None}
    return {
        "text": message.text,
        "type": message.type,
        "id": message.id,
        "media": message.value if isinstance(message.value, dict) else None,
    }


def _late(scope: Scope) -> Json:
    items = [kept.text for kept in scope.run.late]
    return {"text": "\n".join(items), "items": items}


def _local(scope: Scope) -> datetime:
    return scope.run.now.astimezone(ZoneInfo(scope.world.timezone))


OWN: Mapping[str, Callable[[Scope], Json]] = {
    "contact": lambda scope: scope.world.contact,
    "conversation": lambda scope: scope.world.conversation,
    "number": lambda scope: scope.world.number,
    "chatbot": lambda scope: scope.world.chatbot,
    "trigger": lambda scope: msgspec.to_builtins(scope.run.before.trigger),
    "message": _message,
    "late": _late,
    "now": lambda scope: _local(scope).isoformat(timespec="seconds"),
    "today": lambda scope: _local(scope).date().isoformat(),
}
