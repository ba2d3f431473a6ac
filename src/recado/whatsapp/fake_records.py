"""What the fake Meta knows about: numbers, customers, templates, media and messages."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

Json = dict[str, Any]  # JSON as it came over the wire; the fake is that edge
_NOT_DIGITS = re.compile(r"[^0-9]+")
BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


class FakeNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A business number; without an app secret its webhooks go out unsigned."""

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    access_token: str
    app_secret: str | None = None
    webhook_url: str | None = None
    verify_token: str | None = None
    verified_name: str = "Fake business"


class FakeTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A message template of a WABA; `components` as Meta lists them, empty means not checked."""

    name: str
    language: str
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    status: Literal["APPROVED", "PAUSED", "DISABLED", "PENDING", "REJECTED"] = "APPROVED"
    components: tuple[Json, ...] = ()
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] = "UNKNOWN"
    id: str = ""


@dataclass(frozen=True, slots=True)
class FakeCustomer:
    """Somebody with WhatsApp; without a phone only the business-scoped user id is known."""

    key: str
    phone: str | None
    user_id: str
    name: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class FakeMedia:
    """A file that a number uploaded or a customer sent to it."""

    id: str
    mime_type: str
    content: bytes
    phone_number_id: str

    @property
    def sha256(self) -> str:
        """Gives the file's digest in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the fake accepted from the business."""

    order: int
    phone_number_id: str
    to: str  # the customer's key, or the group's id
    body: Json
    wamid: str
    opaque: str | None
    at: float
    filled: Json | None = None  # a template as the customer sees it
    statuses: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        """Says the message's type; Meta takes a body without one for text."""
        return str(self.body.get("type", "text")).lower()

    @property
    def text(self) -> str:
        """Gives the words the customer reads: text, body or caption, or an empty string."""
        if self.filled is not None:
            return str(self.filled["body"])
        content = self.body.get(self.type, {})
        if self.type == "interactive":
            return str(content.get("body", {}).get("text", ""))
        if not isinstance(content, dict):
            return ""
        return str(content.get("body", content.get("caption", "")))


@dataclass(frozen=True, slots=True)
class Said:
    """A message from a customer to the business, as it went into the webhook."""

    order: int
    phone_number_id: str
    customer: str
    wamid: str
    message: Json
    at: float


@dataclass(frozen=True, slots=True)
class Read:
    """A mark-as-read from the business, with or without the typing indicator."""

    phone_number_id: str
    wamid: str
    typing: bool
    at: float


def digits(text: str) -> str:
    """Keeps the digits of a phone number."""
    return _NOT_DIGITS.sub("", text)


def customer_key(text: str) -> str:
    """Names a customer: the BSUID, or the digits with a Brazilian mobile's ninth digit put in.

    Written here and not shared with the code under test: the fake is its judge.
    """
    if BSUID.fullmatch(text):
        return text
    number = digits(text)
    if len(number) == 12 and number.startswith("55") and number[4] in "6789":
        return f"{number[:4]}9{number[4:]}"
    return number


def without_ninth_digit(number: str) -> str:
    """Drops a Brazilian mobile's ninth digit, as Meta does with many `wa_id`s."""
    if len(number) == 13 and number.startswith("55") and number[4] == "9":
        return number[:4] + number[5:]
    return number


def user_id_of(phone: str) -> str:
    """Makes up the BSUID of a phone: the same phone always has the same one."""
    country = "BR" if phone.startswith("55") else "US"
    return f"{country}.{int(hashlib.sha256(phone.encode()).hexdigest()[:15], 16)}"
