"""What the engine may ask for. Each effect has exactly one handler, in `worker/turn.py` (checked by a test)."""

import msgspec

from recado.engine.content import Content
from recado.engine.events import Json


class Send(msgspec.Struct, frozen=True, tag="send", tag_field="effect", omit_defaults=True):
    """A message to the contact. `asks` marks the one whose sending starts the clock of a question's lateness."""

    content: Content
    node: str | None = None
    visit: str | None = None
    asks: bool = False
    reply_to: str | None = None


class Handoff(msgspec.Struct, frozen=True, tag="handoff", tag_field="effect", omit_defaults=True):
    """The conversation goes to a person; the bot is silent until it is released."""

    reason: str = ""
    note: str = ""


class TakeBack(msgspec.Struct, frozen=True, tag="take_back", tag_field="effect"):
    """The bot has the conversation again."""


class UpdateContact(
    msgspec.Struct, frozen=True, tag="update_contact", tag_field="effect", omit_defaults=True
):
    """Tags to add or remove and fields to set on the contact."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    fields: dict[str, Json] = {}


class Consent(msgspec.Struct, frozen=True, tag="consent", tag_field="effect", omit_defaults=True):
    """The contact said whether we may write first; `words` are their own, for the record."""

    granted: bool
    words: str = ""
    message_id: str | None = None


class EndSession(
    msgspec.Struct, frozen=True, tag="end_session", tag_field="effect", omit_defaults=True
):
    """The session is over; `outcome` is the author's word for how it went."""

    status: str
    outcome: str | None = None


class Alert(msgspec.Struct, frozen=True, tag="alert", tag_field="effect", omit_defaults=True):
    """Something the people who run the bot must know; `kind` names it, for example `loop_guard`."""

    kind: str
    node: str | None = None
    detail: str = ""


Effect = Send | Handoff | TakeBack | UpdateContact | Consent | EndSession | Alert
