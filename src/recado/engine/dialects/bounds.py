"""What is refused before anything reads it: too deep, too many, or not to be stored.

Everything after this may recurse over values, since they are at most `MAX_DEPTH` deep, and run in time linear in the
document.
"""

import math
from collections.abc import Mapping

from recado.engine.dialects.report import MOST_PLACES, DocumentRefused
from recado.engine.events import Json

# A foreign document says more than ours (style, measures, handlers), so it may be larger than what is kept of it.
MAX_IMPORT_BYTES = 10_000_000
MAX_DEPTH = 64
MAX_VALUES = 2_000_000
MAX_EDGES = 20_000
LEAST, MOST = -(2**63), 2**64


def check(raw: Mapping[str, Json]) -> None:
    """Refuses a document that is nested too deep, has too many values, or holds what no database keeps."""
    wrong: list[tuple[str, str]] = []
    todo: list[tuple[Json, str, int]] = [(raw, "", 0)]
    count = 0
    while todo and len(wrong) < MOST_PLACES:
        value, path, depth = todo.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise DocumentRefused([(_shown(path), f"is nested deeper than {MAX_DEPTH}")])
        if count + len(todo) > MAX_VALUES:
            raise DocumentRefused([("", f"has more than {MAX_VALUES:,} values")])
        if reason := _unfit(value):
            wrong.append((_shown(path), reason))
        match value:
            case dict():
                todo += [(item, f"{path}.{key}", depth + 1) for key, item in value.items()]
            case list():
                todo += [(item, f"{path}.{place}", depth + 1) for place, item in enumerate(value)]
    if wrong:
        raise DocumentRefused(wrong)


def _unfit(value: Json) -> str | None:
    match value:
        case str() if "\x00" in value or _has_surrogate(value):
            return "holds a character that cannot be stored"
        case float() if not math.isfinite(value):
            return "must be a number"
        case bool():
            return None
        case int() if not LEAST <= value < MOST:
            return "is too large a number"
        case dict() if any(not isinstance(key, str) or _unfit(key) for key in value):
            return "has a name that cannot be stored"
    return None


def _has_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _shown(path: str) -> str:
    path = path.lstrip(".").encode("utf-8", "replace").decode()
    return path if len(path) <= 200 else f"{path[:200]}…"
