"""What authors write where a value is wanted: JSON as it stands, or a text to be filled; by name, or as a list of words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from pydantic import BeforeValidator, Field, JsonValue

from recado.engine.events import Json
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.node import Visit
from recado.engine.template import sole_path
from recado.engine.values import as_text

MAX_NAME = 100

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
# Values by name; a text among them may hold placeholders.
NamedValues = dict[Name, JsonValue]


def _listed(raw: Any) -> Any:
    return (raw,) if isinstance(raw, str) else raw


# Short texts: a list, or one text with commas in it.
Words = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=1_000)], ...], BeforeValidator(_listed)
]


def fill_or_null(visit: Visit, value: Json) -> Json:
    """Fills a value; a lone placeholder keeps its type, and what it does not find is null."""
    if not isinstance(value, str):
        return value
    path = sole_path(value)
    return visit.value(path) if path else visit.text(value)


def fill_value(visit: Visit, value: Json) -> Json:
    """Fills a value; a lone placeholder keeps its type, and what it does not find is an empty text."""
    found = fill_or_null(visit, value)
    return visit.text(value) if found is None and isinstance(value, str) else found


def fill_values(visit: Visit, values: Mapping[str, Json]) -> dict[str, Json]:
    """Fills values by name; one that is larger than a variable may be is left out and traced."""
    filled = {name: fill_value(visit, value) for name, value in values.items()}
    return {name: value for name, value in filled.items() if fits(visit, name, value)}


def fits(visit: Visit, name: str, value: Json) -> bool:
    """Says whether a value may be kept, and traces one that is too large."""
    small = len(msgspec.json.encode(value)) <= MAX_VALUE_BYTES
    if not small:
        visit.note(skipped="too_large", found=name)
    return small


def fill_words(
    visit: Visit, texts: Sequence[str], *, limit: int, most: int, between: str = ","
) -> list[str]:
    """Fills short texts and takes them apart at any sign of `between`; at most so many, each once."""
    parts = [part for text in texts for part in _parts(visit, text, between)]
    words = dict.fromkeys(word for part in parts if (word := " ".join(part.split())[:limit]))
    if len(words) > most:
        visit.note(skipped="too_many", found=", ".join([*words][most:]))
    return [*words][:most]


def _parts(visit: Visit, text: str, between: str) -> Iterator[str]:
    match fill_value(visit, text):
        case list() as items:
            filled = [as_text(item) for item in items]
        case value:
            filled = [as_text(value)]
    for each in filled:
        yield from re.split(f"[{re.escape(between)}\n]", each)
