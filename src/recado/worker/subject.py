"""What a line of the log says it is about, where it is about a message on its way out."""

from typing import Protocol
from uuid import UUID


class Outgoing(Protocol):
    """A message on its way out, whatever is known of it."""

    @property
    def id(self) -> UUID:
        """The message."""

    @property
    def workspace_id(self) -> UUID:
        """Whose it is."""

    @property
    def number_id(self) -> UUID:
        """The number that it goes out by."""

    @property
    def conversation_id(self) -> UUID:
        """The conversation that it is in."""


def about(message: Outgoing) -> dict[str, str]:
    """Gives the ids of a message for a line of the log."""
    return {
        "workspace": str(message.workspace_id),
        "number": str(message.number_id),
        "conversation": str(message.conversation_id),
        "message": str(message.id),
    }
