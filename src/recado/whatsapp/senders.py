"""Who wrote: joins a message with the `contacts` beside it, which may carry any subset of their members.

Since 2026 a person may have no phone here, only a user id (BSUID); it may even stand in `from`, where the phone was.
"""

from collections.abc import Sequence

import msgspec

from recado.whatsapp.wire import LONGEST_NAME, NOTHING, Node, identity, part, string

_FORMATTING = str.maketrans("", "", "+ -().\u00a0")


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """A person's identities and names, as far as the post tells them."""

    wa_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    username: str | None = None


class Contacts:
    """The `contacts` of one value, found by any identity; built once, so that a batch takes linear time."""

    def __init__(self, contacts: Sequence[Node], *, messages: int) -> None:
        self._only = contacts[0] if len(contacts) == 1 and messages == 1 else NOTHING
        self._by_identity = {
            key: contact
            for contact in contacts
            for key in (identity(contact, "wa_id"), identity(contact, "user_id"))
            if key is not None
        }

    def sender(self, message: Node) -> Sender:
        """Says who wrote a message; a lone contact belongs to a lone message even under another spelling."""
        from_ = identity(message, "from")
        from_user = identity(message, "from_user_id")
        contact = self._find(from_user, from_)
        phone, user_id = _told_apart(from_)
        wa_id, misplaced = _told_apart(identity(contact, "wa_id"))
        profile = part(contact, "profile")
        return Sender(
            wa_id=wa_id or phone,
            user_id=from_user or identity(contact, "user_id") or user_id or misplaced,
            name=string(profile, "name", LONGEST_NAME),
            username=string(profile, "username", LONGEST_NAME),
        )

    def _find(self, *keys: str | None) -> Node:
        return next(
            (self._by_identity[key] for key in keys if key in self._by_identity), self._only
        )


def _told_apart(value: str | None) -> tuple[str | None, str | None]:
    """Sorts one text into (phone digits, user id): a phone has digits and the usual signs, an id has letters."""
    if value is None:
        return None, None
    if value.isascii() and value.isdigit():
        return value, None
    digits = value.translate(_FORMATTING)
    return (digits, None) if digits.isascii() and digits.isdigit() else (None, value)
