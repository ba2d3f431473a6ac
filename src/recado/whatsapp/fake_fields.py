"""Reads one field of an outgoing body, or refuses it in Meta's words."""

import re
from collections.abc import Collection, Container

from recado.whatsapp.fake_errors import Refused, bad_parameter, bad_value
from recado.whatsapp.fake_records import Json

LINK = re.compile(r"https?://[^\s/?#<>{}]+\S*", re.IGNORECASE)
# Which files a kind of message may carry; Meta takes nearly anything as a document.
MEDIA_KINDS: dict[str, tuple[str, ...]] = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"),
    "sticker": ("image/webp",),
    "document": ("",),
}


def at(path: str, key: str) -> str:
    """Names a field the way Meta does: `text['body']`."""
    return f"{path}['{key}']" if path else key


def needed(parent: Json, key: str, path: str) -> object:
    """Gives a field that must be there."""
    value: object = parent.get(key)
    if value is None:
        raise Refused(bad_parameter(f"The parameter {at(path, key)} is required."))
    return value


def table(value: object, path: str) -> Json:
    """Takes a value that must be a JSON object."""
    if not isinstance(value, dict):
        raise Refused(bad_parameter(f"Param {path} must be a JSON object."))
    return value


def child(parent: Json, key: str, path: str) -> Json:
    """Gives an object that must be there."""
    return table(needed(parent, key, path), at(path, key))


def items(parent: Json, key: str, path: str, *, most: int, least: int = 1) -> list[Json]:
    """Gives a list of objects whose length must lie between the limits."""
    value = needed(parent, key, path)
    where = at(path, key)
    if not isinstance(value, list):
        raise Refused(bad_parameter(f"Param {where} must be an array."))
    if not least <= len(value) <= most:
        raise Refused(bad_value(f"{where}: expected {least} to {most} items, got {len(value)}"))
    return [table(item, f"{where}[{index}]") for index, item in enumerate(value)]


def words(
    parent: Json, key: str, path: str, *, most: int, least: int = 1, lines: bool = True
) -> str:
    """Gives a text that must be there, not blank, and within the limit of characters."""
    value = needed(parent, key, path)
    where = at(path, key)
    if not isinstance(value, str):
        raise Refused(bad_parameter(f"Param {where} must be a string."))
    if len(value) > most:
        raise Refused(bad_parameter(f"Param {where} must be at most {most} characters long."))
    if len(value.strip()) < least:
        raise Refused(bad_parameter(f"Param {where} cannot be empty."))
    if not lines and "\n" in value:
        raise Refused(bad_value(f"{where} cannot have line breaks"))
    return value


def label(parent: Json, key: str, path: str, *, most: int, least: int = 1) -> str:
    """Gives a text of an interactive message: one line, and a wrong length is a 131009."""
    value = needed(parent, key, path)
    where = at(path, key)
    if not isinstance(value, str):
        raise Refused(bad_parameter(f"Param {where} must be a string."))
    if not least <= len(value) <= most or len(value.strip()) < least:
        limits = f"Min length: {least}, Max length: {most}"
        raise Refused(bad_value(f"{where} length invalid. {limits}"))
    if "\n" in value:
        raise Refused(bad_value(f"{where} cannot have line breaks"))
    return value


def maybe(parent: Json, key: str, path: str, *, most: int) -> None:
    """Checks a text that may be left out."""
    if parent.get(key) is not None:
        words(parent, key, path, most=most, least=0)


def choice(parent: Json, key: str, path: str, allowed: Collection[str]) -> str:
    """Gives a word that must be one of the allowed ones; Meta ignores the case."""
    value = needed(parent, key, path)
    if isinstance(value, str) and value.lower() in allowed:
        return value.lower()
    options = ", ".join(sorted(allowed)).upper()
    raise Refused(bad_parameter(f"Param {at(path, key)} must be one of {{{options}}}."))


def flag(parent: Json, key: str, path: str) -> None:
    """Checks a yes-or-no that may be left out."""
    value: object = parent.get(key)
    if value is not None and not isinstance(value, bool):
        raise Refused(bad_parameter(f"Param {at(path, key)} must be a boolean."))


def only(parent: Json, allowed: Collection[str], path: str) -> None:
    """Refuses keys that Meta doesn't know in this object."""
    for key in parent:
        if key not in allowed:
            raise Refused(bad_parameter(f'Unexpected key "{key}" on param "{path}".'))


def different(values: list[str], what: str) -> None:
    """Refuses a list that says the same thing twice."""
    if len(set(values)) != len(values):
        raise Refused(bad_value(f"{what} must be unique"))


def link(parent: Json, key: str, path: str) -> None:
    """Checks a web address."""
    value = words(parent, key, path, most=2000)
    if not LINK.fullmatch(value):
        raise Refused(bad_value(f"{at(path, key)} is not a valid URI"))


def media(content: Json, path: str, known: Container[str]) -> None:
    """Checks a file: an id that the number uploaded or a link, exactly one of them."""
    has_id, has_link = content.get("id") is not None, content.get("link") is not None
    if has_id == has_link:
        both = "cannot both be set" if has_id else "must be set"
        raise Refused(bad_parameter(f"Invalid parameter: {path} 'id' or 'link' {both}."))
    if has_link:
        link(content, "link", path)
    elif str(content["id"]) not in known:
        raise Refused(bad_value(f"Media with id {content['id']} does not exist or has expired"))
