"""Where a session stands between two turns. Immutable: a turn makes a new one.

A session has at most one wait, so at most one time to wake. Every wait has a token, the id of the visit that began
it; an event that carries another token is too late and changes nothing.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from recado.engine.events import Json, Message, Trigger
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
        return self in (Status.ACTIVE, Status.HANDED_OFF)


class Wait(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the session waits for. `until` is when a reply's timeout or a delay is over."""

    kind: Literal["reply", "time"]
    token: str
    since: datetime
    until: datetime | None = None
    burst: Burst | None = None


class Pending(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that waits for the next question; `late` as the worker judged it."""

    message: Message
    late: bool = False


class State(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A session between two turns.

    `memory` is the waiting node's own (for a question: the attempts so far); `late` are the messages that came
    before the current question was sent; `answered` keeps which option answered which asking, for double taps.
    """

    session: str
    status: Status = Status.ACTIVE
    node: str | None = None
    variables: dict[str, Json] = {}
    path: tuple[str, ...] = ()
    wait: Wait | None = None
    memory: dict[str, Json] = {}
    pending: tuple[Pending, ...] = ()
    late: tuple[Message, ...] = ()
    answered: dict[str, str] = {}
    repeated_at: datetime | None = None
    trigger: Trigger = Trigger()
    message: Message | None = None
    started_at: datetime | None = None
    last_inbound_at: datetime | None = None
    expires_at: datetime | None = None
    visits: int = 0
    visits_since_inbound: int = 0
    messages_since_inbound: int = 0
    outcome: str | None = None

    @property
    def wake_at(self) -> datetime | None:
        """Says when the turn loop must look at this session again, if nobody writes."""
        return self.wait.until if self.status is Status.ACTIVE and self.wait else None
