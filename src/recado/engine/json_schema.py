"""The part of JSON Schema (2020-12) that a language model's answer may be held against.

All of it can be checked in bounded time: patterns are RE2, references lead to the schema's own `$defs` and not round in
circles, and nothing is fetched.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from recado.engine.events import Json
from recado.engine.patterns import bad_pattern

MOST_BYTES = 20_000
MOST_PARTS = 200
DEEPEST = 30
TYPES = frozenset(["object", "array", "string", "number", "integer", "boolean", "null"])
DEFINITIONS = "#/$defs/"

Pair = tuple[str, str]  # pt-BR, en


@dataclass(frozen=True, slots=True)
class _Reference:
    """A part that stands among the definitions."""

    name: str


class SchemaMistake(ValueError):
    """What is wrong with a schema, in both languages."""

    def __init__(self, pt: str, en: str) -> None:
        super().__init__(en)
        self.pair: Pair = (pt, en)


def schema_mistake(schema: Mapping[str, Json]) -> Pair | None:
    """Says what is wrong with a schema, or None."""
    try:
        if len(msgspec.json.encode(schema)) > MOST_BYTES:
            raise SchemaMistake("é grande demais", "it is too large")
        if schema.get("type") != "object":
            raise SchemaMistake(
                "por fora precisa ser um objeto: “type”: “object”",
                "its outermost part must be an object: “type”: “object”",
            )
        weigh(schema)
    except SchemaMistake as mistake:
        return mistake.pair
    return None


def weigh(schema: Json) -> int:
    """Counts the parts of a schema, references followed; raises `SchemaMistake`."""
    definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    if not isinstance(definitions, dict):
        raise _odd("$defs")
    weights: dict[str, int | None] = {}

    def total(part: Json, depth: int = 0) -> int:
        weight = 1
        for inner in _inside(part):
            named = isinstance(inner, _Reference)
            weight += of_definition(inner.name) if named else total(inner, depth + 1)
            if weight > MOST_PARTS or depth > DEEPEST:
                raise SchemaMistake("tem partes demais", "it has too many parts")
        return weight

    def of_definition(name: str) -> int:
        if name not in definitions:
            raise SchemaMistake(f"“{name}” não está em $defs", f"“{name}” is not in $defs")
        if name not in weights:
            weights[name] = None
            weights[name] = total(definitions[name])
        weight = weights[name]
        if weight is None:
            raise SchemaMistake(f"“{name}” contém a si mesmo", f"“{name}” contains itself")
        return weight

    for name in definitions:
        of_definition(name)
    return total(schema)


def is_strict(schema: Json) -> bool:
    """Says whether every object names all its properties and takes no others, as OpenAI's strict mode asks."""
    if isinstance(schema, dict) and "properties" in schema:
        names = set(schema["properties"])
        if schema.get("additionalProperties") is not False or names != set(
            schema.get("required", ())
        ):
            return False
    parts = [each for each in _inside(schema) if isinstance(each, dict)]
    definitions = schema.get("$defs", {}).values() if isinstance(schema, dict) else ()
    return all(map(is_strict, (*parts, *definitions)))


def _inside(part: Json) -> Iterator[Json]:
    """Gives the parts right inside a part, and the definition that it refers to; checks all keywords."""
    match part:
        case bool():
            return
        case dict():
            for keyword, value in part.items():
                if keyword not in KEYWORDS:
                    raise SchemaMistake(
                        f"“{keyword}” não pode ser usado", f"“{keyword}” cannot be used"
                    )
                check = KEYWORDS[keyword]
                yield from check(keyword, value)
        case _:
            raise SchemaMistake("cada parte precisa ser um objeto", "each part must be an object")


def _odd(keyword: str) -> SchemaMistake:
    return SchemaMistake(
        f"o valor de “{keyword}” não serve", f"the value of “{keyword}” will not do"
    )


def _one(keyword: str, value: Json) -> Iterator[Json]:
    yield value


def _several(keyword: str, value: Json) -> Iterator[Json]:
    if not isinstance(value, list) or not value:
        raise _odd(keyword)
    yield from value


def _named(keyword: str, value: Json) -> Iterator[Json]:
    if not isinstance(value, dict):
        raise _odd(keyword)
    yield from value.values()


def _reference(keyword: str, value: Json) -> Iterator[Json]:
    if not isinstance(value, str) or not value.startswith(DEFINITIONS):
        raise _odd(keyword)
    yield _Reference(value.removeprefix(DEFINITIONS))


def _plain(holds: Callable[[Json], bool]) -> Callable[[str, Json], Iterator[Json]]:
    def check(keyword: str, value: Json) -> Iterator[Json]:
        if not holds(value):
            raise _odd(keyword)
        return iter(())

    return check


def _is_type(value: Json) -> bool:
    named = value if isinstance(value, list) else [value]
    return bool(named) and all(isinstance(each, str) and each in TYPES for each in named)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_pattern(value: Json) -> bool:
    return isinstance(value, str) and bad_pattern(value) is None


def _anything(value: Json) -> bool:
    return True


KEYWORDS: Mapping[str, Callable[[str, Json], Iterator[Json]]] = {
    "type": _plain(_is_type),
    "enum": _plain(lambda value: isinstance(value, list) and bool(value)),
    "const": _plain(_anything),
    "properties": _named,
    "required": _plain(_are_names),
    "additionalProperties": _one,
    "items": _one,
    "anyOf": _several,
    "oneOf": _several,
    "allOf": _several,
    "not": _one,
    "$ref": _reference,
    "$defs": _plain(lambda value: isinstance(value, dict)),
    "pattern": _plain(_is_pattern),
    "multipleOf": _plain(lambda value: _is_number(value) and value > 0),
    **dict.fromkeys(
        ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], _plain(_is_number)
    ),
    **dict.fromkeys(
        ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"],
        _plain(_is_count),
    ),
    # For whoever reads it, the model among them.
    **dict.fromkeys(
        ["title", "description", "default", "examples", "format", "$schema", "$comment"],
        _plain(_anything),
    ),
}
