"""Messages as lines for the terminal: templates, QR codes and orders."""

import pytest

from recado.cli.contents import lines_of
from recado.engine.content import Content, Parameter, PixOrder, QrCode, Template, TemplateButton

BUTTONS = (
    TemplateButton(0, "quick_reply", "abcdefghijkl:sim", "Confirmar"),
    TemplateButton(1, "quick_reply", "abcdefghijkl:nao"),
    TemplateButton(2, "url", "pedido/7"),
)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (
            Template("lembrete", "pt_BR", body=(Parameter("Ana"),), buttons=BUTTONS),
            [
                "[magenta]<template>[/magenta] \\[lembrete] Ana",
                "  [cyan]1[/cyan] Confirmar",
                "  [cyan]2[/cyan] nao",
                "  [cyan]url[/cyan] pedido/7",
            ],
        ),
        (QrCode("000201", "Pague"), ["[magenta]<qr>[/magenta] Pague", "[dim]000201[/dim]"]),
        (QrCode("000201"), ["[magenta]<qr>[/magenta]", "[dim]000201[/dim]"]),
        (
            PixOrder("Pague", "R1", 2490, "000201", "Ana", "k", "EVP"),
            ["Pague", "[cyan]Pix 24.90 BRL[/cyan] [dim]000201[/dim]"],
        ),
    ],
)
def test_a_content_is_written_as_lines(content: Content, lines: list[str]) -> None:
    assert list(lines_of(content)) == lines
