"""What a message means for a conversation before any node sees it: start, answer, start anew, or just history."""

from datetime import datetime
from enum import Enum, auto

from recado.engine.commands import command_in, heard_by_people
from recado.engine.events import Message, World
from recado.engine.state import State, Status

# These tell us something about the chat, but are nobody's words (flow language, section 3).
SILENT = frozenset(
    ["reaction", "system", "edit", "revoke", "unsupported", "unknown", "request_welcome"]
)


class Intake(Enum):
    """The four things a message can do."""

    START = auto()
    REPLY = auto()
    EXPIRE = auto()
    HISTORY = auto()


def intake(state: State | None, message: Message, at: datetime, world: World) -> Intake:
    """Judges a message by the open session, if there is one, at the database's time `at`.

    `world.conversation["mode"]` says who has the conversation: bot, waiting, human or closed.
    """
    if message.type in SILENT or _for_people(state, message, world):
        return Intake.HISTORY
    if state is None or not state.status.open:
        return Intake.START
    return Intake.EXPIRE if expired(state, at) else Intake.REPLY


def expired(state: State, at: datetime) -> bool:
    """Says whether the session's time to live is over; it runs only while waiting for a reply."""
    return state.expires_at is not None and at >= state.expires_at


def _for_people(state: State | None, message: Message, world: World) -> bool:
    mode = str(world.conversation.get("mode", "bot"))
    handed_off = state is not None and state.status is Status.HANDED_OFF
    if mode not in ("waiting", "human") and not handed_off:
        return False
    command = command_in(message, world.settings.commands)
    return not heard_by_people(command, mode if mode != "bot" else "waiting")
