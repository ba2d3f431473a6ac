"""Fills a text that may name secrets: values are written as their place demands, secrets stay references.

Five ways of writing. `plain`: as in a message. `header`: on one line. `form`: percent-encoded. `url`: likewise, but a
placeholder at the very start may be a whole address. `json`: inside quotes escaped, outside of them as a JSON value, so
that `{"qty": {{qty}}, "name": "{{name}}"}` is always JSON, whatever a customer wrote.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from recado.engine.events import Json
from recado.engine.filled_address import FilledAddress
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.requests import Escape, Sealed, SecretRef
from recado.engine.template_parts import Expression, Part, PathPart
from recado.engine.values import as_text

Style = Literal["plain", "header", "form", "url", "json"]
SCOPE = "secret."
# Stands for a secret in the address that is looked at: its value is not known here.
UNKNOWN = "x"


@dataclass(frozen=True, slots=True)
class SealedText:
    """A filled text in pieces, the paths that led to nothing, and why it may not go out: a key of `CALL_ERRORS`."""

    pieces: Sealed
    missing: tuple[str, ...] = ()
    refused: str | None = None


def bare_name(name: str | None) -> str | None:
    """Takes `{{secret.TOKEN}}` for what it means, where only a secret's name is wanted."""
    return None if name is None else name.strip("{} ").removeprefix(SCOPE)


def secret_in(part: Part) -> str | None:
    """Names the secret that a placeholder is; None for everything else."""
    match part:
        case PathPart(path=path) if path.startswith(SCOPE):
            return path.removeprefix(SCOPE)
    return None


def mentions_secret(part: Part) -> bool:
    """Says whether a placeholder reads a secret at all, alone or in a larger expression."""
    match part:
        case PathPart(path=path):
            return _reads_secret(path)
        case Expression(names=names):
            return any(_reads_secret(path) for path in names.values())
    return False


def seal(
    parts: tuple[Part, ...], fill: Callable[[PathPart | Expression], Json], style: Style
) -> SealedText:
    """Fills the placeholders with `fill` and keeps secrets as references; neighbouring text is one piece."""
    sealing = _Sealing(style)
    for part in parts:
        match part:
            case str():
                sealing.write(part)
            case _ if secret := secret_in(part):
                sealing.refer(secret)
            case _:
                sealing.fill(fill(part))
        if sealing.size > MAX_VALUE_BYTES:
            break
    return sealing.sealed()


class _Sealing:
    """A text that is being sealed."""

    def __init__(self, style: Style) -> None:
        self.size = 0
        self._style = style
        self._pieces: list[str | SecretRef] = []
        self._quoted = False
        self._address = FilledAddress()

    def write(self, text: str) -> None:
        """Adds what the author wrote."""
        if self._style == "json":
            self._quoted = _quoted_after(text, self._quoted)
        self._address.write(text)
        self._add(text)

    def fill(self, value: Json) -> None:
        """Adds a placeholder's value."""
        text = _write(value, self._style, quoted=self._quoted, first=not self._pieces)
        self._address.fill(text)
        self._add(text)

    def refer(self, secret: str) -> None:
        """Adds the place of a secret."""
        # An address may be a secret as a whole, as those of incoming webhooks are.
        first = self._style == "url" and not self._pieces
        ref = SecretRef(secret, "none" if first else _escape(self._style))
        self._address.fill(UNKNOWN)
        whole = self._style == "json" and not self._quoted
        self._add(*(('"', ref, '"') if whole else (ref,)))

    def sealed(self) -> SealedText:
        """Gives the text, and says whether it may go out."""
        refused = self._address.refusal() if self._style == "url" else None
        if self.size > MAX_VALUE_BYTES:
            refused = "request_too_large"
        return SealedText(_joined(self._pieces), refused=refused)

    def _add(self, *pieces: str | SecretRef) -> None:
        self._pieces += pieces
        self.size += sum(
            len(each.encode("utf-8", "replace")) for each in pieces if isinstance(each, str)
        )


def _reads_secret(path: str) -> bool:
    return path == "secret" or path.startswith((SCOPE, "secret["))


def _escape(style: Style) -> Escape:
    match style:
        case "json" | "url":
            return style
        case "form":
            return "url"
    return "none"


def _write(value: Json, style: Style, *, quoted: bool, first: bool) -> str:
    match style:
        case "header":
            return " ".join(as_text(value).split())
        case "url" if first:
            return as_text(value)
        case "url" | "form":
            return quote(as_text(value), safe="", errors="replace")
        case "json" if quoted:
            return json.dumps(as_text(value), ensure_ascii=False)[1:-1]
        case "json":
            return _json(value)
    return as_text(value)


def _json(value: Json) -> str:
    try:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        # Python writes no whole numbers of more than 4,300 digits.
        return "null"


def _finite(value: Json) -> Json:
    """Gives a value with null in the place of what is no number in JSON."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {name: _finite(member) for name, member in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value


def _quoted_after(text: str, quoted: bool) -> bool:
    """Says whether a JSON string is open after a piece of text."""
    escaped = False
    for sign in text:
        if escaped:
            escaped = False
        elif sign == "\\" and quoted:
            escaped = True
        elif sign == '"':
            quoted = not quoted
    return quoted


def _joined(pieces: list[str | SecretRef]) -> Sealed:
    joined: list[str | SecretRef] = []
    for piece in pieces:
        match joined, piece:
            case [*_, str() as last], str():
                joined[-1] = last + piece
            case _:
                joined.append(piece)
    return tuple(piece for piece in joined if piece != "")
