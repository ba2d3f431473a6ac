"""What the engine may ask for. Each effect has exactly one handler, in `worker/turn.py` (checked by a test)."""

from typing import Literal

import msgspec

from recado.engine.content import Content
from recado.engine.events import Json
from recado.engine.requests import Request


class Send(msgspec.Struct, frozen=True, tag="send", tag_field="effect", omit_defaults=True):
    """A message to the contact. `asks` marks the one whose sending starts the clock of a question's lateness."""

    content: Content
    node: str | None = None
    visit: str | None = None
    asks: bool = False
    reply_to: str | None = None


class Handoff(msgspec.Struct, frozen=True, tag="handoff", tag_field="effect", omit_defaults=True):
    """The conversation goes to a person; the bot is silent until it is released.

    `team` and `agent` name who should take it, `note` is for whoever does.
    """

    reason: str = ""
    note: str = ""
    team: str | None = None
    agent: str | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"


class Call(msgspec.Struct, frozen=True, tag="call", tag_field="effect", omit_defaults=True):
    """Something outside is asked; the session waits for `CallFinished` with this token.

    `timeout` in seconds. `repeatable`: it may be made again, with the same key, if a crash hides how it went.
    """

    token: str
    request: Request
    timeout: int
    node: str | None = None
    repeatable: bool = False


class Track(msgspec.Struct, frozen=True, tag="track", tag_field="effect", omit_defaults=True):
    """An event for the analytics; a `goal` counts for the A/B test."""

    event: str
    value: Json = None
    properties: dict[str, Json] = {}
    goal: bool = False
    node: str | None = None


class Notify(msgspec.Struct, frozen=True, tag="notify", tag_field="effect", omit_defaults=True):
    """Words of the flow for the people of a team, or for everybody."""

    text: str
    team: str | None = None
    node: str | None = None


class TakeBack(msgspec.Struct, frozen=True, tag="take_back", tag_field="effect"):
    """The bot has the conversation again."""


class UpdateContact(
    msgspec.Struct, frozen=True, tag="update_contact", tag_field="effect", omit_defaults=True
):
    """Tags to add or remove, fields to set, and the name to call the contact by from now on."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    fields: dict[str, Json] = {}
    name: str | None = None


class Consent(msgspec.Struct, frozen=True, tag="consent", tag_field="effect", omit_defaults=True):
    """The contact said whether we may write first; `words` are their own, for the record, and empty if a flow says so."""

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


Effect = (
    Send | Call | Handoff | TakeBack | UpdateContact | Consent | Track | Notify | EndSession | Alert
)
