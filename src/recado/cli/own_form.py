"""A file in our own form as its author wrote it: what is mended in it keeps its layout and the order of its keys."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from json.decoder import JSONArray, JSONObject  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

from recado.engine.changes import Fix, rewrite
from recado.engine.events import Json
from recado.engine.flow import FlowDocument, Position
from recado.engine.problems import Problem

FIRST_INDENT = re.compile(r"\s*\{\r?\n([ \t]+)")


@dataclass(frozen=True, slots=True)
class OwnForm:
    """The text of a file that is in our own form."""

    text: str

    def mended(self, rounds: Sequence[Sequence[tuple[Problem, Fix]]]) -> str:
        """Gives the text with the fixes made in it."""
        layout = _Layout(self.text)
        raw = layout.decode(self.text)
        for made in rounds:
            raw = rewrite(raw, [fix for _, fix in made])
        return layout.written(raw) + ("\n" if self.text.endswith("\n") else "")


class _Layout(json.JSONDecoder):
    """Reads JSON and remembers which lists and objects stand on several lines, so as to write them like that again."""

    def __init__(self, text: str) -> None:
        super().__init__()
        first = FIRST_INDENT.match(text)
        self._indent = first[1] if first else ""
        self._colon = ": " if first or '": ' in text else ":"
        self._comma = ", " if self._colon == ": " else ","
        self._ascii = text.isascii() and "\\u" in text
        # By identity: they are changed in place, and live as long as the document that they are in.
        self._spread: dict[int, Json] = {}
        self.parse_object = self._object
        self.parse_array = self._array
        self.scan_once = py_make_scanner(self)

    def _object(self, at: tuple[str, int], *rest: Any) -> tuple[Json, int]:
        return self._kept(at, JSONObject(at, *rest))

    def _array(self, at: tuple[str, int], *rest: Any) -> tuple[Json, int]:
        return self._kept(at, JSONArray(at, *rest))

    def _kept(self, at: tuple[str, int], read: tuple[Json, int]) -> tuple[Json, int]:
        value, end = read
        if at[0].find("\n", at[1], end) >= 0:
            self._spread[id(value)] = value
        return value, end

    def written(self, value: Json, before: str = "\n") -> str:
        """Writes a value as it stood; `before` begins the line that it stands on."""
        if id(value) not in self._spread or not value:
            return self._plain(value)
        inner = before + self._indent
        if isinstance(value, dict):
            lines = [
                f"{self._plain(key)}{self._colon}{self.written(item, inner)}"
                for key, item in value.items()
            ]
            return f"{{{inner}{f',{inner}'.join(lines)}{before}}}"
        items = [self.written(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(items)}{before}]"

    def _plain(self, value: Json) -> str:
        separators = (self._comma, self._colon)
        return json.dumps(value, ensure_ascii=self._ascii, separators=separators)


def read_own(file: Path, document: FlowDocument) -> OwnForm | None:
    """Reads a file whose document reading changed nothing of; ids and places that it gave are no change."""
    text = file.read_text(encoding="utf-8")
    raw = json.loads(text)
    if "format" not in raw or not _is_same(raw, document):
        return None
    return OwnForm(text)


def _is_same(raw: dict[str, Any], document: FlowDocument) -> bool:
    edges = raw.get("edges", [])
    try:
        named = [
            {**edge, "id": read.id} if edge.get("id") in (None, "") else edge
            for edge, read in zip(edges, document.edges, strict=True)
        ]
        own = FlowDocument.model_validate({**raw, "edges": named})
    except ValueError:
        return False
    return _without_places(own) == _without_places(document)


def _without_places(document: FlowDocument) -> FlowDocument:
    nodes = [node.model_copy(update={"position": Position()}) for node in document.nodes]
    return document.model_copy(update={"nodes": nodes})
