"""Which messages a keyword speaks for."""

import pytest

from recado.engine.triggers import triggered

EXACT = [
    ("pedido", "Pedido!", True),
    ("promoção", "PROMOCAO 🎉", True),
    ("quero pedir", "  quero   pedir ", True),
    ("pedido", "meu pedido", False),
    ("🍕", "🍕", True),
    ("🍕", "", False),
    ("pedido", "", False),
]
CONTAINS = [
    ("pedido", "oi, meu pedido chegou?", True),
    ("pré-pago", "sobre o PRE PAGO", True),
    ("promo", "tem PROMOÇÕES?", True),
    ("oi", "boa noite", False),
    ("oi", "coisa", False),
    ("sim", "assim", False),
    ("oi", "oi", True),
    ("pedido", "", False),
]
REGEX = [
    ("^#[0-9]+$", "#123", True),
    ("^#[0-9]+$", "n. #123", False),
    ("(?i)pedido", "MEU PEDIDO", True),
    ("pedido", "PEDIDO", False),
    ("a", "\ud800", False),
    ("(a", "(a", False),
]


@pytest.mark.parametrize(("word", "text", "fits"), EXACT)
def test_exact_wants_nothing_but_the_word(word: str, text: str, fits: bool) -> None:
    assert triggered([word], "exact", text) is fits


@pytest.mark.parametrize(("word", "text", "fits"), CONTAINS)
def test_contains_wants_it_from_the_beginning_of_a_word(word: str, text: str, fits: bool) -> None:
    assert triggered([word], "contains", text) is fits


@pytest.mark.parametrize(("pattern", "text", "fits"), REGEX)
def test_a_pattern_is_searched_in_the_text_as_written(pattern: str, text: str, fits: bool) -> None:
    assert triggered([pattern], "regex", text) is fits


@pytest.mark.parametrize("text", ["a", "b"])
def test_one_of_the_words_is_enough(text: str) -> None:
    assert triggered(["a", "b"], "exact", text)
    assert not triggered([], "contains", text)
