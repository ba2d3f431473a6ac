"""Reads the parts of a story from JSON, strictly, and says where one cannot be understood."""

import re
from typing import TypeVar

import msgspec

from recado.engine.events import Json

Part = TypeVar("Part")
# msgspec's sentences: what is wrong, and after it where.
_PLACE = re.compile(r"(?s)(.*) - at `\$\.?(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_STEP = re.compile(r"steps\.(\d+)(?:\.(.+))?")
_INDEX = re.compile(r"\[(\d+|\.\.\.)\]")


class StoryMistake(ValueError):
    """A story cannot be told; `place` is a path into it, whose steps count from 0, `reason` English words."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        """Says it to people, who count steps from 1."""
        step = _STEP.fullmatch(self.place)
        if step is None:
            return f"{self.place}: {self.reason}" if self.place else self.reason
        within = f", {step[2]}" if step[2] else ""
        return f"step {int(step[1]) + 1}{within}: {self.reason}"

    def within(self, place: str) -> "StoryMistake":
        """Gives the mistake as it is seen from further out."""
        return StoryMistake(join(place, self.place), self.reason)


def join(*places: str) -> str:
    """Puts paths behind each other."""
    return ".".join(place for place in places if place)


def read(raw: Json, kind: type[Part], place: str = "") -> Part:
    """Reads a part of a story; raises `StoryMistake` that names the place."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        reason, path = (found[1], found[2]) if found else (str(error), "")
        where = _INDEX.sub(lambda index: "" if index[1] == "..." else f".{index[1]}", path)
        if unknown := _UNKNOWN.fullmatch(reason):
            where, reason = join(where, unknown[1]), "unknown field"
        raise StoryMistake(join(place, where.lstrip(".")), reason) from error
