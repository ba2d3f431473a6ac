"""What the API takes: the rules that every input model follows.

A field that is absent stays as it is, null clears it, a field we don't know is refused with the likely right name.
What our own answers hold and nobody can set (`id`, `created_at`) may come back in a PUT and is passed over.
"""

import difflib
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, get_args

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from recado.engine.events import Json

MAX_DEPTH = 64
MAX_OBJECT_BYTES = 256_000


class Input(BaseModel):
    """A request body: strict about names, lenient about what we ourselves sent before."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    # Names that our answers hold and that nobody can set: passed over, so that a GET can be PUT back.
    read_only: ClassVar[frozenset[str]] = frozenset({"id", "created_at", "updated_at"})
    _passed_over: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="wrap")
    @classmethod
    def _known_names_only(cls, data: Any, handler: ModelWrapValidatorHandler["Input"]) -> "Input":
        passed_over = frozenset(data) & cls.read_only if isinstance(data, dict) else frozenset()
        if passed_over:
            data = {key: value for key, value in data.items() if key not in passed_over}
        try:
            made = handler(data)
            made._passed_over = passed_over
            return made
        except ValidationError as error:
            lines = [_with_hint(line, list(cls.model_fields)) for line in error.errors()]
            raise ValidationError.from_exception_data(error.title, lines) from None

    def given(self) -> dict[str, Any]:
        """Gives only the fields that were in the request, as Python values."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def passed_over(self) -> frozenset[str]:
        """Gives the names in the request that nobody can set."""
        return self._passed_over


def absent() -> Any:
    """Marks a field that may be left out but not be null; its absence shows in `model_fields_set`."""
    return Field(default_factory=lambda: None)


def _with_hint(line: ErrorDetails, names: list[str]) -> InitErrorDetails:
    kind: str | PydanticCustomError = line["type"]
    if kind == "extra_forbidden" and len(line["loc"]) == 1:
        kind = unknown_field(str(line["loc"][0]), names)
    elif kind not in _PYDANTIC_KINDS:
        kind = PydanticCustomError(line["type"], line["msg"], line.get("ctx"))
    details = InitErrorDetails(type=kind, loc=line["loc"], input=line["input"])
    if isinstance(kind, str) and "ctx" in line:
        details["ctx"] = line["ctx"]
    return details


def unknown_field(name: str, names: list[str]) -> PydanticCustomError:
    """Says that there is no field of a name, and which of the names it may be meant for."""
    folded = {field.replace("_", ""): field for field in names}
    near = difflib.get_close_matches(name.replace("_", "").lower(), list(folded), n=1)
    if not near:
        return PydanticCustomError("unknown_field", "There is no such field.")
    return PydanticCustomError(
        "unknown_field_near",
        "There is no such field. Did you mean “{near}”?",
        {"near": folded[near[0]]},
    )


_PYDANTIC_KINDS = frozenset(get_args(ErrorType))


def storable(value: Json) -> Json:
    """Checks that PostgreSQL can keep a JSON value: no NUL, no half surrogate, numbers in range, not too deep."""
    _check(value, 0)
    return value


def _check(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise PydanticCustomError("too_deep", "Nested deeper than {limit}.", {"limit": MAX_DEPTH})
    match value:
        case str():
            sound = "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
        case int():
            sound = -(2**63) <= value < 2**64
        case float():
            sound = math.isfinite(value)
        case dict():
            sound = True
            for key, item in value.items():
                _check(key, depth)
                _check(item, depth + 1)
        case list():
            sound = True
            for item in value:
                _check(item, depth + 1)
        case _:
            sound = True
    if not sound:
        message = "Holds a character or number that cannot be stored."
        raise PydanticCustomError("not_storable", message)


def at_most(limit: int) -> Callable[[dict[str, Json]], dict[str, Json]]:
    """Makes a check that an object has at most so many bytes as JSON."""

    def check(value: dict[str, Json]) -> dict[str, Json]:
        if len(msgspec.json.encode(value)) > limit:
            raise PydanticCustomError("too_large", "Larger than {limit} bytes.", {"limit": limit})
        return value

    return check


def _email(value: str) -> str:
    name, at, host = value.strip().lower().rpartition("@")
    if not (name and at and host) or any(sign.isspace() or sign == "@" for sign in name + host):
        raise PydanticCustomError("invalid_email", "Not an e-mail address.")
    return f"{name}@{host}"


def in_utc(value: datetime) -> datetime:
    """Gives a moment in UTC, where one without a zone is taken to be; raises ValueError beyond the calendar."""
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("out_of_calendar", "Beyond the years 1 to 9999.") from None


_Stored = AfterValidator(storable)
Moment = Annotated[datetime, AfterValidator(in_utc)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), _Stored
]
Line = Annotated[str, StringConstraints(max_length=2_000), _Stored]
Text = Annotated[str, StringConstraints(max_length=10_000), _Stored]
Email = Annotated[str, StringConstraints(max_length=254), _Stored, AfterValidator(_email)]
NewPassword = Annotated[str, StringConstraints(min_length=8, max_length=1_024), _Stored]
Document = Annotated[dict[str, Any], _Stored]
Object = Annotated[dict[str, Any], _Stored, AfterValidator(at_most(MAX_OBJECT_BYTES))]
# null clears: an object becomes empty
ClearableObject = Annotated[Object, BeforeValidator(lambda value: {} if value is None else value)]
