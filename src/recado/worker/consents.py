"""Opting out and in where no flow can run to hear it: nobody's refusal depends on a chatbot."""

from recado.engine.commands import command_of
from recado.engine.effects import Consent
from recado.engine.events import Message
from recado.worker.lane import Lane
from recado.worker.perform import perform


def consent_in(lane: Lane, message: Message) -> bool | None:
    """Says whether a message gives (true) or refuses (false) consent; None when it does neither."""
    world = lane.world()
    match command_of(lane.state, message, world.settings.commands, world):
        case "stop":
            return False
        case "start":
            return True
    return None


def record(lane: Lane, message: Message, *, granted: bool) -> None:
    """Records what a message says and confirms it; a refusal that is known already says nothing new."""
    if not granted and lane.contact.opted_out:
        return
    perform(lane, Consent(granted, message.text, message.id))
    lane.tell("opted_in" if granted else "opted_out")
