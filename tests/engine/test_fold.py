"""Spellings of the same words fold to one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.fold import fold, fold_title


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  São   Paulo\n", "sao paulo"),
        ("NA\u0303O", "nao"),
        ("ÇÉÎ", "cei"),
        ("Straße", "strasse"),
        ("１２", "12"),
        ("e-mail!", "e-mail!"),
        ("हिंदी", "हिंदी"),  # vowel signs are no accents
        ("", ""),
    ],
)
def test_case_accents_and_blanks_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        ("👉🏽 Falar com atendente!", "falar com atendente"),
        ("Pré-pago", "pre pago"),
        ("2️⃣", "2"),
        ("1,5 kg", "1 5 kg"),
        ("15 kg", "15 kg"),
        ("A+", "a+"),
        ("A-", "a"),
        ("👨‍👩‍👧 Família", "familia"),
        ("👍", "👍"),
        ("⭐⭐", "⭐⭐"),
        ("?", "?"),
    ],
)
def test_titles_lose_punctuation_and_emoji(title: str, folded: str) -> None:
    assert fold_title(title) == folded


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold_title(fold_title(text)) == fold_title(text)


@given(st.text(alphabet="aáÁçÇ bÃ-!1", max_size=20))
def test_upper_and_lower_case_are_the_same(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())
