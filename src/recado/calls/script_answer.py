"""What a script's process says, read without trusting it: a script that broke out of its engine would write it."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from recado.engine.events import Json

Failure = Literal["timeout", "memory", "exception", "bad_result", "crashed", "too_large"]
# The words that a process may say.
FAILURES: Mapping[str, Failure] = {
    "memory": "memory",
    "exception": "exception",
    "bad_result": "bad_result",
    "too_large": "too_large",
}
LONGEST_DETAIL = 1_000
DEEPEST = 64
HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a script: its value, or the word for what went wrong and the script's own message."""

    value: Json = None
    error: Failure | None = None
    detail: str = ""


class Unfit(ValueError):
    """A result that cannot be a value of ours; the argument says why."""


def read_answer(answer: bytes) -> Ran:
    """Reads a word for how it went, a line feed, and JSON; whatever else it is, the process crashed."""
    word, _, text = answer.decode("utf-8", "replace").partition("\n")
    if word == "value":
        return _value(text)
    if word not in FAILURES:
        return Ran(error="crashed")
    try:
        said = json.loads(text) if text else ""
    except (ValueError, RecursionError):
        return Ran(error="crashed")
    return Ran(error=FAILURES[word], detail=_sound_text(str(said))[:LONGEST_DETAIL])


def _value(text: str) -> Ran:
    try:
        value = json.loads(text, parse_constant=_refuse, parse_int=_integer)
        return Ran(value=_sound(value, DEEPEST))
    except RecursionError:
        return Ran(error="bad_result", detail="the result is nested too deep")
    except Unfit as unfit:
        return Ran(error="bad_result", detail=str(unfit))
    except ValueError:
        return Ran(error="crashed")


def _refuse(constant: str) -> Json:
    raise Unfit(f"{constant} is not JSON")


def _integer(digits: str) -> Json:
    """Reads an integer; one that needs more than 64 bits is the float that it was in JavaScript."""
    return int(digits) if len(digits) <= 18 else float(digits)


def _sound(value: Json, depth: int) -> Json:
    """Gives a value as the database can keep it: NUL goes, half characters become U+FFFD."""
    if depth < 0:
        raise Unfit("the result is nested too deep")
    match value:
        case str():
            return _sound_text(value)
        case float() if not math.isfinite(value):
            raise Unfit("a number is too large")
        case list():
            return [_sound(item, depth - 1) for item in value]
        case dict():
            return {_sound_text(key): _sound(item, depth - 1) for key, item in value.items()}
    return value


def _sound_text(text: str) -> str:
    return HALF.sub("\ufffd", text.replace("\0", ""))
