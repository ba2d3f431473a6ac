"""Builds webhook payloads as Meta writes them, down to the escaped bytes."""

import json
from collections.abc import Mapping

from recado.whatsapp.fake_errors import FakeError
from recado.whatsapp.fake_records import FakeCustomer, FakeNumber, FakeTemplate, Json, Sent

# Meta signs and sends non-ASCII escaped, and these too (Graph's JSON writer).
_ESCAPES = (("/", "\\/"), ("<", "\\u003C"), ("%", "\\u0025"), ("@", "\\u0040"))
_PRICED = frozenset({"sent", "delivered"})


def encode(payload: Mapping[str, object]) -> bytes:
    """Writes a payload in Meta's escaped form: plain ASCII."""
    text = json.dumps(payload, separators=(",", ":"))
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text.encode("ascii")


def envelope(number: FakeNumber, value: Json, *, field: str = "messages") -> Json:
    """Wraps one change of a field in the envelope of the number's WABA."""
    if field == "messages":
        metadata = {
            "display_phone_number": number.display_phone_number,
            "phone_number_id": number.phone_number_id,
        }
        value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    changes = [{"value": value, "field": field}]
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": number.waba_id, "changes": changes}],
    }


def contact(customer: FakeCustomer, wa_id: str | None) -> Json:
    """Describes the customer for `contacts[]`: without a phone there is no `wa_id`."""
    profile = {"name": customer.name}
    if customer.username is not None:
        profile["username"] = customer.username
    found: Json = {"profile": profile, "user_id": customer.user_id}
    if wa_id is not None:
        found["wa_id"] = wa_id
    return found


def inbound(
    customer: FakeCustomer, message: Json, *, wa_id: str | None, wamid: str, at: float
) -> Json:
    """Builds the value of a customer's message."""
    sender = {} if wa_id is None else {"from": wa_id}
    full = {
        **sender,
        "from_user_id": customer.user_id,
        "id": wamid,
        "timestamp": str(int(at)),
        **message,
    }
    return {"contacts": [contact(customer, wa_id)], "messages": [full]}


def status_of(
    sent: Sent,
    status: str,
    *,
    customer: FakeCustomer | None,
    wa_id: str | None,
    at: float,
    category: str,
    error: FakeError | None = None,
) -> Json:
    """Builds the value of one status; a group has no customer."""
    found: Json = {"id": sent.wamid, "status": status, "timestamp": str(int(at))}
    if customer is None:
        found |= {"recipient_id": sent.to, "recipient_type": "group"}
    else:
        found |= {"recipient_user_id": customer.user_id}
        if wa_id is not None:
            found["recipient_id"] = wa_id
    if sent.opaque is not None:
        found["biz_opaque_callback_data"] = sent.opaque
    if status in _PRICED:
        found["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": category,
        }
    if error is not None:
        found["errors"] = [error.in_webhook()]
    value: Json = {"statuses": [found]}
    return value if customer is None else {"contacts": [contact(customer, wa_id)], **value}


def category_of(template: FakeTemplate | None) -> str:
    """Says what a message is billed as: free-form replies are `service` (since October 2026)."""
    return "service" if template is None else template.category.lower()


def choices(sent: Sent) -> list[Json]:
    """Lists what a customer can tap under a message, each as the message that the tap sends."""
    match sent.type:
        case "interactive":
            return _interactive_choices(sent.body["interactive"])
        case "template" if sent.filled is not None:
            replies = [each for each in sent.filled["buttons"] if each["type"] == "quick_reply"]
            return [_quick_reply(each["payload"], each["text"]) for each in replies]
        case "template":
            return _template_choices(sent.body["template"])
        case _:
            return []


def _interactive_choices(interactive: Json) -> list[Json]:
    action = interactive["action"]
    if interactive["type"] == "button":
        replies = [("button_reply", button["reply"]) for button in action["buttons"]]
    elif interactive["type"] == "list":
        replies = [("list_reply", row) for section in action["sections"] for row in section["rows"]]
    else:
        return []
    return [
        {"type": "interactive", "interactive": {"type": kind, kind: reply}}
        for kind, reply in replies
    ]


def _template_choices(template: Json) -> list[Json]:
    found: list[Json] = []
    for component in template.get("components", ()):
        if str(component.get("sub_type")).lower() != "quick_reply":
            continue
        for parameter in component.get("parameters", ()):
            payload = str(parameter.get("payload", parameter.get("text", "")))
            found.append(_quick_reply(payload, payload))
    return found


def _quick_reply(payload: str, text: str) -> Json:
    return {"type": "button", "button": {"payload": payload, "text": text}}


def choice_id(choice: Json) -> tuple[str, str]:
    """Gives a choice's id and title."""
    if choice["type"] == "button":
        button = choice["button"]
        return button["payload"], button["text"]
    reply = choice["interactive"][choice["interactive"]["type"]]
    return reply["id"], reply["title"]
