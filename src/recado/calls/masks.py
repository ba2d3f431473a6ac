"""Takes secrets out of whatever comes back: services like to repeat what they were sent."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from recado.calls.escapes import Unescaped
from recado.engine.events import Json

SHOWN = "•••"
DEEPEST = 100
# JSON in a text of JSON in a text of JSON is common in logs.
DEEPEST_ESCAPES = 3
# Shorter ones would be found in any base64.
SHORTEST_CORE = 6
URL_SAFE = str.maketrans("+/", "-_")


class TooDeep(ValueError):
    """A value nested deeper than anybody means it."""


class Mask:
    """Replaces the secrets that a request used, in every spelling that a service may repeat them in."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._plain = frozenset(secret for secret in secrets if secret.strip())
        spellings = {spelling for secret in self._plain for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def text(self, text: str) -> str:
        """Masks a text, whatever escapes of JSON the secrets in it are written with."""
        if not self._plain:
            return text
        pieces: list[str] = []
        last = 0
        for start, end in sorted(self._places(text, DEEPEST_ESCAPES)):
            if start >= last:
                pieces += [text[last:start], SHOWN]
            last = max(last, end)
        return "".join([*pieces, text[last:]])

    def _places(self, text: str, depth: int) -> Iterator[tuple[int, int]]:
        """Gives where secrets stand, as they are and with escapes undone; places may lie over one another."""
        yield from (found.span() for found in self._pattern.finditer(text))
        if depth and "\\" in text:
            undone = Unescaped(text)
            if len(undone.text) < len(text):
                for start, end in self._places(undone.text, depth - 1):
                    yield undone.original(start), undone.original(end)

    def value(self, value: Json, depth: int = 0) -> Json:
        """Masks every text and name in a JSON value, and makes them such as a database keeps; raises `TooDeep`."""
        if depth > DEEPEST:
            raise TooDeep
        match value:
            case str():
                return self.text(_storable(value))
            case dict():
                return {
                    self.text(_storable(name)): self.value(member, depth + 1)
                    for name, member in value.items()
                }
            case list():
                return [self.value(item, depth + 1) for item in value]
            case int() | float() if str(value) in self._plain:
                return SHOWN
        return value


def _spellings(secret: str) -> Iterable[str]:
    for form in {secret, secret.strip()}:
        yield form
        yield quote(form, safe="")
        yield quote_plus(form)
        yield html.escape(form)
        yield base64.b64encode(form.encode()).decode()
        yield from _within_base64(form.encode())
        for ascii_only in (True, False):
            quoted = json.dumps(form, ensure_ascii=ascii_only)[1:-1]
            yield quoted
            yield json.dumps(quoted, ensure_ascii=ascii_only)[1:-1]
            yield from _within_base64(quoted.encode())


def _within_base64(secret: bytes) -> Iterable[str]:
    """Gives what a secret looks like in the middle of a longer text in base64: it depends on how much stands before it."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret).decode()
        # Signs that also hold bits of the neighbours are left out.
        core = encoded[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        if len(core) >= SHORTEST_CORE:
            yield core
            yield core.translate(URL_SAFE)


def _storable(text: str) -> str:
    """Leaves out what PostgreSQL keeps in no text: NUL and halves of surrogates."""
    clean = text.replace("\0", "")
    return clean if clean.isascii() else clean.encode("utf-8", "replace").decode()
