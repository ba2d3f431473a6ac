"""What can happen to a conversation: the events a turn takes up.

An event is complete: besides what happened it carries the moment (`at`), the luck (`seed`) and the
`world` the flow can read, so that the same (program, state, event) gives the same turn for ever.
Everything here is plain data that goes to the journal and back as JSON.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from recado.engine.settings import Settings

# A JSON value. msgspec cannot decode a recursive alias, so the shape is checked where it enters.
Json = Any


class Tap(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tapped button or row: `<visit>:<option>` is its id on the wire; a template's quick reply has no visit."""

    option: str
    visit: str | None = None


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of the customer, as every channel hands it to the engine.

    `type` is Meta's word (text, image, button_reply, list_reply, button, location, ...), `text` what it says in
    words (body, title, caption), `value` what a question keeps (see the table in the flow language), `referral` the
    advertisement or post that the customer came by, in Meta's words.
    """

    id: str
    type: str
    text: str = ""
    value: Json = None
    at: datetime | None = None
    tap: Tap | None = None
    context_id: str | None = None
    referral: Json = None


class Trigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """What began a session; read by authors as `{{trigger.*}}`."""

    kind: Literal["any", "keyword", "referral", "deep_link", "api", "new_contact"] = "any"
    text: str = ""
    message_id: str | None = None


class World(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a flow may read besides its own variables, as it stood when the event was taken up.

    `settings` are the chatbot's over the workspace's; a flow's own settings beat them. `texts` are the platform's
    own sentences in the workspace's language, by key (see `engine/texts.py`). `published` says which version of
    another flow a jump finds, by flow id. `calendars` are those that `business_hours` can ask, by name.
    """

    contact: dict[str, Json] = {}
    conversation: dict[str, Json] = {}
    number: dict[str, Json] = {}
    chatbot: dict[str, Json] = {}
    settings: Settings = Settings()
    texts: dict[str, str] = {}
    published: dict[str, str] = {}
    calendars: dict[str, Json] = {}
    timezone: str = "America/Sao_Paulo"
    locale: str = "pt-BR"


class Happening(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True, kw_only=True):
    """What every event carries: the database's time at take-up, the luck, and the readable world."""

    at: datetime
    seed: int = 0
    world: World = World()


class Started(Happening, frozen=True, tag="started", kw_only=True):
    """A session begins at the flow's start node. `flow` and `version` name the program it begins with."""

    session: str
    flow: str | None = None
    version: str | None = None
    trigger: Trigger = Trigger()
    message: Message | None = None


class Replied(Happening, frozen=True, tag="replied", kw_only=True):
    """The customer wrote. `late`: it arrived before the current question began to be sent; `more`: and wrote on."""

    message: Message
    late: bool = False
    more: bool = False


class CallResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a call: its value, or the word for what went wrong (`engine/reasons.py` explains each).

    `status` is HTTP's number or a row count, `detail` the other side's own words (bounded, secrets masked), `ms` how
    long it took, the tokens what a language model counted. `extracted` are the parts of the answer that the request
    asked for, by their JMESPath; None where nobody has looked for them yet.
    """

    ok: bool
    value: Json = None
    error: str | None = None
    detail: str = ""
    status: int | None = None
    ms: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    extracted: dict[str, Json] | None = None


class CallFinished(Happening, frozen=True, tag="call_finished", kw_only=True):
    """A call came back. A result with an old `token` is dropped."""

    token: str
    result: CallResult


class TimerFired(Happening, frozen=True, tag="timer_fired", kw_only=True):
    """The time of a wait has come. An old `token` is ignored."""

    token: str


class SendSettled(Happening, frozen=True, tag="send_settled", kw_only=True):
    """Meta's last word on a message that a wait depends on; `token` is the wait's, `code` why it was refused."""

    token: str
    accepted: bool
    code: int | None = None


class Released(Happening, frozen=True, tag="released", kw_only=True):
    """A person gives the conversation back to the bot: where it stood, from the start, or at a node."""

    to: Literal["continue", "restart", "node"] = "continue"
    node: str | None = None


class Migrated(Happening, frozen=True, tag="migrated", kw_only=True):
    """A publish moves the session to the program it is now given; `moves` say where a removed node goes on."""

    flow: str
    version: str
    moves: dict[str, str | None] = {}


class Stopped(Happening, frozen=True, tag="stopped", kw_only=True):
    """The session ends from outside, for example because its number was deactivated."""

    reason: str


Event = Started | Replied | TimerFired | CallFinished | SendSettled | Released | Migrated | Stopped
