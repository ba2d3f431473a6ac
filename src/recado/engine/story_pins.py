"""How a call of a story comes back: `{"value": ...}` worked, `{"error": "timeout"}` did not."""

from typing import Annotated

from msgspec import Meta, Struct

from recado.engine.events import CallResult, Json
from recado.engine.requests import Http, Request
from recado.engine.story_reading import StoryMistake, read

MOST_RESULTS = 100
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Pin(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A result as an author writes it. Whether the call worked follows from the rest, unless `ok` says it."""

    value: Json = None
    error: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    status: Count | None = None
    detail: str = ""
    ok: bool | None = None
    ms: Count = 0
    tokens_in: Count = 0
    tokens_out: Count = 0

    def __post_init__(self) -> None:
        """Refuses a result that says two things."""
        if self.ok and self.error:
            raise ValueError("a call that is ok has no error")
        if self.ok is False and self.error is None and self.status is None:
            raise ValueError("a call that did not work has an `error` or a `status`")

    def result(self, request: Request) -> CallResult:
        """Gives what comes back to a request; over HTTP only a status from 200 to 299 is a success."""
        error = self.error or self._bad_status(request)
        return CallResult(
            ok=error is None,
            value=self.value,
            error=error,
            detail=self.detail,
            status=self.status,
            ms=self.ms,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
        )

    def _bad_status(self, request: Request) -> str | None:
        ok = self.ok
        match request:
            case Http() if ok is None and self.status is not None:
                ok = 200 <= self.status <= 299
        return "bad_status" if ok is False else None


def read_pins(raw: Json, place: str) -> tuple[Pin, ...]:
    """Reads a node's results: one, or a list of them."""
    if not isinstance(raw, list):
        return (read(raw, Pin, place),)
    if not 1 <= len(raw) <= MOST_RESULTS:
        raise StoryMistake(place, f"a list of results has 1 to {MOST_RESULTS} of them")
    return read(raw, tuple[Pin, ...], place)
