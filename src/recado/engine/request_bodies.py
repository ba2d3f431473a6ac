"""The bodies that an author can write for a request: how their placeholders are filled, and what is wrong with them."""

from collections.abc import Mapping
from json import JSONDecodeError, dumps, loads
from typing import Literal
from urllib.parse import quote

from recado.engine import template
from recado.engine.events import Json
from recado.engine.node import PLACEHOLDER
from recado.engine.sealing import Style, seal
from recado.engine.template_parts import Part

BodyType = Literal["json", "form", "text", "none"]
# How placeholders are written in a body, and its Content-Type.
BODIES: Mapping[BodyType, tuple[Style, str]] = {
    "json": ("json", "application/json"),
    "form": ("form", "application/x-www-form-urlencoded"),
    "text": ("plain", "text/plain; charset=utf-8"),
}


def body_mistake(body: str, body_type: BodyType) -> str | None:
    """Gives the problem's code of a body that cannot become what it is meant to be."""
    if template.check(body) is not None:
        return None  # a problem of its own
    match body_type:
        case "json" if not _becomes_json(body):
            return "bad_json"
        case "form" if not all(map(_is_pair, PLACEHOLDER.sub("{{", body).split("&"))):
            return "bad_form"
    return None


def body_text(body: dict[str, Json] | list[Json], body_type: BodyType) -> str:
    """Writes a body that stands in a document as JSON itself as the text that an author would type."""
    if body_type == "form" and isinstance(body, dict):
        return "&".join(f"{quote(str(name), safe='')}={_encoded(body[name])}" for name in body)
    return dumps(body, ensure_ascii=False)


def _becomes_json(body: str) -> bool:
    """Says whether a body is JSON however its placeholders are filled.

    They are tried with nothing, which is `""` or null, and with a text that no open backslash can make a part of.
    """
    parts = template.parts_of(body)
    return all(_is_json(parts, value) for value in (None, "~"))


def _is_json(parts: tuple[Part, ...], value: Json) -> bool:
    sealed = seal(parts, lambda _: value, "json")
    try:
        loads("".join(piece if isinstance(piece, str) else "~" for piece in sealed.pieces))
    except (JSONDecodeError, RecursionError):
        return False
    return True


def _is_pair(pair: str) -> bool:
    """Says whether a part of a form is a name and a value; the name is the author's, never the customer's."""
    name, equals, _ = pair.partition("=")
    return bool(name.strip() and equals) and "{{" not in name


def _encoded(value: Json) -> str:
    """Encodes a form's value, its placeholders left as they are."""
    text = value if isinstance(value, str) else dumps(value, ensure_ascii=False)
    plain = [quote(part, safe="") for part in PLACEHOLDER.split(text)]
    kept = [*PLACEHOLDER.findall(text), ""]
    return "".join(part + each for part, each in zip(plain, kept, strict=True))
