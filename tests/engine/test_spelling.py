"""Suggestions for misspelt words: the same in any order, once per name, and not without end."""

from typing import Any

import pytest

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.engine.spelling import MOST_KNOWN, MOST_SEARCHES, Spelling
from recado.nodes import NODE_TYPES


def codes(names: list[str], text: str) -> list[str]:
    """Compiles a message over so many initial variables; gives the codes of what is wrong with its variables."""
    nodes: list[dict[str, Any]] = [
        {"id": "start", "type": "start"},
        {"id": "m", "type": "message", "data": {"content": text}},
    ]
    edges = [{"id": "1", "source": "start", "target": "m"}]
    raw = {"nodes": nodes, "edges": edges, "variables": dict.fromkeys(names, 1)}
    found = compile(FlowDocument.model_validate(raw), NODE_TYPES).problems
    return [problem.code for problem in found if problem.code.startswith("variable_")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("clinte", "cliente"), ("Endereco", "endereço"), ("nmoe", "nome"), ("pedidos", "pedido")],
)
def test_the_nearest_word_is_found_whatever_case_accents_and_swapped_letters(
    written: str, meant: str
) -> None:
    known = ["cliente", "endereço", "nome", "pedido", "telefone"]

    assert Spelling().nearest(written, known) == meant


@pytest.mark.parametrize("written", ["", "xyz", "a" * 10_000, "teleporte"])
def test_a_word_that_is_like_none_has_no_suggestion(written: str) -> None:
    assert Spelling().nearest(written, ["cliente", "nome"]) is None


def test_the_order_of_the_known_words_makes_no_difference() -> None:
    known = [f"campo_{number:05}" for number in range(3 * MOST_KNOWN)]
    word = "campo_00x99"

    assert Spelling().nearest(word, known) == Spelling().nearest(word, known[::-1])
    assert Spelling().nearest(word, known) in known[:MOST_KNOWN]


def test_searches_end_after_so_many_names() -> None:
    known = [f"resposta_{number:04}" for number in range(MOST_SEARCHES + 10)]
    text = " ".join(f"{{{{{name.replace('sposta', 'psosta')}}}}}" for name in known)

    found = codes(known, text)

    assert found.count("variable_misspelt") == MOST_SEARCHES
    assert found.count("variable_never_set") == 10


def test_a_name_that_is_asked_again_is_not_searched_again() -> None:
    spelling, known = Spelling(), frozenset(["cliente"])

    found = {spelling.nearest("clinte", known) for _ in range(2 * MOST_SEARCHES)}

    assert found == {"cliente"}
    assert spelling.left == MOST_SEARCHES - 1
