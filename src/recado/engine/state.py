"""Where a session stands between two turns. Immutable: a turn makes a new one.

A session has at most one wait, so at most one time to wake. Every wait has a token, the id of the visit that began
it; an event that carries another token is too late and changes nothing.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from recado.engine.events import CallResult, Json, Message, Trigger
from recado.engine.settings import Burst


class Status(StrEnum):
    """How a session stands; the last four are ends."""

    ACTIVE = "active"
    HANDED_OFF = "handed_off"
    COMPLETED = "completed"
    EXPIRED = "expired"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def open(self) -> bool:
        """Says whether the session can still go on."""
        return self in OPEN


OPEN = frozenset({Status.ACTIVE, Status.HANDED_OFF})


class Wait(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the session waits for, and the moments at which it must be looked at though nobody wrote.

    `kind` call: a call is under way, the `round`th of this visit; send: Meta's word on a message; person: somebody is
    to take the conversation. `until` is when a reply's timeout, a delay or the wait for a person is over; `gather_until` when a burst has gone silent; `remind_at` and
    `close_at` are the inactivity rule's. `until_reply`: a message ends the delay; `typing`: meanwhile the
    customer sees that we type.
    """

    kind: Literal["reply", "time", "call", "send", "person"]
    token: str
    since: datetime
    until: datetime | None = None
    gather_until: datetime | None = None
    remind_at: datetime | None = None
    close_at: datetime | None = None
    burst: Burst | None = None
    silence: int | None = None
    most: int | None = None
    until_reply: bool = False
    round: int = 0
    typing: bool = False

    @property
    def call_token(self) -> str:
        """Names the call under way: a visit may make several, one after the other."""
        return f"{self.token}.{self.round}"

    def moments(self) -> list[tuple[datetime, str]]:
        """Lists what will become due, earliest first. Who is in the middle of a burst is not silent."""
        if self.gather_until:
            return [(self.gather_until, "gather_until")]
        names = ("remind_at", "until", "close_at")
        found = [(at, name) for name in names if (at := getattr(self, name))]
        return sorted(found, key=lambda moment: moment[0])


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """A flow that called another and waits at its jump node for the return.

    `back` says how it goes on: it leaves by `next`, or, after a migration took the jump node away, it enters the node
    that replaces it, or ends.
    """

    flow: str | None
    version: str | None
    node: str
    variables: dict[str, Json] = {}
    asked: dict[str, str] = {}
    back: Literal["next", "enter", "end"] = "next"


class Pending(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that waits for the next question; it is late for it, which is not even asked yet."""

    message: Message


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came back while a person had the conversation: a call's result, or Meta's word on a message."""

    result: CallResult | None = None
    accepted: bool = False
    code: int | None = None


class State(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A session between two turns.

    `flow` and `version` name the program it is in, `frames` the flows that called it, `first_flow` and
    `first_version` the program that it began with and that `restart` leads back to. `memory` is the waiting node's
    own (for a question: the attempts so far); `gathered` are the parts of a burst; `late` the messages that came
    before the current question was sent; `asked` says at which node of this flow an asking stood, `answered` which
    option answered it: for taps on older askings.
    """

    session: str
    flow: str | None = None
    version: str | None = None
    first_flow: str | None = None
    first_version: str | None = None
    frames: tuple[Frame, ...] = ()
    status: Status = Status.ACTIVE
    node: str | None = None
    variables: dict[str, Json] = {}
    path: tuple[str, ...] = ()
    wait: Wait | None = None
    memory: dict[str, Json] = {}
    pending: tuple[Pending, ...] = ()
    late: tuple[Message, ...] = ()
    gathered: tuple[Message, ...] = ()
    asked: dict[str, str] = {}
    answered: dict[str, str] = {}
    repeated_at: datetime | None = None
    trigger: Trigger = Trigger()
    message: Message | None = None
    started_at: datetime | None = None
    last_inbound_at: datetime | None = None
    expires_at: datetime | None = None
    held: Held | None = None
    visits: int = 0
    visits_since_inbound: int = 0
    messages_since_inbound: int = 0
    outcome: str | None = None

    @property
    def wake_at(self) -> datetime | None:
        """Says when the turn loop must look at this session again, if nobody writes."""
        moments = self.wait.moments() if self.wait and self._runs_on else []
        return moments[0][0] if moments else None

    @property
    def _runs_on(self) -> bool:
        """Says whether time still means something: of a session with a person, only how long one was waited for."""
        return self.status is Status.ACTIVE or (
            self.status is Status.HANDED_OFF
            and self.wait is not None
            and self.wait.kind == "person"
        )

    @property
    def versions(self) -> set[str]:
        """Names the flow versions that the session is in or may come back to."""
        named = {self.version, self.first_version, *(frame.version for frame in self.frames)}
        return {version for version in named if version is not None}
