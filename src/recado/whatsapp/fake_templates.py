"""Checks template messages against the templates that the WABA has."""

import re
from collections.abc import Container, Mapping

from recado.whatsapp.fake_errors import Refused, bad_value, by_code
from recado.whatsapp.fake_fields import (
    MEDIA_KINDS,
    child,
    choice,
    items,
    media,
    needed,
    words,
)
from recado.whatsapp.fake_records import FakeTemplate, Json

_COMPONENTS = frozenset(
    {"header", "body", "button", "limited_time_offer", "carousel", "tap_target_configuration"}
)
_BUTTONS = frozenset(
    {
        *("quick_reply", "url", "copy_code", "flow", "catalog", "mpm", "spm"),
        *("order_details", "voice_call", "one_tap", "phone_number", "call_permission_request"),
    }
)
_FILES = ("image", "video", "document")
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_CLOSED = {"PAUSED": 132015, "DISABLED": 132016, "PENDING": 132001, "REJECTED": 132001}


def check_template(
    template: Json,
    known: Mapping[tuple[str, str], FakeTemplate],
    known_media: Container[str],
) -> FakeTemplate:
    """Gives the template that a message names, or refuses the message."""
    name = words(template, "name", "template", most=512)
    language = child(template, "language", "template")
    code = words(language, "code", "template['language']", most=64)
    if "policy" in language:
        choice(language, "policy", "template['language']", ("deterministic",))
    found = known.get((name, code))
    if found is None:
        raise Refused(by_code(132001, f"template name ({name}) does not exist in {code}"))
    if found.status in _CLOSED:
        raise Refused(by_code(_CLOSED[found.status]))
    given = (
        items(template, "components", "template", most=20, least=0)
        if "components" in template
        else []
    )
    for index, component in enumerate(given):
        _component(component, f"template['components'][{index}]", known_media)
    _count(found, given)
    return found


def _component(component: Json, path: str, known_media: Container[str]) -> None:
    kind = choice(component, "type", path, _COMPONENTS)
    if kind == "carousel":
        return _carousel(component, path, known_media)
    if kind == "button":
        _button(component, path)
    if "parameters" in component:
        where = f"{path}['parameters']"
        for index, parameter in enumerate(items(component, "parameters", path, most=100, least=0)):
            _parameter(parameter, f"{where}[{index}]", known_media)
    return None


def _button(component: Json, path: str) -> None:
    kind = choice(component, "sub_type", path, _BUTTONS)
    if kind == "voice_call" and "index" not in component:
        return
    index = needed(component, "index", path)
    if str(index) not in {str(number) for number in range(10)}:
        raise Refused(bad_value(f"{path}['index'] must be between 0 and 9"))


def _carousel(component: Json, path: str, known_media: Container[str]) -> None:
    for index, card in enumerate(items(component, "cards", path, most=10, least=2)):
        where = f"{path}['cards'][{index}]"
        for number, inner in enumerate(items(card, "components", where, most=10)):
            _component(inner, f"{where}['components'][{number}]", known_media)


def _parameter(parameter: Json, path: str, known_media: Container[str]) -> None:
    kind = words(parameter, "type", path, most=64)
    value = needed(parameter, kind, path)
    if kind in MEDIA_KINDS:
        media(child(parameter, kind, path), f"{path}['{kind}']", known_media)
    if kind == "text" and isinstance(value, str):
        _parameter_text(value, path)


def _parameter_text(value: str, path: str) -> None:
    if not value.strip():
        raise Refused(by_code(131008, f"{path}['text'] cannot be empty"))
    # Meta: no new lines, tabs or more than four spaces in a row inside a parameter.
    if "\n" in value or "\t" in value or "     " in value:
        raise Refused(by_code(132018, f"{path}['text'] has line breaks, tabs or 5 spaces in a row"))
    if len(value) > 1024:
        raise Refused(by_code(132005, f"{path}['text'] is longer than 1024 characters"))


def _count(template: FakeTemplate, given: list[Json]) -> None:
    sent = {str(component.get("type")).lower(): component for component in given}
    for part in template.components:
        place = str(part.get("type")).lower()
        if place not in ("header", "body") or "text" not in part:
            continue
        wanted = set(_PLACEHOLDER.findall(str(part["text"])))
        parameters = sent.get(place, {}).get("parameters", [])
        _same_parameters(place, wanted, parameters)
    _header_file(template, sent.get("header", {}))
    _count_buttons(template, given)


def _header_file(template: FakeTemplate, header: Json) -> None:
    for part in template.components:
        wanted = str(part.get("format", "")).lower()
        if str(part.get("type")).lower() != "header" or wanted not in _FILES:
            continue
        given = [str(each.get("type")).lower() for each in header.get("parameters", [])]
        if given != [wanted]:
            got = given[0].upper() if given else "UNKNOWN"
            details = f"header: Format mismatch, expected {wanted.upper()}, received {got}"
            raise Refused(by_code(132012, details))


def _count_buttons(template: FakeTemplate, given: list[Json]) -> None:
    known = [
        button
        for part in template.components
        if str(part.get("type")).lower() == "buttons"
        for button in part.get("buttons", [])
    ]
    if not template.components:
        return
    sent = {
        str(each.get("index")): str(each.get("sub_type")).lower()
        for each in given
        if str(each.get("type")).lower() == "button"
    }
    for place, kind in sent.items():
        _same_button(known, place, kind)
    for index, button in enumerate(known):
        if _needs_parameter(button) and str(index) not in sent:
            kind = _sent_as(button)
            details = f"buttons: Button at index {index} of type {kind} requires a parameter"
            raise Refused(by_code(131008, details))


def _same_button(known: list[Json], place: str, kind: str) -> None:
    if place == "None":  # a call button needs no place
        return
    if int(place) >= len(known):
        raise Refused(bad_value(f"buttons: there is no button at index {place}"))
    button = known[int(place)]
    if _sent_as(button) != kind:
        details = f"buttons: Button at index {place} is of type {_sent_as(button)}, not {kind}"
        raise Refused(by_code(132012, details))
    if kind == "url" and not _needs_parameter(button):
        details = f"buttons: Button at index {place} of type {kind} does not require parameters"
        raise Refused(by_code(132018, details))


def _sent_as(button: Json) -> str:
    # The button of an authentication template is sent as a link.
    kind = str(button.get("type")).lower()
    return "url" if kind == "otp" else kind


def _needs_parameter(button: Json) -> bool:
    kind = str(button.get("type")).lower()
    return kind in ("copy_code", "otp") or bool(_PLACEHOLDER.search(str(button.get("url", ""))))


def _same_parameters(place: str, wanted: set[str], parameters: list[Json]) -> None:
    if len(parameters) != len(wanted):
        details = f"{place}: number of localizable_params ({len(parameters)})"
        raise Refused(by_code(132000, f"{details} does not match the expected ({len(wanted)})"))
    named = {parameter.get("parameter_name") for parameter in parameters} - {None}
    if (named or not all(name.isdigit() for name in wanted)) and named != wanted:
        raise Refused(by_code(132012, f"{place}: parameter names don't match the template"))
