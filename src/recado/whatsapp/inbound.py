"""A message of a webhook -> Inbound: what was said, in the flow language's terms (table of section 3), and by whom."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from recado.engine.events import Json, Message, Tap
from recado.engine.options import parse_wire_id
from recado.whatsapp.payload import IdentityChange, Inbound
from recado.whatsapp.senders import Contacts, Sender
from recado.whatsapp.wire import (
    LONGEST_TEXT,
    NOTHING,
    Node,
    embedded,
    identity,
    items,
    moment,
    part,
    string,
    words,
)

# A message without a type has the type of the member it carries; the order decides between several.
_MEMBERS = (
    *("text", "interactive", "button", "image", "video", "audio", "voice", "document", "sticker"),
    *("location", "contacts", "order", "reaction", "system", "edit", "revoke", "unsupported"),
)


class Said(msgspec.Struct, frozen=True):
    """The part of an engine message that depends on its type."""

    type: str
    text: str = ""
    value: Json = None
    tap: Tap | None = None


def inbound(
    node: Node, raw: bytes, *, contacts: Contacts, made_id: Callable[[], str], received_at: datetime
) -> Inbound:
    """Reads one message of whatever type; `made_id` names it where Meta's id is missing."""
    key = identity(node, "id") or made_id()
    timestamp = moment(node.get("timestamp"), received_at)
    sender = contacts.sender(node)
    said = _said(node)
    return Inbound(
        key=key,
        message=Message(
            id=key,
            type=said.type,
            text=said.text,
            value=_small(said.value, raw),
            at=timestamp,
            tap=said.tap,
            context_id=identity(part(node, "context"), "id"),
            referral=_small(node.get("referral"), raw),
        ),
        timestamp=timestamp,
        wa_id=sender.wa_id,
        user_id=sender.user_id,
        name=sender.name,
        username=sender.username,
        group_id=identity(node, "group_id"),
        identity_change=_identity_change(node, sender) if said.type == "system" else None,
    )


def _small(value: Json, raw: bytes) -> Json:
    """Leaves out what no variable could hold; most messages are too small altogether to look."""
    small = len(raw) <= LONGEST_TEXT or len(msgspec.json.encode(value)) <= LONGEST_TEXT
    return value if small else None


def _said(node: Node) -> Said:
    kind = string(node, "type", 64) or next((key for key in _MEMBERS if key in node), "unknown")
    match kind:
        case "text":
            return Said("text", _body(node))
        case "interactive":
            return _interactive(part(node, "interactive"))
        case "button":
            return _quick_reply(part(node, "button"))
        case "image" | "video" | "audio" | "voice" | "document" | "sticker":
            return _media("audio" if kind == "voice" else kind, part(node, kind))
        case "location":
            return Said(kind, words(part(node, kind), "name"), node.get(kind))
        case "contacts":
            return _cards(items(node.get(kind)))
        case "system":
            return Said(kind, words(part(node, kind), "body"), node.get(kind))
        case "unsupported" | "unknown":
            return Said(kind, value=_reasons(node, kind) or None)
        case _:  # order, reaction, edit, revoke, and what Meta thinks of next
            return Said(kind, value=node.get(kind))


def _body(node: Node) -> str:
    return words(part(node, "text"), "body") or words(node, "text")


def _interactive(answer: Node) -> Said:
    kind = string(answer, "type", 64) or next(
        (key for key in ("button_reply", "list_reply", "nfm_reply") if key in answer), "interactive"
    )
    match kind:
        case "button_reply" | "list_reply":
            reply = part(answer, kind)
            return _tapped(kind, string(reply, "id") or "", title=words(reply, "title"))
        case "nfm_reply":
            return Said(kind, value=_form(part(answer, kind)))
        case _:
            return Said(kind, value=answer.get(kind))


def _quick_reply(button: Node) -> Said:
    title = words(button, "text")
    payload = string(button, "payload")
    # A payload of ours names the asking; one that the template's author chose is only an option.
    tap = parse_wire_id(payload) if payload else Tap(option=title)
    return Said("button", title, tap.option, tap)


def _tapped(kind: str, wire_id: str, *, title: str) -> Said:
    tap = parse_wire_id(wire_id)
    return Said(kind, title, tap.option, tap)


def _form(reply: Node) -> dict[str, Json]:
    answer = embedded(words(reply, "response_json"))
    return answer if isinstance(answer, dict) else {"response_json": reply.get("response_json")}


def _media(kind: str, media: Node) -> Said:
    caption = words(media, "caption")
    value = {
        "type": kind,
        "media_id": identity(media, "id"),
        "mime_type": string(media, "mime_type"),
        "filename": string(media, "filename"),
        "caption": caption or None,
    }
    return Said(kind, caption, value)


def _cards(cards: list[Node]) -> Said:
    name = part(cards[0], "name") if cards else NOTHING
    return Said("contacts", words(name, "formatted_name"), cards)


def _reasons(node: Node, kind: str) -> dict[str, Json]:
    errors = items(node.get("errors"))
    return {**part(node, kind), "errors": errors} if errors else dict(part(node, kind))


def _identity_change(node: Node, sender: Sender) -> IdentityChange | None:
    system = part(node, "system")
    change = IdentityChange(
        kind=string(system, "type", 64) or "unknown",
        old_wa_id=sender.wa_id,
        # `new_wa_id` until version 11 of the webhooks, `wa_id` since 12
        new_wa_id=identity(system, "new_wa_id") or identity(system, "wa_id"),
        old_user_id=identity(system, "previous_user_id"),
        new_user_id=identity(system, "user_id"),
    )
    return change if change.new_wa_id or change.new_user_id else None
