"""Comparison is typed the way an author means it, and never fails."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.compare import Operator, as_boolean, as_number, compare, needs_value
from recado.engine.events import Json
from recado.engine.numbers import read_number

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
LIKELY = st.sampled_from([
    "18", "18,5", "1.234,56", "007", "sim", "não", "", " ", "a, b", "[", "1 e 5", "(", r"(\d+)+$",
    "2026-03-01", "01/03/2026", "31/02/2026", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00",
])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("18", "18"),
        (" 18 ", "18"),
        ("18.5", "18.5"),
        ("18,5", "18.5"),
        ("-18,5", "-18.5"),
        ("0", "0"),
        ("0,5", "0.5"),
        ("0.500", "0.5"),
        ("1.234", "1234"),
        ("1.234,56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234", "1.234"),
        ("1234.567", "1234.567"),
        ("123456789012345", "123456789012345"),
    ],
)
def test_text_that_reads_as_a_number(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "007", "00", "01310-100", "0.1.2", "1.23.456", "1234.567,8", "1,234.56", "1234567890123456",
        "1e5", "R$ 5", "18 anos", "dezoito", "", ".5", "5.", "١٨", "--1", "+5", "1.2,3.4",
    ],
)  # fmt: skip
def test_text_that_stays_text(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("left", "operator", "right", "holds"),
    [
        # numbers
        ("18", ">=", 18, True),
        ("5", ">=", 18, False),
        ("18,0", "==", 18, True),
        (18.0, "==", "18", True),
        ("1.234,56", ">", "1234", True),
        ("007", "==", 7, False),
        ("007", "==", "007", True),
        ("1234567890123456", "==", "1234567890123457", False),
        (10, "<", "9", False),
        ("-1", "<", 0, True),
        # booleans, if one side is one
        (True, "==", "Sim", True),
        ("não", "==", False, True),
        (True, "==", 1, True),
        (False, "==", 0, True),
        (True, "==", "talvez", False),
        (True, "!=", "talvez", True),
        (False, "==", None, False),
        ("sim", "==", "true", False),
        # dates
        ("2026-03-01", "==", "01/03/2026", True),
        ("02/03/2026", ">", "2026-03-01", True),
        ("10/02/2026", "<", "02/03/2026", True),
        ("2026-03-01T10:00:00-03:00", "==", "2026-03-01T13:00:00Z", True),
        ("31/02/2026", "==", "31/02/2026", True),
        # text, folded
        ("São Paulo", "==", "sao  paulo", True),
        ("abacate", "<", "Banana", True),
        ("b", "<=", "B", True),
        (["a", 1], "==", '["a",1]', True),
        # nothing
        (None, "==", "", True),
        (None, "==", None, True),
        (None, "!=", "x", True),
        (None, "<", 18, False),
        ("", "<=", "18", False),
        (5, ">", None, False),
        # parts of texts and lists
        ("Quero PIZZA", "contains", "pizza", True),
        ("Quero pizza", "not_contains", "pizza", False),
        (["a", "18"], "contains", 18, True),
        (["abc"], "contains", "b", False),
        ({"chave": 1}, "contains", "Chave", True),
        ("abc", "contains", "", False),
        ("abc", "contains", None, False),
        (None, "not_contains", "a", True),
        ("Olá mundo", "starts_with", "ola", True),
        ("Olá mundo", "ends_with", "MUNDO", True),
        ("abc", "starts_with", "", False),
        # lists of values
        ("b", "in", "a, B ,c", True),
        ("b", "in", ["a", "b"], True),
        ("b", "in", '["a","b"]', True),
        ("18,5", "in", "18,5; 20", True),
        ("20", "in", "18,5\n20", True),
        ("d", "not_in", "a,b", True),
        ("", "in", "a,,b", False),
        ("x", "in", None, False),
        (15, "between", "10 e 20", True),
        ("20", "between", [10, 20], True),
        (21, "between", "10,20", False),
        ("1,7", "between", "1,5; 1,9", True),
        ("05/03/2026", "between", "01/03/2026 a 31/03/2026", True),
        (15, "between", "10", False),
        (None, "between", "0,20", False),
        # patterns: RE2, anywhere unless anchored
        ("abc123", "matches", r"\d{3}", True),
        ("abc123", "matches", r"^\d+$", False),
        ("São", "matches", "ã", True),
        ("a", "matches", "(", False),
        ("a", "matches", r"(?=a)", False),
        ("a", "matches", "", False),
        # one side
        (" ", "is_empty", None, True),
        ([], "is_empty", None, True),
        (0, "is_empty", None, False),
        (False, "is_not_empty", None, True),
        ("18,5", "is_number", None, True),
        (True, "is_number", None, False),
        ("ana@exemplo.com.br", "is_email", None, True),
        ("ana@exemplo", "is_email", None, False),
        ("(11) 91234-5678", "is_phone", None, True),
        ("1234", "is_phone", None, False),
        ("31/12/2026", "is_date", None, True),
        ("31/02/2026", "is_date", None, False),
        (["Cliente VIP"], "has_tag", "cliente vip", True),
        ("a, vip", "has_tag", "VIP", True),
        (["vip2"], "has_tag", "vip", False),
        ([""], "has_tag", "", False),
    ],
)
def test_operators(left: Json, operator: str, right: Json, holds: bool) -> None:
    assert compare(left, Operator(operator), right) is holds


def test_exact_minds_case_and_accents() -> None:
    assert not compare("São", Operator.EQ, "sao", exact=True)
    assert compare(" São", Operator.EQ, "São", exact=True)


def test_a_date_without_a_zone_is_in_the_given_one() -> None:
    utc = "2026-03-01T03:00:00Z"

    assert compare("2026-03-01", Operator.EQ, utc, timezone="America/Sao_Paulo")
    assert not compare("2026-03-01", Operator.EQ, utc, timezone="UTC")
    assert not compare("2026-03-01", Operator.EQ, utc, timezone="Lugar/Nenhum")


def test_an_evil_pattern_takes_linear_time() -> None:
    assert not compare("a" * 50_000 + "!", Operator.MATCHES, r"^(a+)+$")


def test_only_the_is_operators_need_no_value() -> None:
    assert {o for o in Operator if not needs_value(o)} == {
        o for o in Operator if o.name.startswith("IS_")
    }


@given(JSON | LIKELY, st.sampled_from(Operator), JSON | LIKELY, st.booleans())
def test_comparison_is_total(left: Json, operator: Operator, right: Json, exact: bool) -> None:
    result = compare(left, operator, right, exact=exact, timezone="America/Sao_Paulo")

    assert isinstance(result, bool)


@given(JSON | LIKELY, JSON | LIKELY)
def test_opposites_are_opposite(left: Json, right: Json) -> None:
    for yes, no in [("==", "!="), ("contains", "not_contains"), ("in", "not_in")]:
        assert compare(left, Operator(yes), right) is not compare(left, Operator(no), right)
    assert compare(left, Operator.EQ, right) is compare(right, Operator.EQ, left)
    assert compare(left, Operator.LT, right) is compare(right, Operator.GT, left)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_numbers_in_text_rank_as_numbers(left: int, right: int) -> None:
    assert compare(str(left), Operator.LT, f"{right}") is (left < right)
    assert compare(f"{left},5", Operator.GE, right) is (float(f"{left}.5") >= right)


@given(JSON | LIKELY)
def test_readings_are_total(value: Json) -> None:
    assert as_boolean(value) in (True, False, None)
    assert as_number(value) is None or not isinstance(as_number(value), bool)
