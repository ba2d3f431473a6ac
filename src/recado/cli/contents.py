"""Writes a message as lines for the terminal, with its options numbered."""

from collections.abc import Iterator

from rich.markup import escape

from recado.engine.content import (
    Button,
    Buttons,
    ContactCard,
    Contacts,
    Content,
    ListMenu,
    Location,
    Media,
    PixOrder,
    QrCode,
    Template,
    Text,
    words,
)
from recado.engine.options import rows_of


def lines_of(content: Content) -> Iterator[str]:
    """Gives the lines of a message, in rich's markup; options are numbered in the order of `rows_of`."""
    match content:
        case Text(body=body):
            yield escape(body)
        case Media():
            yield _file(content)
        case Location():
            yield _place(content)
        case Contacts(cards=cards):
            yield from (_card(card) for card in cards)
        case Buttons() | ListMenu():
            yield from _menu(content)
        case Template():
            yield from _template(content)
        case QrCode(text=text, caption=caption):
            yield f"[magenta]<qr>[/magenta] {escape(caption or '')}".rstrip()
            yield f"[dim]{escape(text)}[/dim]"
        case PixOrder():
            yield escape(content.body)
            yield f"[cyan]Pix {content.amount / 100:.2f} BRL[/cyan] [dim]{escape(content.code)}[/dim]"


def _menu(menu: Buttons | ListMenu) -> Iterator[str]:
    if isinstance(menu.header, Media):
        yield _file(menu.header)
    elif menu.header:
        yield f"[bold]{escape(menu.header)}[/bold]"
    yield escape(menu.body)
    if menu.footer:
        yield f"[dim]{escape(menu.footer)}[/dim]"
    match menu:
        case Buttons(buttons=buttons):
            yield from (_row(number, row) for number, row in enumerate(buttons, start=1))
        case ListMenu(button=button, sections=sections):
            yield f"[cyan]☰ {escape(button)}[/cyan]"
            first = 1
            for section in sections:
                if section.title:
                    yield f"  {escape(section.title)}"
                yield from (_row(first + index, row) for index, row in enumerate(section.rows))
                first += len(section.rows)


def _template(template: Template) -> Iterator[str]:
    yield f"[magenta]<template>[/magenta] {escape(words(template))}"
    yield from (_row(number, row) for number, row in enumerate(rows_of(template), start=1))
    for button in template.buttons:
        if button.kind != "quick_reply":
            yield f"  [cyan]{button.kind}[/cyan] {escape(button.value)}"


def _row(number: int, row: Button) -> str:
    about = f" [dim]{escape(row.description)}[/dim]" if row.description else ""
    return f"  [cyan]{number}[/cyan] {escape(row.title)}{about}"


def _file(media: Media) -> str:
    source = media.link or f"media {media.media_id}"
    named = " ".join(part for part in (media.kind, media.filename, source) if part)
    caption = f" {escape(media.caption)}" if media.caption else ""
    return f"[magenta]<{escape(named)}>[/magenta]{caption}"


def _place(place: Location) -> str:
    degrees = f"{place.latitude}, {place.longitude}"
    named = ", ".join(part for part in (place.name, place.address) if part)
    return f"[magenta]<location {degrees}>[/magenta] {escape(named)}".rstrip()


def _card(card: ContactCard) -> str:
    facts = [card.organization, *card.phones, *card.emails]
    return f"[magenta]<contact>[/magenta] {escape(', '.join(f for f in (card.name, *facts) if f))}"
