"""What a webhook post says, in our own shapes. `webhook.parse` makes them; nothing here reads JSON."""

from datetime import datetime

import msgspec

from recado.engine.events import Json, Message
from recado.whatsapp.errors import GraphError


class BadPayload(Exception):
    """The bytes of a post are no JSON object; `reason` is one word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IdentityChange(msgspec.Struct, frozen=True, kw_only=True):
    """A system message's news that a person goes by another phone or user id from now on.

    A new phone gives the person a new user id too, so both sides may carry both (Meta, business-scoped user ids).
    """

    kind: str
    old_wa_id: str | None = None
    new_wa_id: str | None = None
    old_user_id: str | None = None
    new_user_id: str | None = None


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a person and who that person is.

    `key` names the message for deduplication: Meta's wamid, or a made-up one (`made:...`) where a hand-made test
    has none. `wa_id` holds digits only; any identity may be missing. A `group_id`
    means that the words were said in a group, where no flow of one person runs.
    """

    key: str
    message: Message
    timestamp: datetime
    wa_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    username: str | None = None
    group_id: str | None = None
    identity_change: IdentityChange | None = None


class StatusUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """Meta's word on a message that we sent.

    `status` is an open set (sent, delivered, read, played, failed, ...). `opaque` is our own
    `biz_opaque_callback_data`; `errors` are classified like those of a refused request.
    """

    wamid: str
    status: str
    timestamp: datetime
    opaque: str | None = None
    errors: tuple[GraphError, ...] = ()
    pricing: Json = None
    raw: bytes = b"null"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an entry: messages and statuses of a number, or (`account`) news of any other field.

    `account` is the field's value as JSON bytes with sorted keys, None for the field `messages`; `fingerprint` names
    it for deduplication.
    """

    field: str
    waba_id: str
    phone_number_id: str | None = None
    messages: tuple[Inbound, ...] = ()
    statuses: tuple[StatusUpdate, ...] = ()
    errors: tuple[GraphError, ...] = ()
    account: bytes | None = None
    fingerprint: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one WhatsApp Business account has to say; `id` is the account's, empty when it was left out."""

    id: str
    changes: tuple[Change, ...] = ()


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """A whole post. `odd` counts the parts left out: no JSON objects where one belongs, or beyond all measure."""

    entries: tuple[Entry, ...] = ()
    odd: int = 0

    @property
    def changes(self) -> list[Change]:
        """Lists the changes of all entries, in order."""
        return [change for entry in self.entries for change in entry.changes]
