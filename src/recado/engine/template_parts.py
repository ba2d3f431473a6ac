"""Takes a template text apart: plain text, paths, and expressions rewritten so that minijinja sees nothing unsafe.

A path in an expression becomes `v0`, `v1` ...: minijinja gets values, never a scope to walk through; functions, methods,
operators and statements don't pass. Lengths are bounded here because minijinja parses by recursion: an expression of
50,000 operators would end the whole process.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from recado.engine.filters import is_filter
from recado.engine.values import PATH, STRING, parse_path, spell

MAX_EXPRESSION = 500
MAX_EXPRESSIONS = 200
MAX_FILTERS = 10
SHOWN = 60

# Everything up to the first }} outside quotes.
INSIDE = re.compile(rf"(?:[^\"'}}]|{STRING}|\}}(?!\}}))*(?=\}}\}})", re.DOTALL)
TOKEN = re.compile(
    rf"(?P<text>{STRING})|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![^\s()|,]))|\|\s*(?P<filter>\w+)"
    rf"|(?P<sign>[(),])|(?P<word>(?:if|else|and|or|not)(?![^\s()|,]))"
    rf"|(?P<literal>(?:true|false|none|null)(?![^\s()|,]))|(?P<path>{PATH})",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """What is wrong, with the piece of the text and its line."""

    code: str
    piece: str
    line: int


@dataclass(frozen=True, slots=True)
class PathPart:
    """A `{{ path }}`, in the path's one spelling."""

    path: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A `{{ expression }}`: minijinja's code, and the path behind each of its names."""

    source: str
    line: int
    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    # With `default`, `or`, `and`, `if` the author has thought of the missing value.
    minds_missing: bool = False


Part = str | PathPart | Expression


def split_parts(source: str) -> tuple[Part, ...] | TemplateMistake:
    """Splits a text into what stays, what is looked up and what is evaluated, or says its first mistake."""
    parts: list[Part] = []
    start = 0
    while (opened := source.find("{{", start)) >= 0:
        inside = INSIDE.match(source, opened + 2, opened + 2 + MAX_EXPRESSION)
        if inside is None:
            return _no_end(source, opened)
        if len(parts) >= 2 * MAX_EXPRESSIONS:
            return _mistake("too_many", source, opened)
        part = _read(inside[0].strip(), source, opened)
        if isinstance(part, TemplateMistake):
            return part
        parts += [source[start:opened], part]
        start = inside.end() + 2
    return tuple(part for part in (*parts, source[start:]) if part != "")


def _read(inside: str, source: str, at: int) -> PathPart | Expression | TemplateMistake:
    if not inside:
        return _mistake("empty", source, at)
    if parse_path(inside):
        return PathPart(spell(inside))
    tokens = list(_tokens(inside))
    if not tokens or sum(token["filter"] is not None for token in tokens) > MAX_FILTERS:
        return _mistake("not_understood", source, at, inside)
    for token in tokens:
        if token["filter"] and not is_filter(token["filter"]):
            return _mistake("unknown_filter", source, at, token["filter"])
    if _calls(tokens):
        return _mistake("not_understood", source, at, inside)
    return _expression(inside, tokens, source.count("\n", 0, at) + 1)


def _tokens(inside: str) -> Iterator[re.Match[str]]:
    """Gives the tokens of an expression; none at all when a part of it is not one."""
    found: list[re.Match[str]] = []
    place = 0
    while place < len(inside):
        token = TOKEN.match(inside, place)
        if token is None:
            return iter(())
        found.append(token)
        place = token.end() + len(inside[token.end() :]) - len(inside[token.end() :].lstrip())
    return iter(found)


def _calls(tokens: list[re.Match[str]]) -> bool:
    # A bracket opens after a filter, a word, a sign or at the start; anywhere else it would call a value.
    return any(
        after["sign"] == "("
        and not (before["filter"] or before["word"] or before["sign"] in ("(", ","))
        for before, after in pairwise(tokens)
    )


def _expression(inside: str, tokens: list[re.Match[str]], line: int) -> Expression:
    names: dict[str, str] = {}
    code = " ".join(_code(token, names) for token in tokens)
    # minijinja is not to see a lone surrogate.
    clean = code.encode("utf-8", "replace").decode()
    minds = any(token["word"] or token["filter"] == "default" for token in tokens)
    return Expression(inside, line, clean, names, minds)


def _code(token: re.Match[str], names: dict[str, str]) -> str:
    if token["path"]:
        name = f"v{len(names)}"
        names[name] = spell(token["path"])
        return name
    if token["filter"]:
        return f"|{token['filter']}"
    return "none" if token["literal"] == "null" else token[0]


def _no_end(source: str, opened: int) -> TemplateMistake:
    closed = source.find("}}", opened)
    if closed < 0:
        return _mistake("unclosed", source, opened, source[opened:])
    code = "too_long" if closed - opened > MAX_EXPRESSION else "not_understood"
    return _mistake(code, source, opened, source[opened : closed + 2])


def _mistake(code: str, source: str, at: int, piece: str = "") -> TemplateMistake:
    shown = piece if len(piece) <= SHOWN else piece[:SHOWN] + "…"
    return TemplateMistake(code, shown, source.count("\n", 0, at) + 1)
