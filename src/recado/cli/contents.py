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
    Text,
)


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
