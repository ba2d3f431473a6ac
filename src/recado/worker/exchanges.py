"""Makes exchanges of what was said: what the customer wrote, and what the bot said to it."""

from collections.abc import Sequence

from recado.calls.ai import Exchange
from recado.store.exchanges import Spoken


def exchanges(spoken: Sequence[Spoken], most: int) -> list[Exchange]:
    """Gives the last so many; words on one side in a row are one text, and what was never answered is no exchange."""
    found: list[Exchange] = []
    user: list[str] = []
    bot: list[str] = []
    for words in spoken:
        if words.direction == "in":
            if bot:
                found.append(Exchange("\n".join(user), "\n".join(bot)))
                user, bot = [], []
            user.append(words.text)
        elif user:  # else the beginning is further back than we look
            bot.append(words.text)
    if bot:
        found.append(Exchange("\n".join(user), "\n".join(bot)))
    return found[-most:] if most else []
