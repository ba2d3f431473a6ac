"""Patterns of dates: which directives we write, and which we read because they mean the same in every language."""

from collections.abc import Iterator

from recado.engine.filters import DIRECTIVES, NAMED_PATTERNS
from recado.engine.problems import Problem

READABLE = ("%d", "%m", "%Y", "%y", "%H", "%M", "%S")


def writing_problems(pattern: str, *, field: str) -> Iterator[Problem]:
    """Finds directives that we do not write."""
    if pattern in NAMED_PATTERNS:
        return
    for directive in _directives(pattern):
        if directive not in DIRECTIVES:
            yield Problem(code="bad_date_format", field=field, params={"directive": directive})


def reading_problems(pattern: str, *, field: str) -> Iterator[Problem]:
    """Finds directives that we do not read or that stand twice, and a pattern that names no day."""
    found = _directives(pattern)
    for directive in found:
        if directive not in READABLE or found.count(directive) > 1:
            yield Problem(code="bad_date_format", field=field, params={"directive": directive})
    if not ({"%d", "%m"} <= {*found} and {"%Y", "%y"} & {*found}):
        yield Problem(code="date_format_without_day", field=field)


def _directives(pattern: str) -> list[str]:
    return [f"%{piece[:1]}" for piece in pattern.replace("%%", "").split("%")[1:]]
