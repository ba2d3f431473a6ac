"""interactive_buttons, interactive_list, and the options of a question: how other builders write them."""

from recado.engine.dialects.box import Box
from recado.engine.dialects.fields import Fields, filled, inside
from recado.engine.dialects.outcome import Outcome
from recado.engine.events import Json

Link = tuple[str | None, str]
TEXTS = (
    "content",
    "bodyText",
    "body",
    "messageText",
    "text",
    "message",
    "question",
    "questionText",
)
VARIABLES = ("variableName", "outputVariable", "variable", "responseVariable", "output_variable")
TARGETS = ("next_node_id", "nextNodeId", "targetNodeId", "target_node_id", "next")
TITLES = ("title", "text", "label", "name")
MOST_BUTTONS, LONGEST_TITLE = 3, 20


def menu(fields: Fields, box: Box) -> Outcome:
    """Reads buttons; more than three, or longer ones, become a question with a way out per option."""
    buttons, links = _rows(fields, fields.items("buttons"), "btn")
    text = fields.text(*TEXTS, to="content")
    footer, header = fields.text("footer", "footerText", to="footer"), _header(fields)
    name = fields.variable(*VARIABLES, to="variableName")
    titles = [str(button.get("title", "")) for button in buttons]
    if len(buttons) > MOST_BUTTONS or any(len(title) > LONGEST_TITLE for title in titles):
        fields.change("type_changed", old="interactive_buttons", new="question")
        for part in ("header", "footer"):
            if {"header": header, "footer": footer}[part]:
                fields.lose("field_not_kept", field=part)
        options = [{"value": button["id"], "label": button.get("title", "")} for button in buttons]
        data = filled(content=text, variableName=name, options=options, route_by_option=True)
        return Outcome("question", data, links=links)
    data = filled(header=header, content=text, footer=footer, buttons=buttons, variableName=name)
    return Outcome("interactive_buttons", data, links=links)


def menu_list(fields: Fields, box: Box) -> Outcome:
    """Reads a list: flat items become its only section."""
    text = fields.text(*TEXTS, to="content")
    button = fields.text("button", "buttonText", "button_text", to="button")
    flat, links = _rows(
        fields, fields.items("listItems", "items", "rows", "options", to="sections"), "item"
    )
    sections: list[Json] = [{"rows": flat}] if flat else []
    for place, section in enumerate(fields.items("sections")):
        if not isinstance(section, dict):
            fields.lose("value_not_read", field=f"sections.{place}")
            continue
        reader = inside(fields, section)
        rows, more = _rows(fields, reader.items("rows", "items"), f"item_{place + 1}")
        sections.append(filled(title=reader.text("title"), rows=rows, **reader.settle(())))
        links += more
    data = filled(
        header=_header(fields),
        content=text,
        footer=fields.text("footer", "footerText", to="footer"),
        button=button,
        sections=sections,
        variableName=fields.variable(*VARIABLES, to="variableName"),
    )
    return Outcome("interactive_list", data, links=links)


def choices(fields: Fields, items: list[Json]) -> tuple[list[Json], list[Link]]:
    """Reads the options of a question: texts stay texts, objects get `value` and `label`; and where each one led."""
    options: list[Json] = []
    links: list[Link] = []
    for place, item in enumerate(items):
        match item:
            case str() | int() | float() if not isinstance(item, bool):
                options.append(str(item))
            case dict():
                reader = inside(fields, item)
                label = reader.text("label", "title", "text", "name")
                value = reader.text("value", "id") or label
                links += _links(reader, value)
                options.append(filled(value=value, label=label, **reader.settle(())))
            case _:
                fields.lose("value_not_read", field=f"options.{place}")
    return options, links


def _header(fields: Fields) -> Json:
    ours = fields.left.pop("header", None)
    text = fields.text("headerText", to="header")
    return ours if ours else {"text": text} if text else None


def _rows(fields: Fields, items: list[Json], stem: str) -> tuple[list[dict[str, Json]], list[Link]]:
    """Reads buttons or rows: an id that is missing is made from the position."""
    rows: list[dict[str, Json]] = []
    links: list[Link] = []
    for place, item in enumerate(items):
        if isinstance(item, str):
            item = {"title": item}
        if not isinstance(item, dict):
            fields.lose("value_not_read", field=f"{stem}.{place}")
            continue
        reader = inside(fields, item)
        title = reader.text(*TITLES)
        id = reader.text("id", "value") or f"{stem}_{place + 1}"
        links += _links(reader, id)
        about = reader.text("description")
        rows.append({"id": id, **filled(title=title, description=about), **reader.settle(())})
    return rows, links


def _links(reader: Fields, port: str | None) -> list[Link]:
    target = reader.text(*TARGETS)
    return [(port, target)] if target else []
