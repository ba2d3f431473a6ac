"""Orders a customer can give wherever they stand: the whole folded text equals one of a command's words."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, get_args

from recado.engine.events import Message, World
from recado.engine.fold import fold_title
from recado.engine.settings import Commands
from recado.engine.state import State, Status

Command = Literal["stop", "start", "restart", "menu", "human", "end"]
ORDER: tuple[Command, ...] = get_args(Command)
PERSON = ("waiting", "human")
DEFAULT = Commands()


def command_of(
    state: State | None, message: Message, commands: Commands | None, world: World
) -> Command | None:
    """Finds the command that the bot must obey: who never opted out cannot `start`, and people are not disturbed."""
    command = command_in(message, commands)
    if command == "start" and not world.contact.get("opted_out"):
        return None
    return command if command is None or _heard(command, mode_of(state, world)) else None


def command_in(message: Message, commands: Commands | None) -> Command | None:
    """Finds the command a message is; a tap never is one."""
    if message.tap is not None or message.type != "text" or not message.text.strip():
        return None
    return _by_word(commands or DEFAULT).get(fold_title(message.text))


@lru_cache(maxsize=1_000)
def _by_word(commands: Commands) -> Mapping[str, Command]:
    """Gives the command of each folded word; a word of several commands is the first one's."""
    return {
        fold_title(word): command
        for command in reversed(ORDER)
        for word in getattr(commands, command)
        if fold_title(word)
    }


def mode_of(state: State | None, world: World) -> str:
    """Says who has the conversation: bot, waiting (for a person), human or closed."""
    mode = str(world.conversation.get("mode", "bot"))
    handed_off = state is not None and state.status is Status.HANDED_OFF
    return "waiting" if handed_off and mode == "bot" else mode


def _heard(command: Command, mode: str) -> bool:
    """Says whether the bot takes a command although a person has the conversation."""
    return (
        mode not in PERSON
        or command in ("stop", "start")
        or (command == "menu" and mode == "waiting")
    )
