"""Fills a text that may name secrets: values are written as their place demands, secrets stay references.

Four ways of writing. `plain`: as in a message. `header`: on one line. `url`: percent-encoded, but a placeholder at the
very start may be a whole address. `json`: inside quotes escaped, outside of them as a JSON value, so that
`{"qty": {{qty}}, "name": "{{name}}"}` is always JSON, whatever a customer wrote.
"""

import json
from collections.abc import Callable
from typing import Literal
from urllib.parse import quote

from recado.engine.events import Json
from recado.engine.requests import Escape, Sealed, SecretRef
from recado.engine.template_parts import Expression, Part, PathPart
from recado.engine.values import as_text

Style = Literal["plain", "header", "url", "json"]
SCOPE = "secret."


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
) -> Sealed:
    """Fills the placeholders with `fill` and keeps secrets as references; neighbouring text is one piece."""
    pieces: list[str | SecretRef] = []
    escape: Escape
    quoted = False
    for part in parts:
        if isinstance(part, str):
            quoted = _quoted_after(part, quoted) if style == "json" else quoted
            pieces.append(part)
            continue
        secret = secret_in(part)
        if secret is None:
            pieces.append(_write(fill(part), style, quoted=quoted, first=not pieces))
            continue
        # An address may be a secret as a whole, as those of incoming webhooks are.
        escape = "none" if style == "url" and not pieces else _escape(style)
        whole = style == "json" and not quoted
        pieces += ['"', SecretRef(secret, escape), '"'] if whole else [SecretRef(secret, escape)]
    return _joined(pieces)


def _reads_secret(path: str) -> bool:
    return path == "secret" or path.startswith((SCOPE, "secret["))


def _escape(style: Style) -> Escape:
    match style:
        case "json" | "url":
            return style
    return "none"


def _write(value: Json, style: Style, *, quoted: bool, first: bool) -> str:
    match style:
        case "header":
            return " ".join(as_text(value).split())
        case "url":
            text = as_text(value)
            return text if first else quote(text, safe="")
        case "json" if quoted:
            return json.dumps(as_text(value), ensure_ascii=False)[1:-1]
        case "json":
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
    return as_text(value)


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
