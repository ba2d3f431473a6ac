"""whatsapp_template and analytics: how other builders write them."""

import json

from recado.engine.dialects.bounds import check
from recado.engine.dialects.box import Box
from recado.engine.dialects.fields import Fields, bare, filled, is_blank
from recado.engine.dialects.outcome import Outcome
from recado.engine.dialects.report import DocumentRefused
from recado.engine.events import Json

STATUS = ("outputVariable", "saveToVariable", "output_variable")


def whatsapp_template(fields: Fields, box: Box) -> Outcome:
    """Reads a template's parameters, by position; a template that failed went on where the node says so."""
    parts: dict[str, list[Json]] = {"header": [], "body": [], "button": []}
    for item in fields.items("components", to="body"):
        _component(fields, item, parts)
    body = fields.left.pop("body", None) or [
        *parts["body"],
        *map(_value, fields.items("bodyParams", "parameters", "body_params", to="body")),
    ]
    header = fields.left.pop("header", None) or _header(
        fields,
        [
            *parts["header"],
            *map(_value, fields.items("headerParams", "header_params", to="header")),
        ],
    )
    buttons = fields.left.pop("buttons", None) or parts["button"]
    goes_on = ("error",) if fields.flag("fallbackOnError") else ()
    if variable := fields.text(*STATUS):
        fields.lose("status_not_kept", variable=variable)
    data = filled(
        name=fields.text("name", "templateName", "template_name", "template", to="name"),
        language=fields.text(
            "language", "languageCode", "templateLanguage", "language_code", to="language"
        ),
        header=header,
        body=body,
        buttons=buttons,
    )
    return Outcome("whatsapp_template", data, goes_on=goes_on)


def _component(fields: Fields, item: Json, parts: dict[str, list[Json]]) -> None:
    """Reads a component as Meta's API has them."""
    match item:
        case {"type": str() as type, "parameters": list() as values} if type.lower() in parts:
            place = type.lower()
            media = _media(values) if place == "header" else None
            if media:
                parts[place].append(media)
            elif place == "button":
                parts[place] += [_button(item, value) for value in values]
            else:
                parts[place] += map(_value, values)
        case _ if not is_blank(item):
            fields.lose("value_not_read", field="components")


def _media(values: list[Json]) -> Json:
    for value in values:
        match value:
            case {"type": "image" | "video" | "document" as kind, **rest}:
                link = rest.get(kind)
                url = link.get("link") if isinstance(link, dict) else None
                return {"media": {"type": kind, "url": url}} if url else None
    return None


def _button(item: dict[str, Json], value: Json) -> Json:
    """Reads what a button of the template needs: the id of a quick reply, the end of an address."""
    kind = str(item.get("sub_type", "quick_reply")).lower()
    index = str(item.get("index", ""))
    place = (
        {"index": int(index)} if index.isascii() and index.isdecimal() and len(index) < 3 else {}
    )
    return {"type": kind, **place, "id" if kind == "quick_reply" else "value": _value(value)}


def _value(item: Json) -> Json:
    match item:
        case {"text": text} | {"value": text} | {"payload": text}:
            return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        case str():
            return item
    return json.dumps(item, ensure_ascii=False)


def _header(fields: Fields, values: list[Json]) -> Json:
    if len(values) > 1:
        fields.lose("only_one_header", field="headerParams")
    match values[:1]:
        case [dict() as media]:
            return media
        case [str() as text]:
            return {"text": text}
    return None


def analytics(fields: Fields, box: Box) -> Outcome:
    """Reads an event; a conversion is a goal, other kinds and the tags are properties."""
    kind = fields.word("eventType", "event_type")
    properties = _properties(fields)
    if kind not in ("", "custom", "conversion"):
        properties.setdefault("event_type", kind)
        fields.change("kept_as_property", field="eventType")
    if tags := [tag for tag in fields.items("tags") if isinstance(tag, str)]:
        properties.setdefault("tags", ", ".join(tags))
        fields.change("kept_as_property", field="tags")
    if variable := fields.text(*STATUS):
        fields.lose("status_not_kept", variable=variable)
    if fields.take("incrementCounter") not in (None, False):
        fields.lose("field_not_kept", field="incrementCounter")
    named = fields.text("eventValueVariable")
    value = fields.take("value", "eventValue", "event_value", to="value")
    if value is None and named:
        value = f"{{{{{bare(named)}}}}}"
    goal = fields.flag("goal")
    if kind == "conversion" and goal is None:
        goal = True
        fields.change("value_read", field="eventType", old=kind, new="goal")
    data = filled(
        event=fields.text("event", "eventName", "event_name", to="event"),
        value=value,
        properties=properties,
        goal=goal or None,
    )
    return Outcome("analytics", data)


def _properties(fields: Fields) -> dict[str, Json]:
    found = fields.mapping("properties", "eventProperties", "event_properties", to="properties")
    match fields.take("metadata", to="properties"):
        case dict() as metadata:
            return {**metadata, **found}
        case str() as text:
            return {**_parsed(fields, text), **found}
        case None:
            return found
    fields.lose("value_not_read", field="metadata")
    return found


def _parsed(fields: Fields, text: str) -> dict[str, Json]:
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            check(value)
            return value
    except (DocumentRefused, ValueError, RecursionError):
        pass  # said below
    fields.lose("not_json", field="metadata")
    return {}
