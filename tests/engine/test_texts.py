"""Every sentence is there in both languages, and for every reason a question can refuse an answer."""

import pytest

from recado.engine.answers import AnswerType
from recado.engine.events import World
from recado.engine.texts import TEXTS, placeholders, say


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    portuguese, english = TEXTS["pt-BR"], TEXTS["en"]

    assert portuguese.keys() == english.keys()
    for key, text in portuguese.items():
        assert placeholders(text) == placeholders(english[key]), key


@pytest.mark.parametrize("answer", [a for a in AnswerType if a is not AnswerType.ANY])
def test_every_type_of_answer_has_a_sentence(answer: AnswerType) -> None:
    assert say(World(), f"bad_{answer.value}")


def test_the_users_own_sentences_are_kept() -> None:
    world = World()

    assert say(world, "no_chatbot") == "Nenhum chatbot configurado para este número."
    assert say(world, "failure") == "Desculpe, ocorreu um erro. Tente novamente."
    assert say(world, "broken_flow") == "Erro ao processar mensagem. Um atendente vai continuar."
    assert say(world, "unknown_number") == "Número não registrado. Por favor, contate o suporte."
    assert say(world, "only_text") == "Por enquanto só entendo texto."
    assert say(world, "options_button") == "Ver opções"


def test_the_workspaces_language_and_words_win() -> None:
    assert say(World(locale="en"), "options_button") == "See options"
    assert say(World(locale="xx"), "options_button") == "Ver opções"
    assert say(World(texts={"too_short": "Faltou! {min} {0} {x}"}), "too_short", min=3) == (
        "Faltou! 3 {0} {x}"
    )


def test_placeholders_are_filled_once() -> None:
    assert (
        say(World(), "number_under_min", min="{max}", max=1) == "O número deve ser no mínimo {max}."
    )


def test_an_unknown_key_is_a_bug() -> None:
    with pytest.raises(KeyError):
        say(World(), "nope")
