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
    old_parent_user_id: str | None = None
    new_parent_user_id: str | None = None


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a person and who that person is.

    `key` names the message for deduplication: Meta's wamid, or a made-up one (`made:...`) where a hand-made test
    has none. `wa_id` holds digits only; any identity may be missing. `from_` is the member as it came. A `group_id`
    means that the words were said in a group, where no flow of one person runs. `raw` is the whole message, cleaned.
    """

    key: str
    message: Message
    timestamp: datetime
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None
    name: str | None = None
    username: str | None = None
    from_: str | None = None
    group_id: str | None = None
    referral: Json = None
    identity_change: IdentityChange | None = None
    raw: bytes = b"null"


class StatusUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """Meta's word on a message that we sent.

    `status` is an open set (sent, delivered, read, played, failed, ...). `opaque` is our own
    `biz_opaque_callback_data`; `errors` are classified like those of a refused request.
    """

    wamid: str
    status: str
    timestamp: datetime
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_parent_user_id: str | None = None
    participant_id: str | None = None
    group: bool = False
    opaque: str | None = None
    errors: tuple[GraphError, ...] = ()
    pricing: Json = None
    raw: bytes = b"null"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an entry: messages and statuses of a number, or (`account`) news of any other field.

    `account` is the field's value as JSON bytes with sorted keys, None for the field `messages`; `fingerprint` names
    it for deduplication. `time` is the entry's own, else the time of receipt.
    """

    field: str
    waba_id: str
    time: datetime
    phone_number_id: str | None = None
    display_phone_number: str | None = None
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
