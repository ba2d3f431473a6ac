"""`recado talk` shows every content, and a number taps the option that stands beside it."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from recado.cli.talk import Talk
from recado.engine.play import Play
from tests.engine.flows import flow, node
from tests.engine.script import program_of

FLOW: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {
            "id": "all",
            "type": "message",
            "data": {
                "content": "Veja [isto]",
                "media": {"type": "document", "media_id": "77", "filename": "a.pdf"},
                "location": {"latitude": -23.5, "longitude": -46.6, "name": "Padaria"},
                "contacts": [{"name": "Ana", "phones": ["+55 11 4000-0001"]}],
            },
        },
        {
            "id": "menu",
            "type": "interactive_list",
            "data": {
                "header": "Cardápio",
                "content": "Sabor?",
                "footer": "Padaria",
                "button": "Ver sabores",
                "sections": [
                    {"title": "Frutas", "rows": [{"id": "uva", "title": "Uva"}]},
                    {
                        "title": "Outros",
                        "rows": [{"id": "mel", "title": "Mel", "description": "puro"}],
                    },
                ],
                "variableName": "sabor",
            },
        },
        {
            "id": "sure",
            "type": "interactive_buttons",
            "data": {
                "header": {"media": {"type": "image", "url": "https://x.br/a.png"}},
                "content": "{{sabor_title}}?",
                "buttons": [{"id": "sim", "title": "Sim"}, {"id": "nao", "title": "Não"}],
            },
        },
        {"id": "end", "type": "end", "data": {"content": "Feito", "outcome": "pedido"}},
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "all"},
        {"id": "2", "source": "all", "target": "menu"},
        {"id": "3", "source": "menu", "target": "sure"},
        {"id": "4", "source": "sure", "target": "end"},
    ],
}


def talk() -> Talk:
    console = Console(file=StringIO(), width=100, no_color=True)
    return Talk(Play(program_of(FLOW)), console)


def said(talk: Talk, line: str) -> list[str]:
    """Takes a line; gives what is printed for it."""
    shown = talk.console.file
    assert isinstance(shown, StringIO)
    before = len(shown.getvalue())
    talk.take(line)
    return shown.getvalue()[before:].splitlines()


def test_every_content_is_shown() -> None:
    lines = said(talk(), "oi")

    assert lines == [
        "● Veja [isto]",
        "● <document a.pdf media 77>",
        "● <location -23.5, -46.6> Padaria",
        "● <contact> Ana, +55 11 4000-0001",
        "● Cardápio",
        "  Sabor?",
        "  Padaria",
        "  ☰ Ver sabores",
        "    Frutas",
        "    1 Uva",
        "    Outros",
        "    2 Mel puro",
    ]


def test_a_number_taps_the_option_beside_it() -> None:
    session = talk()
    said(session, "oi")

    asked = said(session, "2")
    answered = said(session, "1")

    assert asked == ["● <image https://x.br/a.png>", "  Mel?", "    1 Sim", "    2 Não"]
    assert answered == ["● Feito", "— completed (pedido) —"]


@pytest.mark.parametrize(
    ("value", "came"), [('[{"nome": "Ana"}]', "Achei"), ("[]", "Nada"), ("", "Nada")]
)
def test_the_rows_of_a_query_are_those_of_the_value_that_is_told(value: str, came: str) -> None:
    query = flow(
        node("sql", "database_query", connection="loja", query="select nome from clientes"),
        node("good", "end", content="Achei"),
        node("none", "end", content="Nada"),
        edges="start sql,sql:success good,sql:empty none",
    )
    session = Talk(Play(program_of(query)), Console(file=StringIO(), width=100, no_color=True))
    said(session, "oi")

    assert said(session, f"/call {value}")[0] == f"● {came}"
