"""Which schemas an answer may be held against: only such as can be checked in bounded time."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from recado.engine.json_schema import KEYWORDS, is_strict, schema_mistake

Schema = dict[str, Any]
PERSON: Schema = {
    "type": "object",
    "properties": {"nome": {"type": "string"}},
    "required": ["nome"],
}


def of(**part: Any) -> Schema:
    """A schema of an object with one field."""
    return {"type": "object", "properties": {"x": part}}


@pytest.mark.parametrize(
    "schema",
    [
        PERSON,
        {"type": "object"},
        of(type=["string", "null"], pattern="^[0-9]+$", minLength=1, maxLength=8, format="date"),
        of(type="integer", minimum=1, exclusiveMaximum=5.5, multipleOf=0.5),
        of(type="array", items=PERSON, minItems=0, maxItems=3),
        of(enum=["a", 1, None], title="X", description="Y", default="a", examples=["a"]),
        of(anyOf=[{"type": "string"}, {"const": 1}], **{"not": {"const": 2}}),
        of(additionalProperties={"type": "number"}),
        {
            **of(**{"$ref": "#/$defs/p"}),
            "$defs": {"p": PERSON},
            "$schema": "https://json-schema.org",
        },
    ],
)
def test_sound_schemas_are_taken(schema: Schema) -> None:
    assert schema_mistake(schema) is None
    Draft202012Validator.check_schema(schema)


def _doubling(levels: int) -> Schema:
    """A schema that doubles at each level: `levels` lines, two to the power of that many parts."""
    named = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]}
        for n in range(levels)
    }
    return {**of(**{"$ref": "#/$defs/d0"}), "$defs": {**named, f"d{levels}": {"type": "string"}}}


def _nested(depth: int) -> Schema:
    part: Schema = {"type": "string"}
    for _ in range(depth):
        part = {"not": part}
    return of(**part)


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "array"}, "object"),
        ({}, "object"),
        (of(tipo="string"), "tipo"),
        (of(type="texto"), "type"),
        (of(type=[]), "type"),
        (of(pattern="("), "pattern"),
        (of(pattern="(?=x)"), "pattern"),
        (of(minLength=-1), "minLength"),
        (of(minimum="1"), "minimum"),
        (of(multipleOf=0), "multipleOf"),
        (of(enum=[]), "enum"),
        (of(anyOf=[]), "anyOf"),
        (of(items="p"), "object"),
        (of(items=[{"type": "string"}]), "object"),
        ({"type": "object", "properties": ["x"]}, "properties"),
        ({"type": "object", "required": "x"}, "required"),
        (of(**{"$ref": "https://example.com/schema.json"}), "$ref"),
        (of(**{"$ref": "#/properties/x"}), "$ref"),
        (of(**{"$ref": "#/$defs/nada"}), "nada"),
        (of(**{"$dynamicRef": "#x"}), "$dynamicRef"),
        (of(unevaluatedProperties=False), "unevaluatedProperties"),
        (of(patternProperties={"(a+)+$": {}}), "patternProperties"),
        (of(uniqueItems=True), "uniqueItems"),
        ({**PERSON, "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}, "itself"),
        ({**PERSON, "$defs": []}, "$defs"),
        (_doubling(20), "many parts"),
        (_nested(500), "many parts"),
        (of(anyOf=[{"const": n} for n in range(300)]), "many parts"),
        (of(description="x" * 21_000), "large"),
    ],
)
def test_what_is_wrong_is_said(schema: Schema, word: str) -> None:
    mistake = schema_mistake(schema)

    assert mistake is not None
    assert word in mistake[1]
    assert mistake[0] != mistake[1]


def test_every_keyword_is_one_of_the_standards() -> None:
    vocabulary = set(Draft202012Validator.VALIDATORS) | {
        "$defs", "$schema", "$comment", "title", "description", "default", "examples", "format",
    }  # fmt: skip

    assert set(KEYWORDS) <= vocabulary


def test_strict_is_a_schema_without_gaps() -> None:
    closed = {**PERSON, "additionalProperties": False}

    assert is_strict(closed)
    assert not is_strict(PERSON)
    assert not is_strict({**closed, "required": []})
    assert not is_strict({**closed, "$defs": {"a": PERSON}})
    assert not is_strict(
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": PERSON}},
            "required": ["a"],
            "additionalProperties": False,
        }
    )
