"""Decides whether Meta takes an outgoing body; pure, it knows no clock and no network.

Limits and shapes: section 2 of the Cloud API facts. Start at `check`.
"""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from recado.whatsapp.fake_errors import FakeError, Refused, bad_parameter, bad_value, by_code
from recado.whatsapp.fake_fields import (
    MEDIA_KINDS,
    at,
    child,
    choice,
    flag,
    items,
    maybe,
    media,
    needed,
    only,
    table,
    words,
)
from recado.whatsapp.fake_interactive import check_interactive
from recado.whatsapp.fake_records import BSUID, FakeTemplate, Json, digits
from recado.whatsapp.fake_templates import check_template

_CAPTIONED = frozenset({"image", "video", "document"})
_MEDIA_KEYS = {
    kind: frozenset({"id", "link", *extra})
    for kind, extra in {
        "image": ("caption",),
        "video": ("caption",),
        "document": ("caption", "filename"),
        "audio": ("voice",),
        "sticker": (),
    }.items()
}
_BIRTHDAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_GROUP_TYPES = frozenset({"text", "template", "pin", "reaction", *MEDIA_KINDS})


@dataclass(frozen=True, slots=True)
class Known:
    """What one number may refer to: its media, its WABA's templates, the messages it has seen."""

    media: Container[str] = frozenset()
    templates: Mapping[tuple[str, str], FakeTemplate] = field(default_factory=dict)
    inbound: Container[str] = frozenset()
    own_phone: str = ""


def check(body: object, known: Known) -> FakeError | None:
    """Says why Meta refuses a body of `/messages`, or None when it takes it."""
    try:
        message = table(body, "body")
        choice(message, "messaging_product", "", ("whatsapp",))
        if "status" in message:
            _mark_read(message, known)
        else:
            _message(message, known)
    except Refused as refused:
        return refused.error
    return None


def _mark_read(body: Json, known: Known) -> None:
    choice(body, "status", "", ("read",))
    message_id = words(body, "message_id", "", most=512)
    if "typing_indicator" in body:
        choice(child(body, "typing_indicator", ""), "type", "typing_indicator", ("text",))
    if message_id not in known.inbound:
        raise Refused(bad_value(f"Message id {message_id} is not valid"))


def _message(body: Json, known: Known) -> None:
    kind = choice(body, "type", "", _CHECKS) if "type" in body else "text"
    group = "recipient_type" in body and _is_group(body)
    _recipient(body, known, group=group)
    if group and kind not in _GROUP_TYPES:
        raise Refused(by_code(131051, f"Messages of type {kind} cannot be sent to a group"))
    maybe(body, "biz_opaque_callback_data", "", most=512)
    if "context" in body:
        words(child(body, "context", ""), "message_id", "context", most=512)
    _CHECKS[kind](body, known)


def _is_group(body: Json) -> bool:
    return choice(body, "recipient_type", "", ("individual", "group")) == "group"


def _recipient(body: Json, known: Known, *, group: bool) -> None:
    if body.get("to") is None and body.get("recipient") is not None:
        if not BSUID.fullmatch(words(body, "recipient", "", most=140)):
            raise Refused(bad_value("recipient is not a business-scoped user id"))
        return
    to = words(body, "to", "", most=512)
    if group:
        return
    number = digits(to)
    if not 7 <= len(number) <= 15 or any(letter.isalpha() for letter in to):
        raise Refused(bad_value(f"{to} is not a valid WhatsApp phone number"))
    if number == known.own_phone:
        raise Refused(by_code(131021))


def _text(body: Json, _known: Known) -> None:
    text = child(body, "text", "")
    only(text, ("body", "preview_url"), "text")
    words(text, "body", "text", most=4096)
    flag(text, "preview_url", "text")


def _media(kind: str) -> Callable[[Json, Known], None]:
    def checked(body: Json, known: Known) -> None:
        content = child(body, kind, "")
        only(content, _MEDIA_KEYS[kind], kind)
        media(content, kind, known.media)
        if kind in _CAPTIONED:
            maybe(content, "caption", kind, most=1024)
        maybe(content, "filename", kind, most=240)
        flag(content, "voice", kind)

    return checked


def _location(body: Json, _known: Known) -> None:
    location = child(body, "location", "")
    only(location, ("latitude", "longitude", "name", "address"), "location")
    for key, most in (("latitude", 90), ("longitude", 180)):
        value = needed(location, key, "location")
        if _degrees(value) is None or abs(_degrees(value) or 0) > most:
            raise Refused(bad_value(f"{at('location', key)} is not between -{most} and {most}"))
    maybe(location, "name", "location", most=1000)
    maybe(location, "address", "location", most=1000)


def _degrees(value: object) -> float | None:
    # Meta's own examples carry degrees as text.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _contacts(body: Json, _known: Known) -> None:
    for index, card in enumerate(items(body, "contacts", "", most=257)):
        path = f"contacts[{index}]"
        name = child(card, "name", path)
        words(name, "formatted_name", at(path, "name"), most=1000)
        for number, phone in enumerate(
            items(card, "phones", path, most=100) if "phones" in card else ()
        ):
            maybe(phone, "phone", f"{path}['phones'][{number}]", most=100)
        if "birthday" in card and not _BIRTHDAY.fullmatch(str(card["birthday"])):
            raise Refused(bad_value(f"{at(path, 'birthday')} must be YYYY-MM-DD"))


def _reaction(body: Json, _known: Known) -> None:
    reaction = child(body, "reaction", "")
    only(reaction, ("message_id", "emoji"), "reaction")
    words(reaction, "message_id", "reaction", most=512)
    emoji = words(reaction, "emoji", "reaction", most=64, least=0)
    if emoji and emoji.isascii():
        raise Refused(bad_value("reaction['emoji'] is not an emoji"))


def _pin(body: Json, _known: Known) -> None:
    if body.get("recipient_type") != "group":
        raise Refused(bad_parameter("Messages of type pin can only be sent to a group."))
    words(child(body, "pin", ""), "message_id", "pin", most=512)


def _interactive(body: Json, known: Known) -> None:
    check_interactive(child(body, "interactive", ""), known.media)


def _template(body: Json, known: Known) -> None:
    template = child(body, "template", "")
    found = check_template(template, known.templates, known.media)
    if found.category == "AUTHENTICATION" and body.get("to") is None:
        raise Refused(by_code(131062))


_CHECKS: dict[str, Callable[[Json, Known], None]] = {
    "text": _text,
    **{kind: _media(kind) for kind in MEDIA_KINDS},
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "pin": _pin,
    "interactive": _interactive,
    "template": _template,
}
