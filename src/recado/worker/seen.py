"""What a take-up lets the customer see besides answers: that the message was read, and that an answer is being made.

What a flow took up is marked as read. What only goes into the history is not: while a person has the conversation, it is
read when that person reads it; and a reaction or an edit is nothing to be read.

The dots are shown while the customer waits for something that takes its time: a call to a service, a delay that asks
for them. An answer that is queued already needs none, and dots that reached Meta after it would stand there for 25
seconds. For the same reason they wait until the messages before the wait are out.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from recado.engine.state import Wait

if TYPE_CHECKING:
    from recado.worker.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A mark to be made at Meta, which speaks for every earlier message of the conversation, too.

    `age` is for how many seconds the message has waited, `heard` says that it was taken up just now, else it only
    carries the dots. `typing`: they are shown once `after` is out, a message of ours; `lasts` is for how many seconds
    nothing will be said, where that is known.
    """

    number_id: UUID
    conversation_id: UUID
    workspace_id: UUID
    message_id: UUID | None
    wamid: str
    phone_number_id: str | None
    access_token_id: UUID | None
    graph_url: str | None
    age: float
    heard: bool
    typing: bool
    after: UUID | None = None
    lasts: float | None = None

    @property
    def ids(self) -> dict[str, str | None]:
        """Gives what a line of the log says it is about."""
        return {
            "workspace": str(self.workspace_id),
            "number": str(self.number_id),
            "conversation": str(self.conversation_id),
            "message": str(self.message_id) if self.message_id else None,
            "wamid": self.wamid,
        }


def receipt_of(lane: "Lane") -> Receipt | None:
    """Says what the customer may see of a conversation's take-up; nothing where the settings forbid it."""
    if lane.manners is None:
        return None
    own, wider = lane.manners
    if not _on(own.read_receipts, wider.read_receipts):
        return None
    works = _working(lane) if _on(own.typing, wider.typing) else None
    mail = lane.answered
    wamid = mail.key if mail else _heard_last(lane)
    if wamid is None or (mail is None and works is None):
        return None
    return Receipt(
        number_id=lane.line.number_id,
        conversation_id=lane.conversation.id,
        workspace_id=lane.conversation.workspace_id,
        message_id=mail.message_id if mail else None,
        wamid=wamid,
        phone_number_id=lane.line.phone_number_id,
        access_token_id=lane.line.access_token_id,
        graph_url=lane.line.graph_url,
        age=(lane.at - mail.received_at).total_seconds() if mail else 0.0,
        heard=mail is not None,
        typing=works is not None,
        after=lane.sent,
        lasts=(works.until - works.since).total_seconds() if works and works.until else None,
    )


def _on(own: bool | None, wider: bool | None) -> bool:
    """Reads a setting that is on unless somebody says otherwise."""
    return (wider if own is None else own) is not False


def _working(lane: "Lane") -> Wait | None:
    """Gives the wait that began in this take-up, if the customer is to see that we are at work."""
    wait = lane.session.state.wait if lane.session and not lane.rests else None
    if wait is None or wait.since != lane.at:
        return None
    return wait if wait.kind == "call" or wait.typing else None


def _heard_last(lane: "Lane") -> str | None:
    message = lane.session.state.message if lane.session else None
    return message.id if message else None
