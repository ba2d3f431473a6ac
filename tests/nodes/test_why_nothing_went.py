"""Every reason for which a template is not sent or a Pix not made has its words, and a case that meets it."""

import json
from pathlib import Path
from typing import Any

import pytest

from recado.engine.events import Message, World
from recado.engine.explain import explain
from recado.engine.problems import Language
from recado.engine.wordings import NO_PIX, NOT_SENT
from tests.engine.journal import JournalPlay
from tests.engine.script import MONDAY, program_of
from tests.engine.test_explain import first_texts

CASES = Path(__file__).parent / "cases"
PIX = {"key": "{{x}}", "merchant_name": "Ana", "merchant_city": "Santos"}


def reasons(type: str, fact: str) -> set[str]:
    """The reasons that a type's cases come to."""
    cases = json.loads((CASES / f"{type}.json").read_text())
    facts = [each for case in cases for each in case.get("expect", {}).get("facts", [])]
    return {each[fact] for each in facts if isinstance(each, dict) and fact in each}


def test_every_reason_has_its_words_and_its_case() -> None:
    assert first_texts("NotSent", "engine", "nodes") == set(NOT_SENT)
    assert reasons("whatsapp_template", "not_sent") == set(NOT_SENT)
    assert reasons("pix", "no_pix") == set(NO_PIX)


@pytest.mark.parametrize(
    ("type", "data", "language", "words"),
    [
        (
            "whatsapp_template",
            {"name": "aviso", "body": ["{{x}}"]},
            "pt-BR",
            "não enviou o modelo: um valor ficou vazio (body.1)",
        ),
        (
            "whatsapp_template",
            {"name": "aviso", "body": ["{{x}}"]},
            "en",
            "did not send the template: a value is empty (body.1)",
        ),
        ("pix", PIX, "pt-BR", "não fez o Pix: a chave não é válida"),
        ("pix", PIX, "en", "made no Pix: the key is not valid"),
    ],
)
def test_why_nothing_was_sent_is_told_in_both_languages(
    type: str, data: dict[str, Any], language: Language, words: str
) -> None:
    nodes = [{"id": "start", "type": "start"}, {"id": "n", "type": type, "data": data}]
    edges = [{"id": "1", "source": "start", "target": "n"}]
    play = JournalPlay(program_of({"nodes": nodes, "edges": edges}), world=World())
    play.hear(Message(id="m1", type="text", text="oi", value="oi"), MONDAY)
    (row,) = play.rows

    told = " ".join(
        line.text for line in explain(row.event, row.trace, row.effects, language=language)
    )

    assert words in told
