"""What reading a foreign document did to it: said to the author, so that nothing changes or goes missing unsaid."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from recado.engine.events import Json
from recado.engine.problems import Language

SENTENCES: dict[str, dict[str, str]] = {
    "format": {
        "pt-BR": "Documento lido na forma “{form}”: {nodes} nós e {edges} ligações.",
        "en": "Document read in the form “{form}”: {nodes} nodes and {edges} edges.",
    },
    "fields_moved": {
        "pt-BR": "Campos da raiz do nó passaram para “data”: {fields}.",
        "en": "Fields at the node's root moved into “data”: {fields}.",
    },
    "field_renamed": {
        "pt-BR": "“{old}” passou a ser “{new}”.",
        "en": "“{old}” became “{new}”.",
    },
    "id_made_text": {
        "pt-BR": "O id {id} passou a ser texto.",
        "en": "The id {id} became text.",
    },
    "edge_named": {
        "pt-BR": "A ligação sem id recebeu o id “{id}”.",
        "en": "The edge without an id got the id “{id}”.",
    },
    "label_routes": {
        "pt-BR": "A ligação com o rótulo “{label}” sai agora da saída “{port}”.",
        "en": "The edge labelled “{label}” now leaves the port “{port}”.",
    },
    "laid_out": {
        "pt-BR": "{count} nós sem posição foram arrumados na tela.",
        "en": "{count} nodes without a position were laid out on the canvas.",
    },
    "not_kept": {
        "pt-BR": "O campo “{field}” não faz parte do documento e não foi guardado.",
        "en": "The field “{field}” is no part of the document and was not kept.",
    },
    "said_twice": {
        "pt-BR": "“{field}” estava na raiz e em “data”; ficou o valor de “data”.",
        "en": "“{field}” stood at the root and in “data”; the value in “data” was kept.",
    },
}


class DocumentRefused(ValueError):
    """The document cannot be read at all; each of `places` is a (path, reason) in English."""

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in places))
        self.places = tuple(places)


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


@dataclass(slots=True)
class Notes:
    """Collects a report while a document is read."""

    understood: list[Note] = field(default_factory=list)
    changed: list[Note] = field(default_factory=list)
    lost: list[Note] = field(default_factory=list)

    def report(self) -> Report:
        """Gives what was collected."""
        return Report(tuple(self.understood), tuple(self.changed), tuple(self.lost))
