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


class Parameter(msgspec.Struct, frozen=True, tag="parameter", tag_field="type", omit_defaults=True):
    """What fills a placeholder of a template, by its place or, where the template names them, by its name."""

    text: str
    name: str | None = None


class TemplateButton(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a button of a template gets; `index` is its place there, counted from 0.

    `value` is what a tap on a quick reply sends back (`<visit>:<button>`), the end of a link's address, or the code
    to copy; `title` what is written on a quick reply, as far as the flow says it.
    """

    index: int
    kind: Literal["quick_reply", "url", "copy_code"]
    value: str
    title: str | None = None


class Template(msgspec.Struct, frozen=True, tag="template", tag_field="type", omit_defaults=True):
    """A message that Meta approved, by name; its words are at Meta, here is only what fills them."""

    name: str
    language: str
    header: Parameter | Media | None = None
    body: tuple[Parameter, ...] = ()
    buttons: tuple[TemplateButton, ...] = ()


class QrCode(msgspec.Struct, frozen=True, tag="qr_code", tag_field="type", omit_defaults=True):
    """A text as a QR code; the picture is made and uploaded when it is sent."""

    text: str
    caption: str | None = None


class OrderItem(msgspec.Struct, frozen=True):
    """A line of an order; the price of one, in cents."""

    id: str
    name: str
    price: int
    quantity: int = 1


class PixOrder(msgspec.Struct, frozen=True, tag="pix_order", tag_field="type", omit_defaults=True):
    """An order to pay by Pix inside WhatsApp; `amount` in cents, `reference` unique for the business."""

    body: str
    reference: str
    amount: int
    code: str
    merchant: str
    key: str
    key_type: Literal["CPF", "CNPJ", "EMAIL", "PHONE", "EVP"]
    items: tuple[OrderItem, ...] = ()


Content = Text | Buttons | ListMenu | Media | Location | Contacts | Template | QrCode | PixOrder


def words(content: Content) -> str:
    """Says a content in plain text, for the history, exports and the terminal."""
    match content:
        case Text(body=body) | Buttons(body=body) | ListMenu(body=body) | PixOrder(body=body):
            return body
        case Media(caption=caption, filename=filename, kind=kind):
            return caption or filename or f"[{kind}]"
        case Location(name=name, address=address, latitude=latitude, longitude=longitude):
            return name or address or f"{latitude}, {longitude}"
        case Contacts(cards=cards):
            return ", ".join(card.name for card in cards)
        case Template():
            return _template_words(content)
        case QrCode(caption=caption):
            return caption or "[QR]"


def _template_words(template: Template) -> str:
    """Names a template and what fills it."""
    header = [words(template.header)] if isinstance(template.header, Media) else []
    if isinstance(template.header, Parameter):
        header = [_parameter_words(template.header)]
    filled = [*header, *map(_parameter_words, template.body)]
    return f"[{template.name}] {', '.join(filled)}".rstrip()


def _parameter_words(parameter: Parameter) -> str:
    return f"{parameter.name}: {parameter.text}" if parameter.name else parameter.text
