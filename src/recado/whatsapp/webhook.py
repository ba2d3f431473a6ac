"""A webhook post -> Payload. Every part is read on its own, so that an odd one never spoils its neighbours.

Meta batches up to 1,000 updates in 3 MB, of fields, types and statuses that change every few months; hand-made tests
leave out nearly everything. So nothing here is required, and unknown words are kept as they came.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

import msgspec

from recado.engine.events import Json
from recado.whatsapp.inbound import inbound
from recado.whatsapp.payload import (
    BadPayload,
    Change,
    Entry,
    IdentityChange,
    Inbound,
    Payload,
    StatusUpdate,
)
from recado.whatsapp.quick import quick
from recado.whatsapp.senders import Contacts
from recado.whatsapp.statuses import graph_errors, status_update
from recado.whatsapp.wire import (
    NOTHING,
    NULL,
    Node,
    clean,
    identity,
    is_deep,
    is_dirty,
    items,
    loose,
    pieces,
    scalar,
)

__all__ = [
    "BadPayload",
    "Change",
    "Entry",
    "IdentityChange",
    "Inbound",
    "Payload",
    "StatusUpdate",
    "parse",
]

T = TypeVar("T", bound=msgspec.Struct)

MESSAGES = "messages"  # the one field of messages and statuses; any other is news of the account
MOST_PARTS = 10_000  # entries, changes, messages and statuses together; Meta sends 1,000 updates


class _Post(msgspec.Struct):
    entry: msgspec.Raw = NULL


class _Entry(msgspec.Struct):
    id: Json = None
    time: Json = None
    changes: msgspec.Raw = NULL


class _Change(msgspec.Struct):
    field: Json = None
    value: msgspec.Raw = NULL


class _Value(msgspec.Struct):
    metadata: Json = None
    contacts: Json = None
    errors: Json = None
    messages: msgspec.Raw = NULL
    statuses: msgspec.Raw = NULL


_POST = msgspec.json.Decoder(_Post)
_ENTRY = msgspec.json.Decoder(_Entry)
_CHANGE = msgspec.json.Decoder(_Change)
_VALUE = msgspec.json.Decoder(_Value)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def parse(body: bytes, received_at: datetime) -> Payload:
    """Reads a whole post; BadPayload only when the bytes are no JSON object, or one nested absurdly deep."""
    made_id = _Reading(body, received_at).made_id
    return quick(body, received_at, made_id) or parse_patiently(body, received_at)


def parse_patiently(body: bytes, received_at: datetime) -> Payload:
    """Reads a post part by part, as `parse` does what is not of the usual kind."""
    body, post = _open(body)
    reading = _Reading(body, received_at)
    entries = tuple(_entry(entry, reading) for entry in reading.each(post.entry, _ENTRY))
    return Payload(entries=entries, odd=reading.odd)


class _Reading:
    """One post on its way through the parser: its time, its made-up ids, and the odd parts met so far."""

    def __init__(self, body: bytes, received_at: datetime) -> None:
        self.body = body
        self.received_at = received_at
        self.odd = 0
        self._room = MOST_PARTS
        self._seal = ""
        self._made = 0

    def each(self, raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """Decodes the objects of a list, counting and leaving out what is none."""
        for piece in self._within(pieces(raw)):
            shaped = _shaped(piece, decoder)
            if shaped is None:
                self.odd += 1
            else:
                yield shaped

    def nodes(self, raw: msgspec.Raw) -> Iterator[tuple[Node, bytes]]:
        """Decodes the objects of a list completely, each with its own bytes."""
        for piece in self._within(pieces(raw)):
            node = loose(piece)
            if isinstance(node, dict):
                yield node, bytes(piece)
            else:
                self.odd += 1

    def _within(self, found: list[msgspec.Raw]) -> list[msgspec.Raw]:
        taken = found if len(found) <= self._room else found[: self._room]
        self._room -= len(taken)
        self.odd += len(found) - len(taken)
        return taken

    def made_id(self) -> str:
        """Names a message without an id: the same for this very post, another when it is posted again."""
        if not self._seal:
            moment = self.received_at.isoformat().encode()
            self._seal = blake2b(moment + self.body, digest_size=16).hexdigest()
        self._made += 1
        return f"made:{self._seal}-{self._made}"


def _shaped(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    """Decodes an object; None for anything else."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        return _shaped_patiently(raw, decoder)


def _shaped_patiently(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    """Decodes member by member, where one of them holds a number that nothing can hold."""
    try:
        given = _MEMBERS.decode(raw)
    except msgspec.ValidationError:
        return None
    members = {
        field.name: given[field.name] if field.type is msgspec.Raw else loose(given[field.name])
        for field in msgspec.structs.fields(decoder.type)
        if field.name in given
    }
    return decoder.type(**members)


def _open(body: bytes) -> tuple[bytes, _Post]:
    if is_dirty(body):
        body = clean(body)
    try:
        post = _POST.decode(body)
    except msgspec.ValidationError:
        raise BadPayload("no_object") from None
    except msgspec.DecodeError:
        return _open_mended(body)
    except RecursionError:
        raise BadPayload("too_deep") from None
    if is_deep(body):
        raise BadPayload("too_deep")
    return body, post


def _open_mended(body: bytes) -> tuple[bytes, _Post]:
    """Tries again without the lone surrogates that the decoder refuses; Meta passes them on from broken clients."""
    mended = clean(body)
    if mended == body:
        raise BadPayload("no_json")
    return _open(mended)


def _entry(entry: _Entry, reading: _Reading) -> Entry:
    id = scalar(entry.id) or ""
    time = scalar(entry.time)
    changes = reading.each(entry.changes, _CHANGE)
    return Entry(id=id, changes=tuple(_change(change, id, time, reading) for change in changes))


def _change(change: _Change, waba_id: str, time: str | None, reading: _Reading) -> Change:
    value = _shaped(change.value, _VALUE) or _Value()
    numbered = value.metadata if isinstance(value.metadata, dict) else NOTHING
    field = scalar(change.field) or _guessed(value)
    ours = field == MESSAGES
    account = None if ours else msgspec.json.encode(loose(change.value), order="sorted")
    return Change(
        field=field,
        waba_id=waba_id,
        phone_number_id=identity(numbered, "phone_number_id"),
        messages=_messages(value, reading) if ours else (),
        statuses=_statuses(value, reading) if ours else (),
        errors=graph_errors(value.errors),
        account=account,
        fingerprint=None if account is None else _fingerprint(waba_id, time, field, account),
    )


def _guessed(value: _Value) -> str:
    return MESSAGES if pieces(value.messages) or pieces(value.statuses) else ""


def _messages(value: _Value, reading: _Reading) -> tuple[Inbound, ...]:
    if value.messages is NULL:
        return ()
    nodes = list(reading.nodes(value.messages))
    contacts = Contacts(items(value.contacts), messages=len(nodes))
    return tuple(
        inbound(
            node, raw, contacts=contacts, made_id=reading.made_id, received_at=reading.received_at
        )
        for node, raw in nodes
    )


def _statuses(value: _Value, reading: _Reading) -> tuple[StatusUpdate, ...]:
    if value.statuses is NULL:
        return ()
    return tuple(
        status_update(node, raw, received_at=reading.received_at)
        for node, raw in reading.nodes(value.statuses)
    )


def _fingerprint(waba_id: str, time: str | None, field: str, account: bytes) -> str:
    named = msgspec.json.encode((waba_id, time, field)) + account
    return blake2b(named, digest_size=16).hexdigest()
