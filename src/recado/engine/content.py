"""What a message to the customer holds, in our own words; `whatsapp/messages.py` turns it into Meta's JSON."""

from typing import Literal

import msgspec


class Text(msgspec.Struct, frozen=True, tag="text", tag_field="type", omit_defaults=True):
    """Plain words, at most 4,096 characters (Meta); longer text is split before it gets here."""

    body: str
    preview_url: bool = False


class Button(msgspec.Struct, frozen=True):
    """A reply button or a list's row: `id` is what goes over the wire, `<visit>:<option>`."""

    id: str
    title: str
    description: str | None = None


class Media(msgspec.Struct, frozen=True, tag="media", tag_field="type", omit_defaults=True):
    """An image, video, audio, document or sticker, by public link or by Meta's media id: exactly one."""

    kind: Literal["image", "video", "audio", "document", "sticker"]
    link: str | None = None
    media_id: str | None = None
    caption: str | None = None
    filename: str | None = None


Header = str | Media


class Buttons(msgspec.Struct, frozen=True, tag="buttons", tag_field="type", omit_defaults=True):
    """A text with one to three reply buttons, under a text or a picture."""

    body: str
    buttons: tuple[Button, ...]
    header: Header | None = None
    footer: str | None = None


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group of rows in a list; the title is needed when there are several."""

    rows: tuple[Button, ...]
    title: str | None = None


class ListMenu(msgspec.Struct, frozen=True, tag="list", tag_field="type", omit_defaults=True):
    """A text with a button that opens a menu of at most ten rows."""

    body: str
    button: str
    sections: tuple[Section, ...]
    header: str | None = None
    footer: str | None = None


class Location(msgspec.Struct, frozen=True, tag="location", tag_field="type", omit_defaults=True):
    """A place on the map, in degrees."""

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


class ContactCard(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person or company to save in the phone book."""

    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    organization: str | None = None


class Contacts(msgspec.Struct, frozen=True, tag="contacts", tag_field="type", omit_defaults=True):
    """One or more contact cards."""

    cards: tuple[ContactCard, ...]


Content = Text | Buttons | ListMenu | Media | Location | Contacts


def words(content: Content) -> str:
    """Says a content in plain text, for the history, exports and the terminal."""
    match content:
        case Text(body=body) | Buttons(body=body) | ListMenu(body=body):
            return body
        case Media(caption=caption, filename=filename, kind=kind):
            return caption or filename or f"[{kind}]"
        case Location(name=name, address=address, latitude=latitude, longitude=longitude):
            return name or address or f"{latitude}, {longitude}"
        case Contacts(cards=cards):
            return ", ".join(card.name for card in cards)
