"""One spelling for one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.phones import canonical, digits, e164


@pytest.mark.parametrize(
    ("spelling", "one"),
    [
        ("551187654321", "5511987654321"),  # a mobile without its ninth digit
        ("5511987654321", "5511987654321"),
        ("557177654321", "5571977654321"),
        ("551133334444", "551133334444"),  # a landline never had one
        ("551053334444", "551053334444"),
        ("551007654321", "551007654321"),  # no such area code
        ("5215512345678", "525512345678"),
        ("525512345678", "525512345678"),
        ("541123456789", "5491123456789"),
        ("5491123456789", "5491123456789"),
        ("351912345678", "351912345678"),
        ("15550783881", "15550783881"),
        ("55119999999", "55119999999"),  # the user's own hand-made sample
        ("", ""),
    ],
)
def test_spellings_of_one_number_become_one(spelling: str, one: str) -> None:
    assert canonical(spelling) == one


@given(st.text(alphabet="0123456789", max_size=20))
def test_the_one_spelling_stays(spelling: str) -> None:
    assert canonical(canonical(spelling)) == canonical(spelling)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+55 11 99999-9999", "+5511999999999"),
        ("(11) 99999-9999", "+5511999999999"),
        ("011 99999-9999", "+5511999999999"),
        ("5511999999999", "+5511999999999"),
        ("0055 11 99999-9999", "+5511999999999"),
        ("11 3333-4444", "+551133334444"),
        ("+351 912 345 678", "+351912345678"),
        ("351912345678", "+351912345678"),
        ("55119999999", "+55119999999"),
        ("+1 555 0100", "+15550100"),
        ("123", "+123"),
        ("٥٥١١٩٩٩٩٩٩٩٩٩", "+5511999999999"),
        ("00", "+00"),
        ("+" + "5" * 40, "+" + "5" * 40),
        ("ninguém", None),
        ("", None),
    ],
)
def test_any_spelling_becomes_international(text: str, number: str | None) -> None:
    assert e164(text) == number


def test_a_number_without_country_code_is_of_the_region() -> None:
    assert e164("912 345 678", "PT") == "+351912345678"


@given(st.text(max_size=30))
def test_no_text_is_too_odd(text: str) -> None:
    number = e164(text)

    assert (number is None) == (digits(text) == "")
