"""JSON values as an author sees them: found by a path, and said as text."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from recado.engine.events import Json

Path = tuple[str | int, ...]

# Whatever is no syntax may stand in a name, so `nome_do_usuário`, `meu-saldo`, `nome completo` and `1` are names;
# only `a or b` is no name, because of the word in it.
SIGNS = r"""\s.\[\]{}()|"',:;~<>=!+*/%&^?\\`"""
WORD = rf"[^{SIGNS}-][^{SIGNS}]*"
KEYWORD = r"(?:if|else|and|or|not|is|in)(?![^\s()|,])"
NAME = rf"(?!{KEYWORD}[ ]){WORD}(?:[ ]+(?!{KEYWORD}){WORD})*"
STRING = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
STEP = rf"\.\s*(?P<name>{NAME})|\[\s*(?P<index>[0-9]{{1,9}})\s*\]|\[\s*(?P<key>{STRING})\s*\]"
PATH = rf"{NAME}(?:\s*(?:{re.sub(r'[?]P<[a-z]+>', '?:', STEP)}))*"
SHORT_NUMBER = re.compile("[0-9]{1,9}")
# From here on JavaScript and we write a number in powers of ten.
HUGE = 1e21
MISSING: Final = object()


def as_text(value: Json) -> str:
    """Says a value as text: null is empty, whole floats lose `.0`, lists and objects become JSON."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case int():
            return _int_text(value)
    return _json_text(value)


def find(path: str, scope: Mapping[str, Json]) -> Json:
    """Looks up a path such as `order.items[0].title`; gives MISSING when nothing is there."""
    found: Json = MISSING
    if steps := parse_path(path):
        found = _member(scope, str(steps[0]))
        for step in steps[1:]:
            if found is MISSING:
                break
            found = child(found, step)
    # A variable may itself be called `cliente.nome`, for example after an import.
    return scope.get(path, MISSING) if found is MISSING else found


def child(value: Json, step: str | int) -> Json:
    """Goes one step into a list or an object; gives MISSING when nothing is there."""
    match value:
        case dict():
            return _member(value, str(step))
        case list() | tuple():
            place = (
                int(step) if isinstance(step, int) or SHORT_NUMBER.fullmatch(step) else len(value)
            )
            return value[place] if place < len(value) else MISSING
        case Mapping():  # asking whether something is one takes long
            return _member(value, str(step))
    return MISSING


@lru_cache(maxsize=4_096)
def parse_path(path: str) -> Path | None:
    """Reads a path into its steps; None when the text is not a path."""
    first = re.match(NAME, path)
    if first is None or not re.fullmatch(PATH, path, re.DOTALL):
        return None
    return (_squeezed(first[0]), *_steps(path[first.end() :]))


def spell(path: str) -> str:
    """Writes a path in its one spelling: `order . items[ 0 ]` is `order.items[0]`."""
    first, *rest = parse_path(path) or (path,)
    return str(first) + "".join(map(_spell_step, rest))


def _spell_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(NAME, step):
        return f".{step}"
    escaped = step.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'


def _steps(rest: str) -> Iterator[str | int]:
    for step in re.finditer(STEP, rest, re.DOTALL):
        if step["index"]:
            yield int(step["index"])
        else:
            yield _squeezed(step["name"]) if step["name"] else _unquoted(step["key"])


def _unquoted(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal[1:-1], flags=re.DOTALL)


def _squeezed(name: str) -> str:
    return " ".join(name.split())


def _member(value: Mapping[str, Json], key: str) -> Json:
    found = value.get(key, MISSING)
    if found is not MISSING or key.isascii():
        return found
    # A Mac writes é as e and an accent: the same name, other code points.
    for form in ("NFC", "NFD"):
        spelled = unicodedata.normalize(form, key)
        if spelled in value:
            return value[spelled]
    return MISSING


def _float_text(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < HUGE else repr(value)


def _int_text(value: int) -> str:
    # Python refuses to write integers of more than 4,300 digits.
    return str(value) if value.bit_length() < 10_000 else "inf" if value > 0 else "-inf"


def _json_text(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        return ""  # nothing that came as JSON gets here
