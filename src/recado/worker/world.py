"""What a flow can read: the World of an event, made from the rows of a conversation."""

from typing import Any

import msgspec
import structlog

from recado.engine.events import World
from recado.engine.settings import Settings, parse_stored
from recado.store.worlds import Chatbot, Contact, Conversation, Line
from recado.worker.shelf import Shelf

log = structlog.get_logger(__name__)


def standing_world(line: Line, chatbot: Chatbot | None, shelf: Shelf) -> World:
    """Puts together what is the same for all conversations; the chatbot's settings beat the workspace's."""
    key = (line.number_id, chatbot.id if chatbot else None)
    made = shelf.worlds.get(key)
    if made is None:
        made = shelf.worlds[key] = _standing_world(line, chatbot, shelf)
    return made


def world(standing: World, conversation: Conversation, contact: Contact, *, mode: str) -> World:
    """Adds what is this conversation's own at this moment; `mode` says who has it."""
    return msgspec.structs.replace(
        standing,
        contact=_contact(contact),
        conversation={
            "id": str(conversation.id),
            "protocol": protocol(conversation),
            "mode": mode,
        },
    )


def _standing_world(line: Line, chatbot: Chatbot | None, shelf: Shelf) -> World:
    settings = settings_of(line.settings)
    if chatbot:
        settings = settings_of(chatbot.settings).over(settings)
    return World(
        number={
            "id": str(line.number_id),
            "phone": line.phone_number,
            "phone_number": line.phone_number,
            "name": line.display_name,
        },
        chatbot=_chatbot(chatbot) if chatbot else {},
        settings=settings,
        texts=line.texts,
        published=shelf.published,
        calendars=line.calendars if shelf.library.reads_calendars else {},
        timezone=line.timezone,
        locale=line.locale,
    )


def protocol(conversation: Conversation) -> str:
    """Gives the short name of a conversation that people can tell each other."""
    return conversation.id.hex[-10:].upper()


def settings_of(raw: dict[str, Any]) -> Settings:
    """Reads the engine's part of stored settings; a part that cannot be read is as good as none."""
    try:
        return parse_stored(raw)
    except msgspec.ValidationError as problem:
        log.error("settings_unreadable", reason=str(problem))
        return Settings()


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.id),
        "name": contact.name,
        "phone": contact.phone,
        "user_id": contact.user_id,
        "username": contact.username,
        "tags": contact.tags,
        "fields": contact.fields,
        "opted_out": contact.opted_out,
    }


def _chatbot(chatbot: Chatbot) -> dict[str, Any]:
    """The chatbot's global variables by bare name; its id and name unless a variable has taken the word."""
    return {"id": str(chatbot.id), "name": chatbot.name, **chatbot.variables}
