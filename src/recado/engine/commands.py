"""Orders a customer can give wherever they stand: the whole folded text equals one of a command's words."""

from typing import Literal, get_args

from recado.engine.events import Message
from recado.engine.fold import fold_title
from recado.engine.settings import Commands

Command = Literal["stop", "start", "restart", "menu", "human", "end"]
ORDER: tuple[Command, ...] = get_args(Command)


def command_in(message: Message, commands: Commands | None) -> Command | None:
    """Finds the command a message is; a tap never is one."""
    if message.tap is not None or message.type != "text" or not message.text.strip():
        return None
    said = fold_title(message.text)
    for command in ORDER:
        words: tuple[str, ...] = getattr(commands or Commands(), command)
        if said in {fold_title(word) for word in words}:
            return command
    return None


def heard_by_people(command: Command | None, mode: str) -> bool:
    """Says whether the bot takes a command although a person has the conversation."""
    return command in ("stop", "start") or (command == "menu" and mode == "waiting")
