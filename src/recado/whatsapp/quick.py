"""A short post of well-formed messages and statuses -> Payload: what nearly every post is, decoded in one go.

The shapes here ask for exactly what Meta sends. Whatever is not of them, or could be odd in any way, is None here and
left to `whatsapp/webhook.py`, which reads part by part; what both can read they read alike.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from recado.engine.events import Json
from recado.whatsapp.inbound import inbound
from recado.whatsapp.payload import Change, Entry, Payload
from recado.whatsapp.senders import Contacts
from recado.whatsapp.statuses import status_update
from recado.whatsapp.wire import DEEPEST, LONGEST_ID, is_dirty

SHORT = 16 * 1024  # bytes; a message of a post so short holds nothing that is too long for us

_Object = dict[str, Json]


class _Metadata(msgspec.Struct):
    phone_number_id: str


class _Value(msgspec.Struct):
    metadata: _Metadata
    contacts: list[_Object] = []
    messages: list[_Object] = []
    statuses: list[msgspec.Raw] = []
    errors: None = None


class _Change(msgspec.Struct):
    value: _Value
    field: str


class _Entry(msgspec.Struct):
    id: str
    changes: list[_Change]


class _Post(msgspec.Struct):
    entry: list[_Entry]


_POST = msgspec.json.Decoder(_Post)
_STATUS = msgspec.json.Decoder(_Object)


def quick(body: bytes, received_at: datetime, made_id: Callable[[], str]) -> Payload | None:
    """Reads a post if it is of the usual kind."""
    brackets = body.count(b"{") + body.count(b"[")
    if len(body) > SHORT or brackets > DEEPEST or is_dirty(body):
        return None
    try:
        post = _POST.decode(body)
        entries = tuple(_entry(entry, body, received_at, made_id) for entry in post.entry)
    except (msgspec.DecodeError, _Unusual):
        return None
    return Payload(entries=entries)


class _Unusual(Exception):
    """There is more to this post than meets the eye."""


def _entry(entry: _Entry, body: bytes, received_at: datetime, made_id: Callable[[], str]) -> Entry:
    _must_be_id(entry.id)
    changes = [_change(each, entry.id, body, received_at, made_id) for each in entry.changes]
    return Entry(id=entry.id, changes=tuple(changes))


def _change(
    change: _Change, waba_id: str, body: bytes, received_at: datetime, made_id: Callable[[], str]
) -> Change:
    value = change.value
    if change.field != "messages":
        raise _Unusual
    _must_be_id(value.metadata.phone_number_id)
    contacts = Contacts(value.contacts, messages=len(value.messages)) if value.messages else None
    return Change(
        field=change.field,
        waba_id=waba_id,
        phone_number_id=value.metadata.phone_number_id,
        messages=tuple(
            inbound(node, body, contacts=contacts, made_id=made_id, received_at=received_at)
            for node in value.messages
        )
        if contacts
        else (),
        statuses=tuple(
            status_update(_STATUS.decode(raw), bytes(raw), received_at=received_at)
            for raw in value.statuses
        ),
    )


def _must_be_id(text: str) -> None:
    if not 0 < len(text) <= LONGEST_ID:
        raise _Unusual
