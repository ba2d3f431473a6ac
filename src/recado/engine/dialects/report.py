"""What reading a foreign document did to it: said to the author, so that nothing changes or goes missing unsaid."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from recado.engine.dialects.words_changed import CHANGED
from recado.engine.dialects.words_lost import LOST
from recado.engine.events import Json
from recado.engine.problems import Language

SENTENCES: dict[str, dict[str, str]] = {
    "format": {
        "pt-BR": "Documento lido na forma “{form}”: {nodes} nós e {edges} ligações.",
        "en": "Document read in the form “{form}”: {nodes} nodes and {edges} edges.",
    },
    "dialect": {
        "pt-BR": "Nós escritos no dialeto {dialect}: {nodes}.",
        "en": "Nodes written in dialect {dialect}: {nodes}.",
    },
    "more": {
        "pt-BR": "Mais {count} observações do mesmo tipo não foram listadas.",
        "en": "{count} more notes of this kind are not listed.",
    },
    **CHANGED,
    **LOST,
}
MOST_PLACES = 50
MOST_NOTES = 5_000


class DocumentRefused(ValueError):
    """The document cannot be read at all; each of `places` is a (path, reason) in English, the first fifty of them."""

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        kept = tuple(places[:MOST_PLACES])
        if left := len(places) - len(kept):
            kept = (*kept, ("", f"and {left:,} more places"))
        super().__init__(
            "; ".join(f"{path}: {reason}" if path else reason for path, reason in kept)
        )
        self.places = kept


class Note(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that was understood, changed or lost, with its place."""

    code: str
    node: str | None = None
    edge: str | None = None
    params: dict[str, Json] = {}

    def say(self, language: Language = "pt-BR") -> str:
        """Says the note in a sentence that an author understands."""
        return SENTENCES[self.code][language].format_map(self.params)


class Report(msgspec.Struct, frozen=True):
    """Everything that reading a document did."""

    understood: tuple[Note, ...] = ()
    changed: tuple[Note, ...] = ()
    lost: tuple[Note, ...] = ()

    @property
    def dialects(self) -> tuple[str, ...]:
        """Names the dialects of the nodes, the most frequent first; our own form when there is no other."""
        found = tuple(
            str(note.params["dialect"]) for note in self.understood if note.code == "dialect"
        )
        return found or ("recado/1",)


@dataclass(slots=True)
class Notes:
    """Collects a report while a document is read."""

    understood: list[Note] = field(default_factory=list)
    changed: list[Note] = field(default_factory=list)
    lost: list[Note] = field(default_factory=list)

    def change(
        self, code: str, *, node: str | None = None, edge: str | None = None, **params: Json
    ) -> None:
        """Notes that something is written otherwise now."""
        self.changed.append(Note(code=code, node=node, edge=edge, params=params))

    def lose(
        self, code: str, *, node: str | None = None, edge: str | None = None, **params: Json
    ) -> None:
        """Notes that something could not be carried over."""
        self.lost.append(Note(code=code, node=node, edge=edge, params=params))

    def report(self) -> Report:
        """Gives what was collected, a list that is too long with the number of what is left out."""
        return Report(_bounded(self.understood), _bounded(self.changed), _bounded(self.lost))


def _bounded(notes: list[Note]) -> tuple[Note, ...]:
    kept = tuple(notes[:MOST_NOTES])
    left = len(notes) - len(kept)
    return (*kept, Note(code="more", params={"count": left})) if left else kept
