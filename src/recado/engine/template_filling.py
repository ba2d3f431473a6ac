"""Fills a template: what Meta would refuse, or a customer could not use, is found before anything is sent.

Nothing is cut: half a code or half an address is worse than no message, and each template is paid for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from recado.engine.content import Media, Parameter, TemplateButton
from recado.engine.node import Visit
from recado.engine.options import wire_id
from recado.engine.template_fields import (
    MAX_BODY,
    MAX_HEADER,
    ParameterField,
    TemplateButtonField,
    TemplateHeaderField,
    place,
)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Why a template is not sent: a key of `wordings.NOT_SENT`, and which field is to blame."""

    reason: str
    field: str = ""


def fill_header(visit: Visit, header: TemplateHeaderField) -> Parameter | Media | NotSent:
    """Fills the header's value or file."""
    if header.media:
        return header.media.fill(visit) or NotSent("no_media", "header")
    text = _line(visit, header.text or "")
    if problem := _checked(text, "header", MAX_HEADER):
        return problem
    return Parameter(text, header.name)


def fill_body(visit: Visit, body: Sequence[ParameterField]) -> tuple[Parameter, ...] | NotSent:
    """Fills the values of the body, which together may be as long as a whole body."""
    filled = [Parameter(_line(visit, each.value), each.name) for each in body]
    for index, parameter in enumerate(filled):
        if problem := _checked(parameter.text, _named("body", index, parameter.name), MAX_BODY):
            return problem
    if sum(len(parameter.text) for parameter in filled) > MAX_BODY:
        return NotSent("too_long", "body")
    return tuple(filled)


def fill_buttons(
    visit: Visit, buttons: Sequence[TemplateButtonField]
) -> tuple[TemplateButton, ...] | NotSent:
    """Fills the buttons; a quick reply sends its own asking's id back."""
    filled: list[TemplateButton] = []
    for index, button in enumerate(buttons):
        if button.type == "quick_reply":
            value = wire_id(visit.id, button.id or "")
        else:
            value = _line(visit, button.value or "")
            if problem := _checked(value, f"buttons.{index}", button.limit):
                return problem
        filled.append(TemplateButton(place(buttons, index), button.type, value, button.text))
    return tuple(filled)


def _line(visit: Visit, template: str) -> str:
    # Meta takes no line breaks, no tabs and no four blanks in a row inside a value.
    return " ".join(visit.text(template).split())


def _checked(text: str, field: str, limit: int) -> NotSent | None:
    if not text:
        return NotSent("empty", field)
    return NotSent("too_long", field) if len(text) > limit else None


def _named(list: str, index: int, name: str | None) -> str:
    return f"{list}.{name or index + 1}"
