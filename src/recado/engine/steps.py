"""What a node is told when it is visited (an occasion), and what it can say comes next (a step)."""

from datetime import datetime
from typing import Literal

import msgspec

from recado.engine.events import CallResult, Json, Message
from recado.engine.requests import Request
from recado.engine.settings import Burst


class Entered(msgspec.Struct, frozen=True):
    """The session comes to the node."""


class Answered(msgspec.Struct, frozen=True):
    """The node waited for a reply, and here it is."""

    message: Message


class TimedOut(msgspec.Struct, frozen=True):
    """The time of the node's wait is over."""


class Returned(msgspec.Struct, frozen=True):
    """The node made a call, and this came of it."""

    result: CallResult


class Settled(msgspec.Struct, frozen=True):
    """The node waited for Meta's word on its message; `code` says why it was refused."""

    accepted: bool
    code: int | None = None


class GivenBack(msgspec.Struct, frozen=True):
    """The node waited for a person, who now gives the conversation back."""


Occasion = Entered | Answered | TimedOut | Returned | Settled | GivenBack


class Go(msgspec.Struct, frozen=True):
    """Leave by this port."""

    port: str = "next"


class WaitForReply(msgspec.Struct, frozen=True):
    """Stay until the customer writes, or until `timeout` seconds have gone by; `most` ends a gathered burst early."""

    timeout: int | None = None
    burst: Burst | None = None
    most: int | None = None


class WaitUntil(msgspec.Struct, frozen=True):
    """Stay until a moment; `until_reply` lets a message end the wait before, `typing` shows that we type."""

    moment: datetime
    until_reply: bool = False
    typing: bool = False


class CallOut(msgspec.Struct, frozen=True):
    """Ask the world outside and stay until it answers (`Returned`), at most `timeout` seconds.

    `repeatable`: after a crash that hides how it went the call may be made again, with the same key.
    """

    request: Request
    timeout: int
    repeatable: bool = False


class WaitForSend(msgspec.Struct, frozen=True):
    """Stay until Meta has accepted or refused the message that this visit sent last (`Settled`)."""


class WaitForPerson(msgspec.Struct, frozen=True):
    """Give the conversation to people and stay until one gives it back (`GivenBack`) or none came in time (`TimedOut`)."""

    timeout: int
    note: str = ""
    team: str | None = None
    agent: str | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"


class Stay(msgspec.Struct, frozen=True):
    """Keep the wait as it is: the answer did not do."""


class GoTo(msgspec.Struct, frozen=True):
    """Go on at another node of this flow."""

    node: str


class EnterFlow(msgspec.Struct, frozen=True):
    """Go on in another flow: for good, with the variables as they are, or as a call that comes back on `next`."""

    flow: str
    call: bool = False
    passed: dict[str, Json] = {}


class End(msgspec.Struct, frozen=True):
    """The flow is over: a called one comes back with `returns`, unless the whole `session` ends."""

    outcome: str | None = None
    returns: dict[str, Json] = {}
    session: bool = False


class Fail(msgspec.Struct, frozen=True):
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
