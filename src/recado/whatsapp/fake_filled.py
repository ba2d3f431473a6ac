"""Fills a template as the customer sees it: the words, and the buttons with what a tap on each does."""

import re

from recado.whatsapp.fake_records import FakeTemplate, Json

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def filled(template: FakeTemplate, message: Json) -> Json:
    """Gives header, body, footer and buttons of a template message that was checked before."""
    parts = {str(part.get("type")).lower(): part for part in template.components}
    sent = message.get("components", [])
    given = {str(each.get("type")).lower(): each for each in sent}
    header = _words(parts.get("header", {}), given.get("header", {}))
    return {
        "header": header or None,
        "body": _words(parts.get("body", {}), given.get("body", {})),
        "footer": parts.get("footer", {}).get("text"),
        "buttons": [
            _button(button, _parameter(sent, index))
            for index, button in enumerate(parts.get("buttons", {}).get("buttons", []))
        ],
    }


def _words(part: Json, given: Json) -> str:
    parameters = given.get("parameters", [])
    values = {
        str(each.get("parameter_name") or place): _shown(each)
        for place, each in enumerate(parameters, start=1)
    }
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), str(part.get("text", "")))


def _shown(parameter: Json) -> str:
    for kind in ("currency", "date_time"):
        if kind in parameter:
            return str(parameter[kind].get("fallback_value", ""))
    return str(parameter.get("text", ""))


def _parameter(sent: list[Json], index: int) -> Json:
    """Gives what the message says about the button in a place."""
    for component in sent:
        is_button = str(component.get("type")).lower() == "button"
        if is_button and str(component.get("index")) == str(index):
            first: Json = next(iter(component.get("parameters", [])), {})
            return first
    return {}


def _button(button: Json, parameter: Json) -> Json:
    kind, text = str(button.get("type")).lower(), str(button.get("text", ""))
    shown: Json = {"type": kind, "text": text}
    match kind:
        case "quick_reply":
            shown["payload"] = str(parameter.get("payload", text))
        case "url":
            value = str(parameter.get("text", ""))
            shown["url"] = _PLACEHOLDER.sub(lambda _: value, str(button.get("url", "")))
        case "copy_code":
            shown["code"] = str(parameter.get("coupon_code", ""))
    return shown
