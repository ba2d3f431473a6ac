"""`{{ variables }}` in texts. Only `{{ }}` is syntax: `{%` and `{#` are text, because they never reach minijinja.

Between the braces stands a path (`name`, `order.items[0].title`), which is looked up without further ado, or a small
expression: paths, quoted texts and numbers, filters (`filters.py`), `a or b`, `a and b`, `not a`, `a if b else c`.
There is no arithmetic and no comparison here: minijinja says that `"5" >= 18` is true. A value that is filled in is
never read as a template again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import msgspec
from minijinja import Environment, TemplateError

from recado.engine.events import Json
from recado.engine.filters import filters
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.sealing import SealedText, Style, seal
from recado.engine.template_parts import Expression, Part, PathPart, TemplateMistake, split_parts
from recado.engine.values import MISSING, as_text, find, spell

OPEN = "{{"
FUEL = 10_000
LONGEST_CACHED = 20_000

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "unclosed": {
        "pt-BR": "falta fechar com }}}} o que começa em “{piece}” (linha {line})",
        "en": "the }}}} is missing after “{piece}” (line {line})",
    },
    "empty": {
        "pt-BR": "não há nada entre {{{{ e }}}} (linha {line})",
        "en": "there is nothing between {{{{ and }}}} (line {line})",
    },
    "too_long": {
        "pt-BR": "“{piece}” é longo demais (linha {line})",
        "en": "“{piece}” is too long (line {line})",
    },
    "too_many": {
        "pt-BR": "há expressões demais neste texto (linha {line})",
        "en": "there are too many expressions in this text (line {line})",
    },
    "unknown_filter": {
        "pt-BR": "o filtro “{piece}” não existe (linha {line})",
        "en": "there is no filter “{piece}” (line {line})",
    },
    "not_understood": {
        "pt-BR": "não se entende “{piece}” (linha {line})",
        "en": "“{piece}” cannot be understood (line {line})",
    },
}


class Rendered(msgspec.Struct, frozen=True):
    """A filled text, the paths that led to nothing, and whether the text was cut at 64 KB."""

    text: str
    missing: tuple[str, ...] = ()
    truncated: bool = False


def render(source: str, scope: Mapping[str, Json], *, locale: str = "pt-BR") -> Rendered:
    """Fills a text. Never fails: what is missing is empty and listed; a text that `check` refuses stays as it is."""
    if OPEN not in source:
        return _bounded(source, [])
    parts = _parts(source)
    if isinstance(parts, TemplateMistake):
        return _bounded(source, [])
    written: list[str] = []
    missing: list[str] = []
    size = 0
    for part in parts:
        text = part if isinstance(part, str) else as_text(_evaluated(part, scope, locale, missing))
        written.append(text)
        size += len(text)
        if size > MAX_VALUE_BYTES:
            break
    return _bounded("".join(written), missing)


def render_sealed(
    source: str, scope: Mapping[str, Json], *, style: Style = "plain", locale: str = "pt-BR"
) -> SealedText:
    """Fills a text that may name secrets, which stay references; one that grows over 64 KB is refused."""
    parts = _parts(source)
    if isinstance(parts, TemplateMistake):
        return SealedText((source,))
    missing: list[str] = []
    sealed = seal(parts, lambda part: _evaluated(part, scope, locale, missing), style)
    return replace(sealed, missing=tuple(dict.fromkeys(spell(path) for path in missing)))


def parts_of(source: str) -> tuple[Part, ...]:
    """Gives a text's parts; none for a text that `check` refuses."""
    parts = _parts(source)
    return () if isinstance(parts, TemplateMistake) else parts


def check(source: str, *, locale: Literal["pt-BR", "en"] = "pt-BR") -> str | None:
    """Says what is wrong with a text, in words an author understands and with the line, or None."""
    mistake = _parts(source)
    if not isinstance(mistake, TemplateMistake):
        return None
    return SENTENCES[mistake.code][locale].format(piece=mistake.piece, line=mistake.line)


def variables(source: str) -> frozenset[str]:
    """Lists the paths that a text reads, as `order.items[0].title`; none for a text that `check` refuses."""
    parts = _parts(source)
    if isinstance(parts, TemplateMistake):
        return frozenset()
    return frozenset(path for part in parts if not isinstance(part, str) for path in _paths(part))


def sole_path(source: str) -> str | None:
    """Gives the path of a text that is one plain `{{ path }}` and nothing else, so that its value can keep its type."""
    parts = _parts(source.strip())
    if isinstance(parts, TemplateMistake):
        return None
    match parts:
        case (PathPart(path=path),):
            return path
    return None


def lookup(path: str, scope: Mapping[str, Json]) -> Json:
    """Looks up a path; None when nothing is there."""
    found = find(path, scope)
    return None if found is MISSING else found


def _parts(source: str) -> tuple[Part, ...] | TemplateMistake:
    if OPEN not in source:
        return (source,)
    return _cached_parts(source) if len(source) <= LONGEST_CACHED else _read_parts(source)


@lru_cache(maxsize=2_000)
def _cached_parts(source: str) -> tuple[Part, ...] | TemplateMistake:
    return _read_parts(source)


def _read_parts(source: str) -> tuple[Part, ...] | TemplateMistake:
    parts = split_parts(source)
    if isinstance(parts, TemplateMistake):
        return parts
    for part in parts:
        if isinstance(part, Expression) and not _works(part):
            return TemplateMistake("not_understood", part.source, part.line)
    return parts


def _works(expression: Expression) -> bool:
    # The grammar is minijinja's, the numbers of arguments are the filters': try both branches of `or` and `if`.
    try:
        for value in (None, "1"):
            _evaluate(expression, dict.fromkeys(expression.names, value), "en")
    except (TemplateError, TypeError):
        return False
    return True


def _evaluated(
    part: PathPart | Expression, scope: Mapping[str, Json], locale: str, missing: list[str]
) -> Json:
    """Gives what stands between braces its value; None, and a note in `missing`, where it has none."""
    if isinstance(part, PathPart):
        value = find(part.path, scope)
        if value is MISSING:
            missing.append(part.path)
            return None
        return value
    values = {name: find(path, scope) for name, path in part.names.items()}
    if not part.minds_missing:
        missing.extend(part.names[name] for name, value in values.items() if value is MISSING)
    known = {name: None if value is MISSING else value for name, value in values.items()}
    try:
        return _evaluate(part, known, locale)
    except (TemplateError, TypeError):
        # Only what `_works` could not try out: an argument too many in a branch of a branch.
        missing.append(part.source)
        return None


def _evaluate(expression: Expression, values: Mapping[str, Json], locale: str) -> Json:
    return _environment(locale).eval_expr(expression.code, **values)


@lru_cache(maxsize=16)
def _environment(locale: str) -> Environment:
    return Environment(
        filters=dict(filters(locale)),
        fuel=FUEL,
        undefined_behavior="chainable",
        pycompat=False,
        debug=False,
    )


def _paths(part: PathPart | Expression) -> Iterator[str]:
    if isinstance(part, PathPart):
        yield part.path
    else:
        yield from part.names.values()


def _bounded(text: str, missing: list[str]) -> Rendered:
    unique = tuple(dict.fromkeys(spell(path) for path in missing)) if missing else ()
    if len(text) * 4 <= MAX_VALUE_BYTES:
        return Rendered(text, unique)
    raw = text.encode("utf-8", "replace")
    if len(raw) <= MAX_VALUE_BYTES:
        return Rendered(text, unique)
    return Rendered(raw[:MAX_VALUE_BYTES].decode("utf-8", "ignore"), unique, truncated=True)
