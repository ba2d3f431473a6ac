"""Our contents -> Meta's JSON for `POST /{phone_number_id}/messages`. Pure; the sender posts what comes out."""

import re

import msgspec

from recado.engine.content import (
    Button,
    Buttons,
    ContactCard,
    Contacts,
    Content,
    Header,
    ListMenu,
    Location,
    Media,
    Parameter,
    PixOrder,
    QrCode,
    Section,
    Template,
    TemplateButton,
    Text,
)
from recado.engine.events import Json
from recado.whatsapp.orders import order_details

_NOT_DIGITS = re.compile(r"[^0-9]")
_CAPTIONED = ("image", "video", "document")


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets a message: a phone in any spelling with its country code, or a business-scoped user id."""

    phone: str | None = None
    user_id: str | None = None


def payload(
    content: Content, *, to: Recipient, reply_to: str | None = None, opaque: str | None = None
) -> dict[str, Json]:
    """Writes the request's body. `opaque` (at most 512 characters) comes back in every status of the message.

    Raises ValueError for a recipient without any address, for media without a source and for a QR code.
    """
    kind, member = _member(content)
    body: dict[str, Json] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_address(to),
        "type": kind,
        kind: member,
    }
    if reply_to is not None:
        body["context"] = {"message_id": reply_to}
    if opaque is not None:
        body["biz_opaque_callback_data"] = opaque
    return body


def read_receipt(wamid: str, *, typing: bool = False) -> dict[str, Json]:
    """Marks a message and all before it as read; `typing` shows the dots until we answer, 25 s at most (Meta)."""
    body: dict[str, Json] = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
    }
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return body


def _address(to: Recipient) -> dict[str, Json]:
    digits = _NOT_DIGITS.sub("", to.phone or "")
    if digits:
        return {"to": f"+{digits}"}  # without the plus Meta may prepend the business's country code
    if to.user_id:
        return {"recipient": to.user_id}
    raise ValueError("a recipient needs a phone or a user id")


def _member(content: Content) -> tuple[str, Json]:
    match content:
        case Text():
            return "text", {"body": content.body, "preview_url": content.preview_url}
        case Buttons():
            return "interactive", _buttons(content)
        case ListMenu():
            return "interactive", _list(content)
        case Media():
            return content.kind, _media(content)
        case Location():
            return "location", _location(content)
        case Contacts(cards=cards):
            return "contacts", [_card(card) for card in cards]
        case Template():
            return "template", _template(content)
        case PixOrder():
            return "interactive", order_details(content)
        case QrCode():
            raise ValueError("a QR code is uploaded first and sent as an image")


def _buttons(content: Buttons) -> dict[str, Json]:
    replies = [
        {"type": "reply", "reply": {"id": button.id, "title": button.title}}
        for button in content.buttons
    ]
    return {"type": "button", **_frame(content), "action": {"buttons": replies}}


def _list(content: ListMenu) -> dict[str, Json]:
    sections = [_section(section) for section in content.sections]
    action = {"button": content.button, "sections": sections}
    return {"type": "list", **_frame(content), "action": action}


def _frame(content: Buttons | ListMenu) -> dict[str, Json]:
    frame: dict[str, Json] = {"body": {"text": content.body}}
    if content.header:
        frame["header"] = _header(content.header)
    if content.footer:
        frame["footer"] = {"text": content.footer}
    return frame


def _header(header: Header) -> dict[str, Json]:
    match header:
        case Media(kind=kind):  # without its caption: the body is what stands under the picture
            return {"type": kind, kind: {**_source(header), **_filename(header)}}
        case str():
            return {"type": "text", "text": header}


def _section(section: Section) -> dict[str, Json]:
    rows = [_row(row) for row in section.rows]
    return {"title": section.title, "rows": rows} if section.title else {"rows": rows}


def _row(row: Button) -> dict[str, Json]:
    plain = {"id": row.id, "title": row.title}
    return {**plain, "description": row.description} if row.description else plain


def _media(content: Media) -> dict[str, Json]:
    media = {**_source(content), **_filename(content)}
    if content.caption and content.kind in _CAPTIONED:
        media["caption"] = content.caption
    return media


def _filename(content: Media) -> dict[str, Json]:
    named = content.filename and content.kind == "document"
    return {"filename": content.filename} if named else {}


def _source(content: Media) -> dict[str, Json]:
    match (content.media_id, content.link):
        case (str() as media_id, None):
            return {"id": media_id}
        case (None, str() as link):
            return {"link": link}
        case _:
            raise ValueError("media needs a link or a media id, and not both")


def _location(content: Location) -> dict[str, Json]:
    place = {"latitude": _degrees(content.latitude), "longitude": _degrees(content.longitude)}
    named = {"name": content.name, "address": content.address}
    return {**place, **{key: text for key, text in named.items() if text}}


def _degrees(value: float) -> str:
    # As text, says Meta's description; seven decimals are a centimetre, and never an exponent or a minus zero.
    return f"{value:z.7f}"


def _card(card: ContactCard) -> dict[str, Json]:
    # Besides the formatted name Meta wants at least one of its parts.
    written: dict[str, Json] = {"name": {"formatted_name": card.name, "first_name": card.name}}
    if card.phones:
        written["phones"] = [_phone(phone) for phone in card.phones]
    if card.emails:
        written["emails"] = [{"email": email} for email in card.emails]
    if card.organization:
        written["org"] = {"company": card.organization}
    return written


def _phone(phone: str) -> dict[str, Json]:
    # With `wa_id` the card has a button that opens a chat, without it one that invites to WhatsApp (Meta).
    digits = _NOT_DIGITS.sub("", phone)
    international = digits and phone.startswith("+")
    return {"phone": phone, "wa_id": digits} if international else {"phone": phone}


def _template(content: Template) -> dict[str, Json]:
    components: list[Json] = []
    if content.header:
        components.append({"type": "header", "parameters": [_parameter(content.header)]})
    if content.body:
        components.append({"type": "body", "parameters": list(map(_parameter, content.body))})
    components += map(_template_button, content.buttons)
    # The only policy there is; Meta's description wants it, her examples do without.
    language = {"policy": "deterministic", "code": content.language}
    named: dict[str, Json] = {"name": content.name, "language": language}
    return {**named, "components": components} if components else named


def _parameter(parameter: Parameter | Media) -> dict[str, Json]:
    match parameter:
        case Media():  # a header's file, which has no caption
            return _header(parameter)
        case Parameter(text=text, name=None):
            return {"type": "text", "text": text}
        case Parameter(text=text, name=name):
            return {"type": "text", "parameter_name": name, "text": text}


def _template_button(button: TemplateButton) -> dict[str, Json]:
    match button.kind:
        case "quick_reply":
            parameter = {"type": "payload", "payload": button.value}
        case "url":
            parameter = {"type": "text", "text": button.value}
        case "copy_code":
            parameter = {"type": "coupon_code", "coupon_code": button.value}
    # As text, says Meta's description; some of her examples have a number.
    place = {"type": "button", "sub_type": button.kind, "index": str(button.index)}
    return {**place, "parameters": [parameter]}
