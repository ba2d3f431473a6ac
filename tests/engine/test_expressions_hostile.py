"""Whatever is written and whatever it reads: `parse` and `evaluate` never raise, and what they do stays small."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.engine.events import Json
from recado.engine.expression_functions import FUNCTIONS
from recado.engine.expression_mistakes import Failure, Mistake
from recado.engine.expression_values import weigh
from recado.engine.expressions import Result, parse
from recado.engine.flow import MAX_VALUE_BYTES

LONG = "ção É " * 10_000
SCOPE: dict[str, Json] = {
    "long": LONG,
    "other": LONG + "x",
    "many": list(range(30_000)),
    "words": ["á" * 20] * 3_000,
    "uneven": ["a" * 30_000, *["b"] * 30_000],
    "ab": "ab" * 30_000,
    "x": 1,
}


def run(source: str, scope: dict[str, Json]) -> Result | Mistake:
    expression = parse(source)
    if isinstance(expression, Mistake):
        assert expression.say("pt-BR")
        assert 0 <= expression.position <= len(source)
        return expression
    return expression.evaluate(scope, timezone="America/Sao_Paulo", locale="pt-BR")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (" or ".join(["long == other and false"] * 60), "too_costly"),
        (" or ".join(["x in words and false"] * 60), "too_costly"),
        ("+".join(["length(upper(long))"] * 60), "too_costly"),
        (" or ".join(["matches(ab, '(a?){50}z')"] * 50), "too_costly"),
        ("[" + ", ".join(["words"] * 200) + "]", "too_costly"),
        # Every item would be compared with the 30,000 characters of the smallest one.
        ("min(uneven)", "too_costly"),
        ("long + long", "too_large"),
        ("many + many + many", "too_large"),
        ("[words, words]", "too_large"),
        ("{a: words, b: words}", "too_large"),
        ("replace(ab, 'a', ab)", "too_large"),
        ("join(words, ab)", "too_large"),
        ("join(split(slice(ab, 0, 30000), ''), ab)", "too_large"),
        ("concat(ab, ab)", "too_large"),
        ("split(ab, '')", "too_large"),
        ("*".join(["9" * 30] * 20), "too_large"),
        ("9" * 30 + " % 0." + "0" * 28 + "1", "too_large"),
    ],
    ids=lambda text: text[:30],
)
def test_bombs_fail(source: str, code: str) -> None:
    found = run(source, SCOPE)

    assert isinstance(found, Result)
    assert isinstance(found.failure, Failure)
    assert found.failure.code == code


@pytest.mark.parametrize(
    "source",
    [
        "(" * 2_000,
        "[" * 2_000,
        "{a:" * 600,
        "-" * 2_000,
        "!" * 2_000,
        "not " * 500,
        "1+" * 999 + "1",
        "1?" * 900,
        "1 if " * 400,
        "x" + "[0]" * 600,
        "x" + ".y" * 900,
        "x" + "[x]" * 600,
        "x" + "[x" * 900,
        "x" + "|text" * 390,
        "text(" * 390,
        "a==" * 600,
        "'" * 1_999,
        '"\\' * 900,
        "`" * 1_999,
        "1" * 2_001,
        "0." + "0" * 1_900 + "1",
    ],
    ids=lambda text: text[:10],
)
def test_monsters_are_mistakes(source: str) -> None:
    assert isinstance(run(source, {}), Mistake)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 99 + "x" + ")" * 99,
        "-" * 99 + "x",
        "x" + "+x" * 99,
        "x" + "[x]" * 99,
        "x?" * 49 + "x" + ":x" * 49,
    ],
    ids=lambda text: text[:10],
)
def test_the_deepest_that_passes_leaves_the_stack_room(source: str) -> None:
    """A turn is taken with some hundred frames on the stack already."""

    def deeper(frames: int) -> Result | Mistake:
        return deeper(frames - 1) if frames else run(source, {"x": 1})

    assert isinstance(deeper(400), Result)
    assert sys.getrecursionlimit() <= 1_000


def test_a_long_list_of_alternatives_is_short_enough() -> None:
    source = " or ".join(f"x == {number}" for number in range(95))

    found = run(source, {"x": 94})

    assert isinstance(found, Result)
    assert found.value is True


PIECES = [
    "x", "y", "lista", "order.items", "contact", "today", "secret", "`a b`", "1", "0", "2.5", "007", "'a'", '"5"',
    "''", "true", "null", "[", "]", "{", "}", "(", ")", ",", ":", "?", ".", ".a", "[0]", "+", "-", "*", "/", "%",
    "==", "!=", "<", ">=", "=", "!", "not", "and", "or", "&&", "||", "in", "not in", "if", "else", "|",
    "'2026-01-31'", "“", "\x00", "\ud800", "é", "e\u0301", "🙂", "\u202e", "９", "١", *FUNCTIONS,
    *(f"{name}(" for name in FUNCTIONS),
]  # fmt: skip
WORLD: dict[str, Json] = {
    "x": 5,
    "y": "18,5",
    "lista": [1, "a", None, [2], {"a": True}],
    "order": {"items": [{"title": "Pão"}]},
    "contact": {"name": "Ana", "tags": ["vip"]},
    "today": "2026-03-05",
    "secret": {"TOKEN": "hush-hush"},
    "a b": 1e300,
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [10**400, -(10**4_000), "9999-12-31T23:59Z", "01/01/0001", "1" * 15, "\ud800", "-0", "0,1"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def check(source: str, scope: dict[str, Json]) -> None:
    before = json.dumps(scope)
    found = run(source, scope)

    assert json.dumps(scope) == before
    if isinstance(found, Result):
        assert "hush-hush" not in json.dumps([found.value, found.noted(), found.failed])
        assert weigh(found.value, MAX_VALUE_BYTES) <= MAX_VALUE_BYTES
        assert found.failure is None or found.value is None
        assert found.failure is None or found.failure.say("en")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_random_pieces_never_raise(source: str) -> None:
    check(source, WORLD)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_random_text_never_raises(source: str) -> None:
    check(source, WORLD)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Grammatical expressions of any types, made of smaller ones."""
    signs = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", "and", "or", "in", "not in"]
    calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(
        lambda name: st.lists(
            inner, min_size=FUNCTIONS[name].least, max_size=FUNCTIONS[name].most or 3
        ).map(lambda parts: f"{name}({', '.join(parts)})")
    )
    return st.one_of(
        st.tuples(inner, st.sampled_from(signs), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.tuples(inner, inner).map(lambda t: f"{{a: {t[0]}, b: {t[1]}}}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
        inner.map(lambda part: f"-{part}"),
        inner.map(lambda part: f"not({part})"),
        calls,
        calls,
    )


GRAMMATICAL = st.recursive(
    st.sampled_from(
        ["v", "w", "u", "1", "0", "2.5", "'a'", "''", "'5'", "null", "true", "[]", "today"]
    ),
    grown,
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(source=GRAMMATICAL, v=VALUES, w=VALUES)
def test_sound_expressions_never_raise_whatever_they_read(source: str, v: Json, w: Json) -> None:
    check(source, {"v": v, "w": w, "today": "2026-03-05"})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_functions_take_anything(name: str, data: st.DataObject) -> None:
    function = FUNCTIONS[name]
    many = st.integers(function.least, function.most or 3)
    names = [f"v{number}" for number in range(data.draw(many))]

    check(f"{name}({', '.join(names)})", {name: data.draw(VALUES) for name in names})


@pytest.mark.parametrize(
    ("one", "turned"), [("v == w", "w == v"), ("v < w", "w > v"), ("v <= w", "w >= v")]
)
@settings(deadline=None)
@given(v=VALUES, w=VALUES)
def test_a_comparison_says_the_same_from_both_sides(
    one: str, turned: str, v: Json, w: Json
) -> None:
    scope = {"v": v, "w": w}
    first, second = run(one, scope), run(turned, scope)

    assert isinstance(first, Result)
    assert isinstance(second, Result)
    assert (first.value, first.failure) == (second.value, second.failure)
