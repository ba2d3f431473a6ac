"""The bodies that the fake's control endpoints read."""

from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web

from recado.whatsapp.fake_records import FakeTemplate, Json

In = TypeVar("In")


class File(msgspec.Struct, forbid_unknown_fields=True):
    """A file that a customer sends; `content` is base64."""

    kind: str
    mime_type: str
    content: str
    caption: str | None = None
    filename: str | None = None


class Saying(msgspec.Struct, forbid_unknown_fields=True):
    """What a customer does: exactly one of text, tap (an id or title), file or message."""

    text: str | None = None
    tap: str | None = None
    file: File | None = None
    message: Json | None = None
    tapped: str | None = None  # the wamid that the tap belongs to
    reply_to: str | None = None
    number: str | None = None
    name: str | None = None
    username: str | None = None


class Clock(msgspec.Struct, forbid_unknown_fields=True):
    """How far the fake's clock moves ahead, in seconds."""

    advance: Annotated[float, msgspec.Meta(ge=0)]


class Raw(msgspec.Struct, forbid_unknown_fields=True):
    """A whole webhook payload for a number's webhook."""

    payload: dict[str, Any]
    number: str | None = None


class NewTemplate(msgspec.Struct, forbid_unknown_fields=True):
    """A template for a WABA."""

    waba_id: str
    template: FakeTemplate


def parse(raw: bytes, kind: type[In]) -> In:
    """Reads a control body; a wrong one answers 400 and says what is wrong."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise wrong(str(error)) from error


def wrong(sentence: str, *, status: int = 400) -> web.HTTPException:
    """Makes a 400 or 404 that says what is wrong."""
    text = msgspec.json.encode({"error": sentence}).decode()
    kind = web.HTTPNotFound if status == 404 else web.HTTPBadRequest
    return kind(text=text, content_type="application/json")
