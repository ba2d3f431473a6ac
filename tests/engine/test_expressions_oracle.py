"""Where our expressions and JavaScript mean the same, they say the same: QuickJS is the oracle.

A tree is written in both languages with as few brackets as each allows, so that precedence is under test as well.
The trees hold what both count alike: small whole numbers and fractions of powers of two, lower-case words, booleans.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from quickjs_rs import Context, Runtime

from recado.engine.events import Json
from recado.engine.expressions import evaluate

Kind = Literal["number", "boolean", "word"]
TERNARY, OR, AND, NOT, COMPARES, PIPE, ADDS, MULTIPLIES, SIGN, WHOLE = range(10)
LEVELS = {
    "or": OR, "and": AND, "==": COMPARES, "!=": COMPARES, "<": COMPARES, "<=": COMPARES,
    ">": COMPARES, ">=": COMPARES, "+": ADDS, "-": ADDS, "*": MULTIPLIES, "/": MULTIPLIES,
    "%": MULTIPLIES,
}  # fmt: skip
SCRIPT_WORDS = {
    "or": "||", "and": "&&", "==": "===", "!=": "!==", "min": "Math.min", "max": "Math.max",
    "abs": "Math.abs", "floor": "Math.floor", "ceil": "Math.ceil",
}  # fmt: skip
VARIABLES: dict[str, Json] = {"n": 6, "half": 0.5, "yes": True, "word": "casa"}


@dataclass(frozen=True)
class Tree:
    """An operator, a function or a literal, with its parts; `plain` picks our spelling where there are two."""

    what: str
    parts: tuple["Tree", ...] = ()
    plain: bool = True


def ours(tree: Tree) -> tuple[str, int]:
    """The tree in our language, and how tightly it is bound."""
    match tree.what, tree.parts:
        case what, ():
            return what, WHOLE
        case "not", (part,) if tree.plain:
            return f"not {_least(ours(part), NOT)}", NOT
        case "not", (part,):
            return f"!{_least(ours(part), SIGN)}", SIGN
        case "negative", (part,):
            return f"-{_least(ours(part), SIGN)}", SIGN
        case "choice", (test, one, other) if tree.plain:
            return f"{_least(ours(test), OR)} ? {ours(one)[0]} : {ours(other)[0]}", TERNARY
        case "choice", (test, one, other):
            left, middle = _least(ours(one), OR), _least(ours(test), OR)
            return f"{left} if {middle} else {ours(other)[0]}", TERNARY
        case what, (left, right) if what in LEVELS:
            sign = what if tree.plain else {"or": "||", "and": "&&"}.get(what, what)
            return _infix(sign, ours(left), ours(right), LEVELS[what])
        case what, (first, *rest):
            more = [ours(part)[0] for part in rest]
            if tree.plain:
                return f"{what}({', '.join([ours(first)[0], *more])})", WHOLE
            brackets = f"({', '.join(more)})" if more else ""
            return f"{_least(ours(first), PIPE)} | {what}{brackets}", PIPE
    raise AssertionError(tree)


def script(tree: Tree) -> tuple[str, int]:
    """The tree in JavaScript, and how tightly it is bound."""
    word = SCRIPT_WORDS.get(tree.what, tree.what)
    match tree.what, tree.parts:
        case _, ():
            return word, WHOLE
        case "not" | "negative" as what, (part,):
            # JavaScript would read --5 as one sign.
            return f"{'!' if what == 'not' else '- '}{_least(script(part), SIGN)}", SIGN
        case "choice", (test, one, other):
            return f"{_least(script(test), OR)} ? {script(one)[0]} : {script(other)[0]}", TERNARY
        case "length", (part,):
            return f"({script(part)[0]}).length", WHOLE
        case what, (left, right) if what in LEVELS:
            return _infix(word, script(left), script(right), LEVELS[what])
    return f"{word}({', '.join(script(part)[0] for part in tree.parts)})", WHOLE


def _infix(sign: str, left: tuple[str, int], right: tuple[str, int], level: int) -> tuple[str, int]:
    # A comparison of a comparison needs its brackets with us.
    first = _least(left, level + (level == COMPARES))
    return f"{first} {sign} {_least(right, level + 1)}", level


def _least(written: tuple[str, int], level: int) -> str:
    text, bound = written
    return text if bound >= level else f"({text})"


LITERALS: dict[Kind, list[str]] = {
    "number": [*map(str, range(13)), "0.5", "1.25", "2.75", "7.5", "n", "half"],
    "boolean": ["true", "false", "yes"],
    "word": ["'a'", '"b"', "'ab'", "'casa'", "'zebra'", "word"],
}
NODES: dict[Kind, list[tuple[str, tuple[Kind, ...]]]] = {
    "number": [
        *((sign, ("number", "number")) for sign in ("+", "-", "*", "+", "-", "*", "min", "max")),
        *((name, ("number",)) for name in ("negative", "abs", "floor", "ceil")),
        ("choice", ("boolean", "number", "number")),
        ("or", ("number", "number")),
        ("and", ("number", "number")),
        ("length", ("word",)),
    ],
    "boolean": [
        *((sign, ("number", "number")) for sign in ("==", "!=", "<", "<=", ">", ">=")),
        *((sign, ("word", "word")) for sign in ("==", "!=", "<", ">=")),
        *((sign, ("boolean", "boolean")) for sign in ("and", "or", "and", "or", "==", "!=")),
        ("not", ("boolean",)),
        ("not", ("number",)),
        ("choice", ("boolean", "boolean", "boolean")),
    ],
    "word": [
        ("+", ("word", "word")),
        ("choice", ("boolean", "word", "word")),
        ("or", ("word", "word")),
    ],
}


@st.composite
def trees(draw: st.DrawFn, kind: Kind, depth: int) -> Tree:
    """A tree of a kind; a division is by a power of two and the rest of one by a literal, so that both stay exact."""
    if depth == 0 or (depth < 3 and draw(st.integers(1, 8)) == 8):
        return Tree(draw(st.sampled_from(LITERALS[kind])))
    if kind == "number" and draw(st.integers(0, 4)) == 0:
        sign, by = draw(st.sampled_from([("/", "2"), ("/", "8"), ("%", "3"), ("%", "2.5")]))
        return Tree(sign, (draw(trees("number", depth - 1)), Tree(by)))
    if kind == "word" and draw(st.integers(0, 3)) == 0:
        number = Tree(draw(st.sampled_from(["0", "7", "12", "2.5"])))
        return Tree("+", (draw(trees("word", depth - 1)), number))
    what, kinds = draw(st.sampled_from(NODES[kind]))
    parts = tuple(draw(trees(part, depth - 1)) for part in kinds)
    return Tree(what, parts, draw(st.booleans()))


SEVERAL = st.tuples(
    *(trees("number", 3) for _ in range(4)),
    *(trees("boolean", 4) for _ in range(4)),
    trees("word", 3),
)


@pytest.fixture(scope="module")
def oracle() -> Iterator[Context]:
    with Runtime() as runtime, runtime.new_context() as context:
        for name, value in VARIABLES.items():
            context.eval(f"const {name} = {json.dumps(value)}")
        yield context


def value(source: str) -> Json:
    result = evaluate(source, VARIABLES, timezone="UTC", locale="en")
    assert result.failure is None, source
    return result.value


def same(oracle: Context, pairs: list[tuple[str, str]]) -> None:
    """Holds pairs of the two languages against each other."""
    theirs = json.loads(oracle.eval(f"JSON.stringify([{', '.join(pair[1] for pair in pairs)}])"))

    for (source, written), expected in zip(pairs, theirs, strict=True):
        found = value(source)
        assert (isinstance(found, bool), found) == (isinstance(expected, bool), expected), (
            f"{source} is not {written}"
        )


@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(several=SEVERAL)
def test_trees_have_the_same_value_in_both_languages(
    oracle: Context, several: tuple[Tree, ...]
) -> None:
    for tree in several:
        event(tree.what)

    same(oracle, [(ours(tree)[0], script(tree)[0]) for tree in several])


SUMS = ["+", "-", "*", "/", "%"]
ORDERS = ["<", "<=", ">", ">="]
LOGIC = ["&&", "||"]
NUMBERS = list(product(("8", "3"), ("4", "2"), ("1", "4")))
TRUTHS = list(product(("true", "false"), repeat=3))


def test_every_pair_of_operators_binds_alike(oracle: Context) -> None:
    sums = [
        f"{a} {one} {b} {other} {c}"
        for one, other in [*product(SUMS, SUMS), *product(SUMS, ORDERS), *product(ORDERS, SUMS)]
        for a, b, c in NUMBERS
    ]
    logic = [
        f"{a} {one} {b} {other} {c}" for one, other in product(LOGIC, LOGIC) for a, b, c in TRUTHS
    ]
    mixed = [
        f"{a} {one} {b} {other} {c}"
        for one, other in product(ORDERS, LOGIC)
        for a, b, c in product(("1", "3"), ("2", "3"), ("true", "false"))
    ]
    turned = [" ".join(reversed(each.split())) for each in mixed]
    signed = [f"-{a} {sign} {b}" for sign in SUMS for a, b, _ in NUMBERS]
    signed += [f"{a} {sign} -{b}" for sign in SUMS for a, b, _ in NUMBERS]
    signed += [f"!{a} {sign} !{b}" for sign in LOGIC for a, b, _ in TRUTHS]
    choices = [f"{a} {sign} {b} ? {c} : {a} ? 1 : 2" for sign in LOGIC for a, b, c in TRUTHS]

    every = [*sums, *logic, *mixed, *turned, *signed, *choices]

    assert len(every) > 600
    same(oracle, [(each, each) for each in every])
    worded = [each.replace("&&", "and").replace("||", "or") for each in every]
    assert [value(each) for each in worded] == [value(each) for each in every]


@pytest.mark.parametrize(
    ("source", "theirs"),
    [
        ("-7 % 3", "-7 % 3"),
        ("7 % -3", "7 % -3"),
        ("2 - 3 - 4 * 5 % 3", "2 - 3 - 4 * 5 % 3"),
        ("!yes == false", "!yes == false"),
        ("true ? false ? 1 : 2 : 3", "true ? false ? 1 : 2 : 3"),
        ("'a' < 'b' and 'b' < 'ab'", "'a' < 'b' && 'b' < 'ab'"),
        ("1 / 3", "1 / 3"),
        ("0 or half and n", "0 || half && n"),
    ],
)
def test_known_pitfalls_agree(oracle: Context, source: str, theirs: str) -> None:
    same(oracle, [(source, theirs)])


def test_the_oracle_is_wrong_where_we_mean_otherwise(oracle: Context) -> None:
    """The reasons for a language of our own: JavaScript would not do what the author means."""
    for source, meant in (
        ("'5' + '3'", 8),
        ("0.1 + 0.2 === 0.3", True),
        ("'São' === 'sao'", True),
        ("'não' ? 1 : 2", 2),
        ("'31/12/2025' < '01/01/2026'", True),
    ):
        own = evaluate(source.replace("===", "=="), {}, timezone="UTC", locale="en").value

        assert own == meant
        assert json.loads(oracle.eval(f"JSON.stringify({source})")) != meant
