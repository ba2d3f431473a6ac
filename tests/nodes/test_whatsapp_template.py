"""Templates in a flow: a tap belongs to its own asking, and nothing that is paid for goes out twice."""

from typing import Any

from recado.engine.content import Template
from recado.engine.effects import Send
from recado.engine.traits import Need
from recado.nodes.whatsapp_template import WhatsappTemplate
from tests.engine.script import Script, program_of

REMINDER = {
    "name": "lembrete",
    "buttons": [{"id": "sim", "text": "Confirmar"}, {"id": "nao", "text": "Remarcar"}],
    "wait_for_button": True,
}
FIRST = {"content": "Tudo certo?", "buttons": [{"id": "ok", "title": "OK"}]}


def two_askings(**settings: Any) -> Script:
    document = {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "first", "type": "interactive_buttons", "data": FIRST},
            {"id": "reminder", "type": "whatsapp_template", "data": REMINDER},
            {"id": "end", "type": "end", "data": {"content": "Fim"}},
        ],
        "edges": [
            {"id": "1", "source": "start", "target": "first"},
            {"id": "2", "source": "first", "target": "reminder"},
            {"id": "3", "source": "reminder", "target": "end"},
        ],
        "settings": settings,
    }
    return Script(program_of(document))


def templates(script: Script) -> int:
    """Counts the templates that were sent."""
    return sum(
        isinstance(effect, Send) and isinstance(effect.content, Template)
        for turn in script.play.turns
        for effect in turn.effects
    )


def test_a_late_tap_repeats_the_buttons_and_not_the_template() -> None:
    script = two_askings()
    script.says("oi", {"tap": "ok"}, {"settled": True})
    old = script.play.turns[0].effects[0]
    assert isinstance(old, Send)
    visit = old.content.buttons[0].id.partition(":")[0]  # type: ignore[union-attr]
    late = {"type": "button_reply", "text": "OK", "tap": {"option": "sim", "visit": visit}}

    said = script.says({"message": late}, {"after": 120}, {"message": late})

    assert said == ["Por favor, escolha uma das opções."] * 2
    assert templates(script) == 1
    assert script.says({"tap": "sim"}) == ["Fim"]


def test_a_tap_on_a_template_of_before_does_not_answer_the_next_question() -> None:
    script = two_askings()
    script.says("oi", {"tap": "ok"})
    before = script._tap("sim")
    script.says({"settled": True}, {"tap": "sim"}, "oi")

    late = {"type": "button", "text": "Confirmar", "tap": {"option": "sim", "visit": before.visit}}

    assert script.says({"message": late}) == ["Tudo certo?"]


def test_while_a_person_has_the_conversation_metas_word_is_kept() -> None:
    script = two_askings()
    script.says("oi", {"tap": "ok"}, {"person": "takes over"}, {"settled": True})

    assert script.says({"release": "continue"}, {"tap": "nao"}) == ["Fim"]
    assert templates(script) == 1


def test_what_the_compiler_asks_it() -> None:
    waits = WhatsappTemplate.model_validate({**REMINDER, "variableName": "vem"})
    goes_on = WhatsappTemplate.model_validate({"name": "aviso"})

    assert list(waits.needs()) == [Need("template", "lembrete", "name")]
    assert waits.sets("sim") == {"vem", "vem_title"}
    assert waits.sets("other") == waits.sets("error") == frozenset()
    assert (waits.takes("sim"), waits.takes("error"), goes_on.takes("next")) == (None, 0, 0)
    assert (waits.breaks_loops, goes_on.breaks_loops) == (True, False)
    assert (waits.hears, goes_on.hears) == (True, False)
    assert goes_on.opens_window
    assert not goes_on.speaks_freely
