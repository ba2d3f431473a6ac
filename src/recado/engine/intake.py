"""What a message means for a conversation before any node sees it: start, answer, start anew, or just history."""

from datetime import datetime, timedelta
from enum import Enum, auto

from recado.engine.commands import PERSON, command_of, mode_of
from recado.engine.events import Message, World
from recado.engine.state import State

# These tell us something about the chat, but are nobody's words (flow language, section 3).
SILENT = frozenset(
    ["reaction", "system", "edit", "revoke", "unsupported", "unknown", "request_welcome"]
)
NERVOUS = timedelta(minutes=1)


class Intake(Enum):
    """The four things a message can do."""

    START = auto()
    REPLY = auto()
    EXPIRE = auto()
    HISTORY = auto()


def intake(state: State | None, message: Message, at: datetime, world: World) -> Intake:
    """Judges a message by the conversation's last session, open or not, at the database's time `at`.

    `world.conversation["mode"]` says who has the conversation: bot, waiting, human or closed.
    """
    if message.type in SILENT or _for_people(state, message, world):
        return Intake.HISTORY
    if state is None or not state.status.open:
        return Intake.HISTORY if _tapped_twice(state, message, at) else Intake.START
    return Intake.EXPIRE if expired(state, at) else Intake.REPLY


def expired(state: State, at: datetime) -> bool:
    """Says whether the session's time to live is over; it runs only while waiting for a reply."""
    return state.expires_at is not None and at >= state.expires_at


def _for_people(state: State | None, message: Message, world: World) -> bool:
    if mode_of(state, world) not in PERSON:
        return False
    return command_of(state, message, world.settings.commands, world) is None


def _tapped_twice(state: State | None, message: Message, at: datetime) -> bool:
    """Finds the second tap of a nervous finger on the button that ended the session."""
    if state is None or message.tap is None or message.tap.visit is None:
        return False
    same = state.answered.get(message.tap.visit) == message.tap.option
    return same and state.last_inbound_at is not None and at < state.last_inbound_at + NERVOUS
