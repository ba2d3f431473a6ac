"""A chatbot's settings as a request gives them: what the engine reads must make sense to it, word for word.

The engine reads them by msgspec, whose errors name a place and a reason; here they become errors of the fields.
Other keys are the front end's own and are kept, unless they look like a misspelt one of ours.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import inspect
from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails
from pydantic_core.core_schema import ErrorType

from recado.engine.settings import Settings, parse
from recado.web.inputs import ClearableObject, unknown_field

Path = tuple[str | int, ...]

_PLACE = re.compile(r"(?s)(?P<reason>.*?)(?: - at `\$(?P<path>[^`]*)`)?")
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`")
_LENGTH = re.compile(r"Expected `(?P<what>str|array)` of length (?P<sign>>=|<=) (?P<limit>\d+)")
_RANGE = re.compile(r"Expected `\w+` (?P<sign>>=|<=) (?P<limit>-?\d+)")
_TYPE = re.compile(r"Expected `(?P<what>\w+).*`, got")

# What msgspec says -> pydantic's word for it.
_TYPES: dict[str, ErrorType] = {
    "str": "string_type",
    "int": "int_type",
    "bool": "bool_type",
    "array": "list_type",
    "object": "dict_type",
}
_LENGTHS: dict[tuple[str, str], tuple[ErrorType, str]] = {
    ("str", ">="): ("string_too_short", "min_length"),
    ("str", "<="): ("string_too_long", "max_length"),
    ("array", ">="): ("too_short", "min_length"),
    ("array", "<="): ("too_long", "max_length"),
}
_RANGES: dict[str, tuple[ErrorType, str]] = {
    ">=": ("greater_than_equal", "ge"),
    "<=": ("less_than_equal", "le"),
}


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    lines = [line for key, value in settings.items() for line in _lines(key, value)]
    if lines:
        raise ValidationError.from_exception_data("settings", lines)
    return settings


BotSettings = Annotated[ClearableObject, AfterValidator(_checked)]


def _lines(key: str, value: object) -> Iterator[InitErrorDetails]:
    if key not in Settings.__struct_fields__:
        error = unknown_field(key, list(Settings.__struct_fields__))
        if error.type == "unknown_field_near":
            yield InitErrorDetails(type=error, loc=(key,), input=value)
        return
    try:
        parse({key: value})
    except msgspec.ValidationError as problem:
        yield _translated(str(problem), value)


def _translated(problem: str, value: object) -> InitErrorDetails:
    """Reads msgspec's sentence: where it is and what is wrong there."""
    found = _PLACE.fullmatch(problem)
    reason, written = (found["reason"], found["path"] or "") if found else (problem, "")
    path = tuple(
        int(step["index"]) if step["index"] else step["name"] for step in _STEP.finditer(written)
    )
    if unknown := _UNKNOWN.fullmatch(reason):
        error = unknown_field(unknown["name"], _names_at(path))
        return InitErrorDetails(type=error, loc=(*path, unknown["name"]), input=value)
    kind, context = _said(reason, path)
    return InitErrorDetails(type=kind, loc=path, input=value, ctx=context)


def _said(reason: str, path: Path) -> tuple[ErrorType, dict[str, Any]]:
    if length := _LENGTH.fullmatch(reason):
        kind, bound = _LENGTHS[length["what"], length["sign"]]
        more = {"field_type": "List", "actual_length": None} if length["what"] == "array" else {}
        return kind, {bound: int(length["limit"]), **more}
    if bounds := _RANGE.fullmatch(reason):
        kind, bound = _RANGES[bounds["sign"]]
        return kind, {bound: int(bounds["limit"])}
    match _type_at(path):
        case inspect.LiteralType(values=values):
            return "literal_error", {"expected": ", ".join(str(value) for value in values)}
    if (typed := _TYPE.match(reason)) and typed["what"] in _TYPES:
        return _TYPES[typed["what"]], {}
    return "value_error", {"error": reason}


def _names_at(path: Path) -> list[str]:
    match _type_at(path):
        case inspect.StructType(fields=fields):
            return [field.encode_name for field in fields]
    return []


def _type_at(path: Path) -> inspect.Type:
    """Finds what the engine expects at a place, as far as the place exists."""
    found: inspect.Type = inspect.type_info(Settings)
    for step in path:
        match found:
            case inspect.StructType(fields=fields):
                found = next((_plain(f.type) for f in fields if f.encode_name == step), found)
            case inspect.VarTupleType(item_type=item):
                found = _plain(item)
    return found


def _plain(type: inspect.Type) -> inspect.Type:
    """Takes null and the bounds away from a type."""
    match type:
        case inspect.UnionType(types=types):
            return next(each for each in types if not isinstance(each, inspect.NoneType))
        case inspect.Metadata(type=inner):
            return _plain(inner)
    return type
