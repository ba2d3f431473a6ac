"""The options of a question: how they look on WhatsApp, and which one a message means."""

import re
from collections.abc import Callable, Sequence

import msgspec

from recado.engine.content import Button, Buttons, Content, ListMenu, Section, Template, Text
from recado.engine.events import Message, Tap
from recado.engine.fold import fold, fold_title

# Meta's limits for reply buttons and lists, in characters.
MAX_BUTTONS = 3
MAX_BUTTON_TITLE = 20
MAX_BUTTONS_BODY = 1_024
MAX_ROWS = 10
MAX_ROW_TITLE = 24
MAX_ROW_DESCRIPTION = 72
MAX_LIST_BODY = 4_096
MAX_LIST_BUTTON = 20
MAX_EDGE_TEXT = 60  # header and footer
MAX_WIRE_ID = 200

WIRE_ID = re.compile(r"(?P<visit>[0-9A-Za-z_-]{12}):(?P<option>.+)", re.DOTALL)


class Option(msgspec.Struct, frozen=True):
    """One thing to choose: the value that is kept, and the words that are seen."""

    value: str
    label: str
    description: str | None = None


class Late(msgspec.Struct, frozen=True):
    """A tap on an older asking."""

    visit: str
    option: str


def match(message: Message, options: Sequence[Option], *, visit: str) -> Option | Late | None:
    """Says which option a message means: by the tapped id, else its title, else its position, else its value.

    Titles are compared folded. A position counts unless some title is itself a number. A tap that names another
    visit is `Late`; one without a visit is a template's quick reply, whose payload is the option's value.
    """
    tap = message.tap
    if tap and tap.visit is not None and tap.visit != visit:
        return Late(tap.visit, tap.option)
    tapped = _first(options, lambda option: tap is not None and option.value == tap.option)
    return tapped or _typed(message.text, options)


def present(
    body: str,
    options: Sequence[Option],
    *,
    visit: str,
    header: str | None = None,
    footer: str | None = None,
    button_text: str,
) -> Text | Buttons | ListMenu:
    """Gives the options the form that fits: buttons, else a list, else numbered text (split it before sending)."""
    ids = [wire_id(visit, option.value) for option in options]
    titles = [_one_line(option.label) for option in options]
    if not _interactive(body, titles, ids, header, footer):
        return Text(_numbered(body, options, header, footer))
    if _fits(titles, MAX_BUTTONS, MAX_BUTTON_TITLE) and len(body) <= MAX_BUTTONS_BODY:
        buttons = tuple(map(Button, ids, titles))
        return Buttons(body, buttons, header, footer)
    if _fits(titles, MAX_ROWS, MAX_ROW_TITLE) and len(body) <= MAX_LIST_BODY:
        notes = [_one_line(option.description or "")[:MAX_ROW_DESCRIPTION] for option in options]
        rows = tuple(
            Button(*row) for row in zip(ids, titles, (n or None for n in notes), strict=True)
        )
        return ListMenu(body, button_text[:MAX_LIST_BUTTON], (Section(rows),), header, footer)
    return Text(_numbered(body, options, header, footer))


def is_takeable(menu: Buttons | ListMenu) -> bool:
    """Says whether Meta takes a menu as it was filled in: no empty body or title, and no title twice."""
    rows = rows_of(menu)
    sections = menu.sections if isinstance(menu, ListMenu) else ()
    if len(sections) > 1 and not all(section.title for section in sections):
        return False
    ids = [row.id for row in rows]
    header = menu.header if isinstance(menu.header, str) else None
    return _interactive(menu.body, [row.title for row in rows], ids, header, menu.footer)


def as_numbered(menu: Buttons | ListMenu) -> str:
    """Says a menu as numbered text; a picture above it is not in there."""
    options = [Option(row.id, row.title, row.description) for row in rows_of(menu)]
    header = menu.header if isinstance(menu.header, str) else None
    return _numbered(menu.body, options, header, menu.footer)


def rows_of(menu: Content) -> list[Button]:
    """Lists what can be chosen; of a template its quick replies, as far as their titles are known."""
    match menu:
        case Buttons(buttons=buttons):
            return [*buttons]
        case ListMenu(sections=sections):
            return [row for section in sections for row in section.rows]
        case Template(buttons=buttons):
            replies = (button for button in buttons if button.kind == "quick_reply")
            return [Button(reply.value, reply.title or _own_id(reply.value)) for reply in replies]
    return []


def wire_id(visit: str, value: str) -> str:
    """Writes an option's id as it goes over the wire, so that a tap names its own asking."""
    return f"{visit}:{value}"


def parse_wire_id(text: str) -> Tap:
    """Reads an id from the wire; one that is not ours is an option without a visit."""
    found = WIRE_ID.fullmatch(text)
    return Tap(found["option"], found["visit"]) if found else Tap(text)


def _own_id(wire_id: str) -> str:
    return parse_wire_id(wire_id).option


def _typed(text: str, options: Sequence[Option]) -> Option | None:
    typed = fold_title(text)
    if not typed:
        return None
    return (
        _first(options, lambda option: fold_title(option.label) == typed)
        or _by_position(typed, options)
        or _only(options, lambda option: _tight(option.label) == _tight(text))
        or _first(options, lambda option: fold(option.value) == fold(text))
    )


def _by_position(typed: str, options: Sequence[Option]) -> Option | None:
    if not _is_number(typed) or any(_is_number(fold_title(option.label)) for option in options):
        return None
    place = int(typed)
    return options[place - 1] if 1 <= place <= len(options) else None


def _is_number(folded: str) -> bool:
    return folded.isascii() and folded.isdecimal() and len(folded) < 10


def _tight(text: str) -> str:
    # "email" means "E-mail", as long as no other option is as near.
    return fold_title(text).replace(" ", "")


def _first(options: Sequence[Option], fits: Callable[[Option], bool]) -> Option | None:
    return next(filter(fits, options), None)


def _only(options: Sequence[Option], fits: Callable[[Option], bool]) -> Option | None:
    found = list(filter(fits, options))
    return found[0] if len(found) == 1 else None


def _interactive(
    body: str, titles: list[str], ids: list[str], header: str | None, footer: str | None
) -> bool:
    # Meta refuses an empty body, an empty or doubled title, and a header or footer that is too long.
    edges = [text for text in (header, footer) if text is not None]
    return (
        bool(body.strip() and titles)
        and all(titles)
        and len(set(titles)) == len(titles)
        and all(len(id) <= MAX_WIRE_ID for id in ids)
        and all(len(text) <= MAX_EDGE_TEXT for text in edges)
    )


def _fits(titles: list[str], most: int, longest: int) -> bool:
    return len(titles) <= most and all(len(title) <= longest for title in titles)


def _numbered(body: str, options: Sequence[Option], header: str | None, footer: str | None) -> str:
    lines = (f"{number}. {_line(option)}" for number, option in enumerate(options, start=1))
    return "\n\n".join(
        part for part in (header, body, "\n".join(lines), footer) if part and part.strip()
    )


def _line(option: Option) -> str:
    title = _one_line(option.label)
    return f"{title} - {_one_line(option.description)}" if option.description else title


def _one_line(text: str) -> str:
    return " ".join(text.split())
