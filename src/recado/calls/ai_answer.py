"""Reads what a language model's service answered: the words, or an object that fits the schema, and the tokens counted."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from recado.engine.events import CallResult, Json
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.json_schema import weigh
from recado.engine.patterns import compiled

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

# Parts of the schema times parts of the answer: a second of checking, in a thread.
MOST_CHECKS = 200_000
MOST_TOKENS = 10_000_000
# Many models put JSON into a fence, whatever they are told.
FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL | re.IGNORECASE)


def answer_of(body: bytes, schema: Mapping[str, Json] | None) -> CallResult:
    """Reads the body of a completion."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _useless("The service's answer is not JSON.")
    match answer:
        case {"choices": [{"message": dict() as message, **choice}, *_]}:
            said = _said(message, str(choice.get("finish_reason")), schema)
        case _:
            said = _useless("The service's answer holds no message.")
    usage = answer.get("usage") if isinstance(answer, dict) else None
    return msgspec.structs.replace(
        said,
        tokens_in=_count(usage, "prompt_tokens"),
        tokens_out=_count(usage, "completion_tokens"),
    )


def _said(message: dict[str, Json], ended: str, schema: Mapping[str, Json] | None) -> CallResult:
    text = _text(message.get("content"))
    refusal = message.get("refusal")
    if (isinstance(refusal, str) and refusal.strip()) or ended == "content_filter":
        return CallResult(ok=False, error="refused", detail=str(refusal or ""))
    if not text.strip():
        return _useless("The model said nothing.")
    if len(text.encode("utf-8", "replace")) > MAX_VALUE_BYTES:
        return CallResult(ok=False, error="too_large")
    if schema is None:
        return CallResult(ok=True, value=text)
    if ended == "length":
        return _useless("The answer was cut off at the most tokens.")
    return _object(text, schema)


def _object(text: str, schema: Mapping[str, Json]) -> CallResult:
    fenced = FENCE.fullmatch(text)
    try:
        value = msgspec.json.decode(fenced[1] if fenced else text)
    except (msgspec.DecodeError, RecursionError):
        return _useless("The answer is not JSON.")
    if weigh(schema) * _parts(value) > MOST_CHECKS:
        return CallResult(ok=False, error="too_large", detail="The answer has too many parts.")
    mistake = next(_validator(schema).iter_errors(value), None)
    if mistake is not None:
        # Its place and rule, not its words: they quote the answer.
        place = ".".join(map(str, mistake.absolute_path)) or "the answer"
        return _useless(f"The answer does not fit the schema: {place} ({mistake.validator}).")
    return CallResult(ok=True, value=value)


def _validator(schema: Mapping[str, Json]) -> "Validator":
    from referencing import Registry

    # An empty registry fetches nothing, whatever the schema refers to.
    made: Validator = _dialect()(schema, registry=Registry())
    return made


@cache
def _dialect() -> Any:
    """Gives the validators' class with RE2 in the place of Python's patterns, which may take for ever."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def pattern(validator: Any, wanted: str, instance: Json, schema: Json) -> Any:
        if isinstance(instance, str) and not compiled(wanted).search(instance):
            yield ValidationError("pattern")

    return extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


def _text(content: Json) -> str:
    match content:
        case str():
            return content
        case list():
            return "".join(
                part["text"]
                for part in content
                if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
    return ""


def _parts(value: Json) -> int:
    match value:
        case dict():
            return 1 + sum(map(_parts, value.values()))
        case list():
            return 1 + sum(map(_parts, value))
    return 1


def _count(usage: Json, name: str) -> int:
    count = usage.get(name) if isinstance(usage, dict) else None
    return min(max(count, 0), MOST_TOKENS) if isinstance(count, int) else 0


def _useless(detail: str) -> CallResult:
    return CallResult(ok=False, error="bad_answer", detail=detail)
