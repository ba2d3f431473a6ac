"""Expressions: `total * 0.9 > 100 and plano in ["ouro", "prata"]`. A language of our own, total and sandboxed.

An expression reads JSON values from a scope and makes a JSON value. There are no loops, no definitions, no attributes of
anything but lists and objects, no way to the outside. The length, the nesting, the size of every value and the amount
looked at are bounded. `parse` gives an Expression or the Mistake in it, `evaluate` a value or the Failure: neither
raises. Values are compared as in the rules of a condition (`compare.py`), so `"5" >= 18` is false; a text that reads as a
number is one in arithmetic too. `docs/guide/expressions.md` is the description for authors, and a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import InvalidOperation, Overflow
from functools import lru_cache

from recado.engine.events import Json
from recado.engine.expression_mistakes import Failed, Failure, Mistake, Refused
from recado.engine.expression_operators import holds
from recado.engine.expression_parser import Parser
from recado.engine.expression_values import Code, Evaluation, bounded, json_of, weigh
from recado.engine.values import as_text

MAX_LENGTH = 2_000
# What a trace keeps of the values that were read.
NOTED_NAMES = 50
NOTED_SIZE = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an evaluation: a value, or none and why. `read` has the paths that were looked up, with what was there."""

    value: Json = None
    failure: Failure | Mistake | None = None
    read: Mapping[str, Json] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Says whether there is a value and it counts as true."""
        return self.failure is None and holds(self.value)

    @property
    def failed(self) -> str:
        """Gives the failure as a trace keeps it: its code, and what was to blame."""
        match self.failure:
            case Failure(code=code, piece=piece) | Mistake(code=code, piece=piece):
                return f"{code}: {piece}" if piece else code
        return ""

    def noted(self) -> dict[str, Json]:
        """Gives what was read as a trace keeps it: long values as the beginning of their text."""
        return {name: _noted(value) for name, value in [*self.read.items()][:NOTED_NAMES]}


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that can be evaluated, and the paths that it may read, each in its one spelling."""

    source: str
    names: frozenset[str]
    _code: Code = field(repr=False, compare=False)

    def evaluate(self, scope: Mapping[str, Json], *, timezone: str, locale: str) -> Result:
        """Gives the value; never raises. `timezone` is that of dates without one, `locale` writes money, numbers and dates."""
        evaluation = Evaluation(scope, timezone, locale)
        try:
            value = bounded(json_of(self._code.run(evaluation)))
        except Failed as failed:
            return Result(failure=failed.failure, read=evaluation.read)
        except (Overflow, InvalidOperation):
            return Result(failure=Failure("too_large"), read=evaluation.read)
        return Result(value, read=evaluation.read)


def parse(source: str) -> Expression | Mistake:
    """Reads an expression, or says its first mistake."""
    if len(source) > MAX_LENGTH:
        return Mistake("too_long", MAX_LENGTH, str(MAX_LENGTH))
    return _parsed(source)


def evaluate(source: str, scope: Mapping[str, Json], *, timezone: str, locale: str) -> Result:
    """Reads and evaluates in one step; a mistake is the failure."""
    expression = parse(source)
    if isinstance(expression, Mistake):
        return Result(failure=expression)
    return expression.evaluate(scope, timezone=timezone, locale=locale)


@lru_cache(maxsize=2_000)
def _parsed(source: str) -> Expression | Mistake:
    try:
        code = Parser(source).whole()
    except Refused as refused:
        return refused.mistake
    return Expression(source, code.names, code)


def _noted(value: Json) -> Json:
    if weigh(value, NOTED_SIZE) <= NOTED_SIZE:
        return value
    text = as_text(value)
    return f"{text[: NOTED_SIZE - 1]}…" if len(text) > NOTED_SIZE else text
