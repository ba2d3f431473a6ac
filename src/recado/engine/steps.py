"""What a node is told when it is visited (an occasion), and what it can say comes next (a step)."""

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Literal

from recado.engine.events import CallResult, Json, Message
from recado.engine.requests import Request
from recado.engine.settings import Burst


@dataclass(frozen=True, slots=True)
class Entered:
    """The session comes to the node."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The node waited for a reply, and here it is."""

    message: Message


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The time of the node's wait is over."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The node made a call, and this came of it."""

    result: CallResult


@dataclass(frozen=True, slots=True)
class Settled:
    """The node waited for Meta's word on its message; `code` says why it was refused."""

    accepted: bool
    code: int | None = None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The node waited for a person, who now gives the conversation back."""


Occasion = Entered | Answered | TimedOut | Returned | Settled | GivenBack


@dataclass(frozen=True, slots=True)
class Go:
    """Leave by this port."""

    port: str = "next"


@dataclass(frozen=True, slots=True)
class WaitForReply:
    """Stay until the customer writes, or until `timeout` seconds have gone by; `most` ends a gathered burst early."""

    timeout: int | None = None
    burst: Burst | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Stay until a moment; `until_reply` lets a message end the wait before, `typing` shows that we type."""

    moment: datetime
    until_reply: bool = False
    typing: bool = False


@dataclass(frozen=True, slots=True)
class CallOut:
    """Ask the world outside and stay until it answers (`Returned`), at most `timeout` seconds.

    `repeatable`: after a crash that hides how it went the call may be made again, with the same key.
    """

    request: Request
    timeout: int
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class WaitForSend:
    """Stay until Meta has accepted or refused the message that this visit sent last (`Settled`)."""


@dataclass(frozen=True, slots=True)
class WaitForPerson:
    """Give the conversation to people and stay until one gives it back (`GivenBack`) or none came in time (`TimedOut`)."""

    timeout: int
    note: str = ""
    team: str | None = None
    agent: str | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"


@dataclass(frozen=True, slots=True)
class Stay:
    """Keep the wait as it is: the answer did not do."""


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go on at another node of this flow."""

    node: str


@dataclass(frozen=True, slots=True)
class EnterFlow:
    """Go on in another flow: for good, with the variables as they are, or as a call that comes back on `next`."""

    flow: str
    call: bool = False
    passed: dict[str, Json] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The flow is over: a called one comes back with `returns`, unless the whole `session` ends."""

    outcome: str | None = None
    returns: dict[str, Json] = dataclass_field(default_factory=dict)
    session: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """The node cannot go on and has no port for it: `on_error` decides."""

    reason: str


Step = (
    Go
    | WaitForReply
    | WaitUntil
    | CallOut
    | WaitForSend
    | WaitForPerson
    | Stay
    | GoTo
    | EnterFlow
    | End
    | Fail
)
