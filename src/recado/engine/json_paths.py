"""Takes a part out of a JSON value by a JMESPath expression, in bounded time and space.

JMESPath has no loops, but `[@, @] | [@, @] | ...` doubles its value at each step: 80 steps would fill any memory. So
what makes values larger is counted before an expression is taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import prod
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from recado.engine.events import Json

LONGEST = 500
MOST_GROWTH = 64
# Bytes of an answer times what the expressions may make of them: a few seconds at the worst.
MOST_WORK = 8_000_000
MOST_FUNCTIONS = 8
LONGEST_GLUE = 20
SELECTS = ("multi_select_list", "multi_select_dict")

Pair = tuple[str, str]  # pt-BR, en
TOO_LONG: Pair = ("é longo demais", "it is too long")
TOO_LARGE: Pair = ("pede coisas demais de uma vez", "it asks for too much at once")


def path_mistake(path: str) -> Pair | None:
    """Says what is wrong with an expression, in both languages, or None."""
    if len(path) > LONGEST:
        return TOO_LONG
    parsed = _parsed(path)
    if isinstance(parsed, str):
        return parsed, parsed
    nodes = list(_nodes(parsed.parsed))
    functions = [node for node in nodes if node["type"] == "function_expression"]
    for function in functions:
        if function["value"] not in Functions.FUNCTION_TABLE:
            return (
                f"não há função “{function['value']}”",
                f"there is no function “{function['value']}”",
            )
    if (
        _growth(nodes) > MOST_GROWTH
        or len(functions) > MOST_FUNCTIONS
        or any(map(_swells, functions))
    ):
        return TOO_LARGE
    return None


def find_by_path(path: str, value: Json) -> Json:
    """Gives what an expression finds; None where there is nothing, or what is there is of the wrong kind."""
    parsed = _parsed(path)
    if isinstance(parsed, str):
        return None
    try:
        return parsed.search(value)
    except (JMESPathError, TypeError, ValueError, AttributeError, RecursionError):
        # Besides its own errors jmespath lets Python's through, for example where it compares a text with a number.
        return None


def too_much_work(paths: Iterable[str], size: int) -> bool:
    """Says whether expressions would take too long over a value of so many bytes."""
    parsed = (_parsed(path) for path in paths)
    growths = (_growth(list(_nodes(each.parsed))) for each in parsed if not isinstance(each, str))
    return sum(growths) * size > MOST_WORK


@lru_cache(maxsize=1_000)
def _parsed(path: str) -> Any:
    """Parses an expression; gives its mistake as a text where it has one."""
    try:
        return jmespath.compile(path)
    except JMESPathError as error:
        return " ".join(str(error).split())[:200]
    except RecursionError:
        return TOO_LONG[1]


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    todo = [node]
    while todo:
        each = todo.pop()
        yield each
        # The children of a slice are numbers.
        todo += [child for child in each["children"] if isinstance(child, dict)]


def _growth(nodes: list[Mapping[str, Any]]) -> int:
    """Says how many times larger its value an expression can make."""
    return prod(max(2, len(node["children"])) for node in nodes if node["type"] in SELECTS)


def _swells(function: Mapping[str, Any]) -> bool:
    """Says whether a `join` puts anything but a few fixed signs between its many parts."""
    if function["value"] != "join" or not function["children"]:
        return False
    glue = function["children"][0]
    return glue["type"] != "literal" or len(str(glue["value"])) > LONGEST_GLUE
