"""What the operators of an expression do: each builds a `Code` from its parts."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from recado.engine.compare import Operator, as_boolean, compare
from recado.engine.events import Json
from recado.engine.expression_functions import Function
from recado.engine.expression_mistakes import Failed
from recado.engine.expression_values import (
    EXACT,
    Code,
    Evaluation,
    Value,
    bounded,
    decimal_of,
    json_of,
    number_of,
    quoted,
)
from recado.engine.lists import is_empty
from recado.engine.values import MISSING, as_text, child

ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "-": EXACT.subtract,
    "*": EXACT.multiply,
    "/": EXACT.divide,
    "%": EXACT.remainder,
}


def constant(value: Value) -> Code:
    """A value that stands in the expression."""
    return Code(lambda _: value)


def variable(path: str, depth: int = 1) -> Code:
    """The value of a path in the scope; each of its steps is one deeper."""
    return Code(lambda evaluation: evaluation.look_up(path), depth, frozenset([path]), path)


def member(whole: Code, key: Code) -> Code:
    """The item of a list at a place, or the member of an object by its key; null where there is none."""

    def run(evaluation: Evaluation) -> Value:
        value, step = json_of(whole.run(evaluation)), evaluation.take(key)
        found = child(value, step if type(step) is int and step >= 0 else as_text(step))
        return None if found is MISSING else found

    return _made(run, whole, key)


def listed(parts: Sequence[Code]) -> Code:
    """A list of what its parts give."""
    return _made(lambda evaluation: bounded([evaluation.take(part) for part in parts]), *parts)


def keyed(keys: Sequence[str], parts: Sequence[Code]) -> Code:
    """An object of what its parts give."""

    def run(evaluation: Evaluation) -> Value:
        values = (evaluation.take(part) for part in parts)
        return bounded(dict(zip(keys, values, strict=True)))

    return _made(run, *parts)


def negative(part: Code) -> Code:
    """The number below zero."""
    return _made(lambda evaluation: EXACT.minus(number_of(part.run(evaluation))), part)


def opposite(part: Code) -> Code:
    """True for what counts as false, and false for the rest."""
    return _made(lambda evaluation: not holds(evaluation.take(part)), part)


def both(left: Code, right: Code) -> Code:
    """The left value when it counts as false, else the right one, which is not looked at before."""

    def run(evaluation: Evaluation) -> Value:
        value = left.run(evaluation)
        return right.run(evaluation) if _holds(evaluation, value) else value

    return _made(run, left, right)


def either(left: Code, right: Code) -> Code:
    """The left value when it counts as true, else the right one, which is not looked at before."""

    def run(evaluation: Evaluation) -> Value:
        value = left.run(evaluation)
        return value if _holds(evaluation, value) else right.run(evaluation)

    return _made(run, left, right)


def chosen(test: Code, then: Code, other: Code) -> Code:
    """The one value or the other; only one of them is looked at."""

    def run(evaluation: Evaluation) -> Value:
        return (then if holds(evaluation.take(test)) else other).run(evaluation)

    return _made(run, test, then, other)


def compared(operator: Operator, left: Code, right: Code) -> Code:
    """Whether the comparison holds, as in the rules of a condition; an object contains its keys."""

    def run(evaluation: Evaluation) -> Value:
        one, other = evaluation.take(left), evaluation.take(right)
        among = list(other) if operator in IN and isinstance(other, dict) else other
        return compare(one, operator, among, timezone=evaluation.timezone)

    return _made(run, left, right)


IN = frozenset([Operator.IN, Operator.NOT_IN])


def calculated(sign: str, left: Code, right: Code) -> Code:
    """The result of an arithmetic sign."""

    def run(evaluation: Evaluation) -> Value:
        one, other = left.run(evaluation), right.run(evaluation)
        return _added(evaluation, one, other) if sign == "+" else _counted(sign, one, other)

    return _made(run, left, right)


def called(function: Function, parts: Sequence[Code]) -> Code:
    """What a function makes of its values."""

    def run(evaluation: Evaluation) -> Value:
        return bounded(function.call(evaluation, *map(evaluation.take, parts)))

    return _made(run, *parts)


def holds(value: Json) -> bool:
    """Says what a value counts as: what reads as yes or no is that, and of the rest only nothing is false."""
    said = as_boolean(value)
    return not is_empty(value) if said is None else said


def _holds(evaluation: Evaluation, value: Value) -> bool:
    return holds(evaluation.paid(json_of(value)))


def _counted(sign: str, one: Value, other: Value) -> Decimal:
    left, right = number_of(one), number_of(other)
    if sign in "/%" and right.is_zero():
        raise Failed("divided_by_zero")
    return ARITHMETIC[sign](left, right)


def _added(evaluation: Evaluation, one: Value, other: Value) -> Value:
    """Adds numbers, and puts lists or texts together; what is unset adds nothing."""
    if one is None or one == "":
        return other
    if other is None or other == "":
        return one
    left, right = decimal_of(one), decimal_of(other)
    if left is not None and right is not None:
        return EXACT.add(left, right)
    evaluation.paid(one)
    evaluation.paid(other)
    match one, other:
        case list(), list():
            return bounded([*one, *other])
        case (list() | dict(), _) | (_, list() | dict()):
            raise Failed("cannot_add", f"{quoted(one)} + {quoted(other)}")
        case (str(), _) | (_, str()):
            return bounded(as_text(json_of(one)) + as_text(json_of(other)))
    raise Failed("cannot_add", f"{quoted(one)} + {quoted(other)}")


def _made(run: Callable[[Evaluation], Value], *parts: Code) -> Code:
    depth = 1 + max((part.depth for part in parts), default=0)
    return Code(run, depth, frozenset[str]().union(*(part.names for part in parts)))
