"""Names for what a document must not carry: its secrets, connections and accounts are made again, under these names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from recado.engine.fold import fold

SECRET_WORD = re.compile(
    r"(?:^|[_\-.]|(?<=[a-z]))(?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|app[_-]?secret"
    r"|password|passwd|senha|secret|token|credentials?|private[_-]?key|connection[_-]?string)$",
    re.IGNORECASE,
)

LONGEST = 56  # the API takes 64 characters, and a number may follow


def looks_secret(name: str) -> bool:
    """Says whether a field or header of this name usually holds a secret."""
    return SECRET_WORD.search(name) is not None or name.casefold() in ("apikey", "key", "x-api-key")


def slug(text: str, *, otherwise: str) -> str:
    """Writes a text as a name: `shop.example` is `shop_example`."""
    name = re.sub(r"[^a-z0-9]+", "_", fold(text)).strip("_")[:40].strip("_")
    return name if name and name[0].isalpha() else f"{otherwise}_{name}".rstrip("_")


@dataclass(slots=True)
class Names:
    """Gives the same name to the same secret wherever a document uses it, and another to every other."""

    given: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    last: dict[tuple[str, str], int] = field(default_factory=dict)

    def name(self, kind: str, wanted: str, original: str | None = None) -> str:
        """Gives the name of a secret (or connection, account); `original` tells it apart and is never shown."""
        key = kind, original or f"\0{wanted}"
        if key not in self.given:
            self.given[key] = self._free(kind, wanted)
        return self.given[key]

    def _free(self, kind: str, wanted: str) -> str:
        wanted = wanted[:LONGEST]
        name, count = wanted, self.last.get((kind, wanted), 1)
        while (kind, name) in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.last[kind, wanted] = count
        self.taken.add((kind, name))
        return name


def host_of(url: str) -> str:
    """Gives the host of an address, without user and port; empty when it is filled in only at run time."""
    found = re.match(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:{}]+)", url.strip(), re.IGNORECASE)
    return found[1] if found else ""


def kept_names(kinds: Mapping[str, str]) -> str:
    """Lists facts that are not secret, as `host db.example, database lojas`."""
    return ", ".join(f"{name} {value}" for name, value in kinds.items() if value)
