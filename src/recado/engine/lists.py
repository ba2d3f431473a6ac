"""Lists as authors write them, and what counts as nothing."""

import json
import re

from recado.engine.events import Json
from recado.engine.values import as_text


def is_empty(value: Json) -> bool:
    """Says whether there is nothing to see: null, blank text, an empty list or object."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | dict | tuple) and not value)


def read_list(value: Json, words: re.Pattern[str] | None = None) -> list[Json]:
    """Reads a list: a JSON one, or text with semicolons, line breaks or commas between the items.

    `18,5; 20` has two items: with a semicolon in it, a comma is part of a number.
    """
    if isinstance(value, list | tuple):
        return list(value)
    text = as_text(value).strip()
    if text.startswith("[") and (listed := _json_list(text)) is not None:
        return listed
    parts = words.split(text) if words else [text]
    if len(parts) == 1:
        parts = re.split(r"[;\n]", text) if re.search(r"[;\n]", text) else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def _json_list(text: str) -> list[Json] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None
