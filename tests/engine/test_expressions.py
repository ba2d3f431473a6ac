"""Expressions: what they give, what they read, and what they say when they cannot."""

import json
from decimal import ROUND_DOWN, localcontext
from typing import Any

import pytest

from recado.engine.compare import Operator, compare
from recado.engine.events import Json
from recado.engine.expression_mistakes import FAILURES, MISTAKES, Failure, Mistake
from recado.engine.expressions import Expression, Result, evaluate, parse

SCOPE: dict[str, Json] = {
    "idade": "18",
    "zero": 0,
    "nulo": None,
    "texto": "Olá",
    "lista": [1, "dois", {"três": 3}],
    "order": {"items": [{"title": "Pão", "preço.final": 3}], "1": "um"},
    "cliente.nome": "Bia",
    "usuário": "Ana",
    "grande": 10**40,
    "now": "2026-03-05T14:07:08-03:00",
    "true": "não sou lido",
    "secret": {"TOKEN": "abc"},
}


def result(source: str, scope: dict[str, Json] | None = None) -> Result:
    known = SCOPE if scope is None else scope
    return evaluate(source, known, timezone="America/Sao_Paulo", locale="pt-BR")


def value(source: str, scope: dict[str, Json] | None = None) -> Json:
    found = result(source, scope)
    assert found.failure is None, found.failure.say("en")
    return found.value


def mistake(source: str) -> Mistake:
    found = parse(source)
    assert isinstance(found, Mistake), source
    return found


def expression(source: str) -> Expression:
    found = parse(source)
    assert isinstance(found, Expression), found
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 - 2 - 3", -4),
        ("2 * 3 % 4", 2),
        ("-2 * -3", 6),
        ("- - 2", 2),
        ("1 - -1", 2),
        ("not true or true", True),
        ("not (true or true)", False),
        ("not 1 == 2", True),
        ("!0 == true", True),
        ("1 + 1 == 2 and 3 > 2", True),
        ("true or false and false", True),
        ("false ? 1 : false ? 2 : 3", 3),
        ("true ? false ? 1 : 2 : 3", 2),
        ("1 if false else 2 if false else 3", 3),
        ("1 if true else 2 if true else 3", 1),
        ("true or false ? 'a' : 'b'", "a"),
        ("[1, 2][1] + 1", 3),
        ("{a: {b: [5]}}.a.b[0]", 5),
        ("'a' + 'b' | upper", "AB"),
        ("'b' == 'B' | lower", True),
        ("-1.5 | abs", 1.5),
        ("[3, 1] | min | text", "1"),
        (" ( 1 ) \n\t+ \u00a02", 3),
        ('"\\"\\n\\t\\\\\\q"', '"\n\t\\q'),
        ("[]", []),
        ("{}", {}),
        ("{a: 1, a: 2}", {"a": 2}),
        ("none", None),
    ],
)
def test_precedence_and_syntax(source: str, expected: Json) -> None:
    assert json.dumps(value(source)) == json.dumps(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("order.items[0].title", "Pão"),
        ("order . items [ 0 ] . title", "Pão"),
        ("order.items.0.title", "Pão"),
        ('order["items"][0]["preço.final"]', 3),
        ("order[1]", "um"),
        ("order.items[zero].title", "Pão"),
        ("order['it' + 'ems'][0].title", "Pão"),
        ("order.items[zero]['tit' + 'le']", "Pão"),
        ("(order.items)[0].title", "Pão"),
        ("cliente.nome", "Bia"),
        ("usua\u0301rio", "Ana"),
        ("`usuário`", "Ana"),
        ("lista[2].três", 3),
        # What is not there is null, and there is nothing in a text or a number.
        ("lista[3]", None),
        ("lista[-1]", None),
        ("lista[zero - 1]", None),
        ("lista[true]", None),
        ("lista[1.5]", None),
        ("lista['x']", None),
        ("lista.length", None),
        ("texto.upper", None),
        ("texto[0]", None),
        ("texto.__class__", None),
        ("order.items.append", None),
        ("idade.real", None),
        ("nada.de.nada[9]", None),
    ],
)
def test_paths_lead_to_json_and_nowhere_else(source: str, expected: Json) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("1 + 1", set()),
        ("a + b * a", {"a", "b"}),
        ("order . items[ 0 ].title", {"order.items[0].title"}),
        ("order[\"items\"]['a b']", {"order.items.a b"}),
        ("order.items[place].title", {"order.items", "place"}),
        ("length(x) > 2 ? y : z", {"x", "y", "z"}),
        ("`nome completo` | upper", {"nome completo"}),
        ("{a: b, c: [d]}", {"b", "d"}),
        ("lower(lower)", {"lower"}),
    ],
)
def test_names_are_the_paths_that_may_be_read(source: str, names: set[str]) -> None:
    assert expression(source).names == names


def test_a_result_has_the_values_that_were_read_and_no_others() -> None:
    assert result("idade < 20 ? texto : nulo").read == {"idade": "18", "texto": "Olá"}
    assert result("false and idade").read == {}
    assert result("nada or idade * 'x'").read == {"nada": None, "idade": "18"}
    assert result("nada or idade * 'x'").failure == Failure("not_a_number", "“x”")


def test_what_is_noted_stays_short() -> None:
    scope: dict[str, Json] = {f"v{number}": "a" * 1_000 for number in range(90)}
    scope["v1"] = [["b"] * 1_000]
    noted = result(" + ".join(f"length(v{number})" for number in range(90)), scope).noted()

    assert len(noted) == 50
    assert noted["v0"] == "a" * 199 + "…"
    assert noted["v1"] == (json.dumps([["b"] * 1_000], separators=(",", ":")))[:199] + "…"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0.1 + 0.2", 0.3),
        ("19.9 * 3", 59.7),
        ("1.005 * 1000", 1005),
        ("1 / 3", 0.3333333333333333),
        ("1 / 3 + 1 / 3 + 1 / 3", 1),
        ("floor(1 / 3 * 3)", 1),
        ("2 / 4", 0.5),
        ("-0", 0),
        ("0 * -1", 0),
        ("5.5 % 2", 1.5),
        ("9007199254740993 + 0", 9007199254740993),
        ("123456789012345678901 - 1", 123456789012345678900),
        ("grande == grande + 1", True),
        ("'1.234' + 0", 1234),
        ("' 18,5 ' * 2", 37),
    ],
)
def test_arithmetic_is_exact(source: str, expected: Json) -> None:
    assert json.dumps(value(source)) == json.dumps(expected)


def test_the_sums_do_not_depend_on_the_threads_context() -> None:
    with localcontext() as around:
        around.prec, around.rounding = 3, ROUND_DOWN

        assert value("1234.5678 + 0.0001") == 1234.5679
        assert value("2 / 3") == 0.6666666666666666
        assert value("round(1234.5678, 2)") == 1234.57


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("'5'", "'3'", 8),
        ("'5'", "3", 8),
        ("'007'", "1", "0071"),
        ("'a'", "1.50", "a1.5"),
        ("'a'", "true", "atrue"),
        ("''", "5", 5),
        ("null", "'a'", "a"),
        ("5", "null", 5),
        ("null", "null", None),
        ("[1]", "[2]", [1, 2]),
        ("[1]", "null", [1]),
        ("' '", "'a'", " a"),
    ],
)
def test_plus_adds_numbers_and_puts_the_rest_together(
    left: str, right: str, expected: Json
) -> None:
    assert value(f"{left} + {right}") == expected


VALUES = ["null", "true", "0", "1", "18", "'18'", "'18,5'", "'007'", "'abc'", "'Abc'", "''", "'não'",
          "'2026-01-31'", "'31/01/2026'", "[1]", "{a: 1}"]  # fmt: skip


@pytest.mark.parametrize("sign", ["==", "!=", "<", "<=", ">", ">=", "in"])
def test_comparing_is_what_a_rule_of_a_condition_does(sign: str) -> None:
    for left in VALUES:
        for right in VALUES[:-1]:
            one, other = value(left), value(right)
            ruled = compare(one, Operator(sign), other, timezone="America/Sao_Paulo")
            assert value(f"{left} {sign} {right}") is ruled, f"{left} {sign} {right}"


def test_in_looks_at_the_keys_of_an_object() -> None:
    assert value("'items' in order") is True
    assert value("'Pão' in order") is False
    assert value("'x' not in order") is True


@pytest.mark.parametrize(
    "source",
    ["false", "null", "0", "0.0", "''", "'  '", "[]", "{}", "'não'", "'NO'", "'0'", "nada"],
)
def test_nothing_and_the_words_that_mean_no_are_false(source: str) -> None:
    assert value(f"not {source}") is True
    assert value(f"{source} ? 1 : 2") == 2
    assert value(f"{source} or 'x'") == "x"
    assert value(f"{source} and 'x'") == value(source)
    assert not result(source).holds


@pytest.mark.parametrize(
    "source", ["true", "1", "-1", "0.5", "'a'", "'sim'", "'00'", "[0]", "{a: 0}", "idade"]
)
def test_the_rest_is_true(source: str) -> None:
    assert value(f"!{source}") is False
    assert value(f"{source} ? 1 : 2") == 1
    assert value(f"{source} or 'x'") == value(source)
    assert value(f"{source} and 'x'") == "x"
    assert result(source).holds


def test_what_is_not_needed_is_not_evaluated() -> None:
    assert value("true or 1 / 0") is True
    assert value("false and 1 / 0") is False
    assert value("true ? 1 : 1 / 0") == 1
    assert value("1 / 0 if false else 2") == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("length(lista)", 3),
        ("length(nada)", 0),
        ("first('')", None),
        ("last(lista).três", 3),
        ("slice('abcdef', 2)", "cdef"),
        ("slice('abcdef', -2)", "ef"),
        ("slice([1, 2, 3], 1, 2)", [2]),
        ("slice('abc', 99999999999999999999)", ""),
        ("split('a-b-c', '-')", ["a", "b", "c"]),
        ("split('ab', '')", ["a", "b"]),
        ("split('18,5; 20')", ["18,5", "20"]),
        ("join([1, 'a', null, [2]], '-')", "1-a--[2]"),
        ("replace('aaa', 'a', 'bb')", "bbbbbb"),
        ("replace('abc', '')", "abc"),
        ("concat(1, null, true, 'x')", "1truex"),
        ("contains('São Paulo', 'sao')", True),
        ("contains('abc', '')", False),
        ("starts_with('Rua A', 'rua')", True),
        ("matches('abc123', '[0-9]{3}$')", True),
        ("number('007')", None),
        ("number(true)", None),
        ("text(1.0 * 2)", "2"),
        ("boolean('talvez')", None),
        ("boolean(1)", True),
        ("round('2,5')", 3),
        ("round(-2.5)", -3),
        ("round(1234.5, 99)", 1234.5),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("sum([])", 0),
        ("sum(1, '2', null)", 3),
        ("min('10', 9)", 9),
        ("max('b', 'a', 'C')", "C"),
        ("max('2026-01-02', '03/01/2026')", "03/01/2026"),
        ("min([])", None),
        ("max(null, 2)", 2),
        ("default('', null, 0)", 0),
        ("coalesce(null)", None),
        ("money('1.234,5', 'USD')", "US$ 1.234,50"),
        ("format_number(1234.5)", "1.234,5"),
        ("date(now, '%d/%m/%Y %H:%M')", "05/03/2026 14:07"),
        ("add_months('31/01/2026', 1)", "2026-02-28"),
        ("add_hours(now, 10)", "2026-03-06T00:07:08-03:00"),
        ("add_days('2026-03-01', -1)", "2026-02-28"),
        ("days_between('2026-03-01', '2026-02-01')", -28),
        ("hours_between(now, '2026-03-05T18:07:08Z')", 1),
        ("weekday('2026-11-22')", 7),
        ("minute(now)", 7),
    ],
)  # fmt: skip
def test_functions(source: str, expected: Json) -> None:
    assert json.dumps(value(source)) == json.dumps(expected)


def test_dates_without_a_zone_are_those_of_the_workspace() -> None:
    source = "hours_between('2026-03-05 12:00', '2026-03-05T12:00:00Z')"
    read = expression(source)

    assert read.evaluate({}, timezone="America/Sao_Paulo", locale="en").value == -3
    assert read.evaluate({}, timezone="UTC", locale="en").value == 0


def test_the_locale_writes_and_does_not_read() -> None:
    read = expression("money(1234.5) + ' ' + format_number('1.234,5', 1)")

    assert read.evaluate({}, timezone="UTC", locale="en-US").value == "R$1,234.50 1,234.5"


MISTAKEN = {
    "": ("empty", 0),
    "  ": ("empty", 0),
    "1 +": ("value_missing", 3),
    "(1": ("sign_missing", 2),
    "[1, 2": ("sign_missing", 5),
    "{a: 1": ("sign_missing", 5),
    "{a 1}": ("unexpected", 3),
    "{1: 2}": ("unexpected", 1),
    "lower('a'": ("sign_missing", 9),
    "a ? b": ("sign_missing", 5),
    "a if b": ("sign_missing", 6),
    "1 2": ("unexpected", 2),
    "a b": ("unexpected", 2),
    "1 +* 2": ("unexpected", 3),
    "a.": ("unexpected", 1),
    "a..b": ("unexpected", 1),
    ".5": ("unexpected", 0),
    "1.": ("unexpected", 0),
    "1e5": ("unexpected", 0),
    "5abc": ("unexpected", 0),
    "a; b": ("unexpected", 1),
    "a @ b": ("unexpected", 2),
    "not": ("value_missing", 3),
    "a not b": ("unexpected", 2),
    "a | 5": ("unexpected", 4),
    "f(x)(y)": ("unknown_function", 0),
    "text(x)(y)": ("unexpected", 7),
    "x | nada": ("unknown_function", 4),
    "a()": ("unknown_function", 0),
    "a.b()": ("unexpected", 3),
    "[1,]": ("unexpected", 3),
    "'abc": ("unclosed_text", 0),
    "\"abc'": ("unclosed_text", 0),
    "“abc”": ("curly_quotes", 0),
    "{{ a }} > 1": ("braces", 0),
    "a = 1": ("assignment", 2),
    "a === 1": ("assignment", 4),
    "= 1": ("assignment", 0),
    "1 < 2 < 3": ("chained", 6),
    "a == b != c": ("chained", 7),
    "a in b not in c": ("chained", 7),
    "007": ("leading_zero", 0),
    "9" * 35: ("long_number", 0),
    "0." + "1" * 40: ("long_number", 0),
    "`a": ("curly_quotes", 0),
    "``": ("bad_name", 0),
    "`a.b`": ("bad_name", 0),
    "secret.TOKEN": ("secret", 0),
    "1 + secret": ("secret", 4),
    "` secret `.TOKEN": ("secret", 0),
    "secret['TOKEN']": ("secret", 0),
    "lower()": ("too_few_arguments", 0),
    "lower(a, b)": ("too_many_arguments", 0),
    "a | lower('b')": ("too_many_arguments", 4),
    "1 + " * 400 + "1 + " * 100 + "1": ("too_long", 2_000),
    "(" * 101: ("too_deep", 100),
}  # fmt: skip


@pytest.mark.parametrize("source", MISTAKEN)
def test_a_mistake_is_found_with_its_place(source: str) -> None:
    found = mistake(source)

    assert (found.code, found.position) == MISTAKEN[source]
    assert str(found.position + 1) in found.say("pt-BR")
    assert len(found.say("en")) < 200


def test_every_mistake_and_failure_is_among_the_examples() -> None:
    codes = {code for code, _ in MISTAKEN.values()} | {"not_text"}

    assert codes == set(MISTAKES)
    assert set(FAILED.values()) | {"too_costly"} == set(FAILURES)


FAILED = {
    "1 / 0": "divided_by_zero",
    "1 % zero": "divided_by_zero",
    "texto * 2": "not_a_number",
    "-texto": "not_a_number",
    "nulo - 1": "not_a_number",
    "true * 2": "not_a_number",
    "[1] * 2": "not_a_number",
    "'007' * 2": "not_a_number",
    "round(texto)": "not_a_number",
    "sum([1, 'x'])": "not_a_number",
    "money('muito')": "not_a_number",
    "slice('abc', 'x')": "not_a_number",
    "days_between('ontem', now)": "not_a_date",
    "year(5)": "not_a_date",
    "date('x')": "not_a_date",
    "join('abc')": "not_a_list",
    "add_years('2026-01-01', 9000)": "no_such_date",
    "add_months('2026-01-01', 0.5)": "no_such_date",
    "add_days(now, 99999999999999999999)": "no_such_date",
    "matches('a', '(')": "bad_pattern",
    "matches('a', '\ud800')": "bad_pattern",
    "[1] + 2": "cannot_add",
    "'a' + {}": "cannot_add",
    "true + 1": "cannot_add",
    "grande * grande * grande * grande * grande * grande * grande * grande": "too_large",
}


@pytest.mark.parametrize("source", FAILED)
def test_a_failure_has_no_value_and_says_why(source: str) -> None:
    found = result(source)

    assert found.value is None
    assert not found.holds
    assert isinstance(found.failure, Failure)
    assert found.failure.code == FAILED[source]
    assert found.failure.say("pt-BR") != found.failure.say("en")
    assert found.failed.partition(": ")[0] == found.failure.code


def test_a_mistake_at_evaluation_is_the_failure() -> None:
    found = result("1 +")

    assert isinstance(found.failure, Mistake)
    assert found.failed == "value_missing: +"


@pytest.mark.parametrize("table", [MISTAKES, FAILURES], ids=["mistakes", "failures"])
def test_both_languages_say_the_same(table: dict[str, tuple[str, str]]) -> None:
    for portuguese, english in table.values():
        assert portuguese.count("{piece}") == english.count("{piece}")
        assert portuguese.format(piece="x") != english.format(piece="x")


def test_a_value_that_was_read_is_never_read_as_an_expression_again() -> None:
    scope: dict[str, Any] = {"a": "1 + 1", "b": "secret.TOKEN", "c": "{{x}}"}

    assert value("a + b + c", scope) == "1 + 1secret.TOKEN{{x}}"
