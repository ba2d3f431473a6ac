"""Checks interactive messages: buttons, lists, links, flows, products, carousels, calls."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from recado.whatsapp.fake_errors import Refused, bad_parameter, bad_value
from recado.whatsapp.fake_fields import (
    at,
    child,
    choice,
    different,
    items,
    label,
    link,
    maybe,
    media,
    needed,
    only,
    words,
)
from recado.whatsapp.fake_orders import check_order
from recado.whatsapp.fake_records import Json

_ACTION = "interactive['action']"
_PARAMETERS = f"{_ACTION}['parameters']"
_ANY_HEADER = ("text", "image", "video", "document")


@dataclass(frozen=True, slots=True)
class _Shape:
    """One interactive type: how long its body may be, which headers it takes, its action's check."""

    action: Callable[[Json, Container[str]], None]
    body: int | None = 1024  # None: the type has no body
    body_needed: bool = True
    headers: tuple[str, ...] = ()
    header_needed: bool = False
    footer: bool = True


def check_interactive(interactive: Json, known_media: Container[str]) -> None:
    """Refuses an `interactive` object that Meta wouldn't take."""
    only(interactive, ("type", "header", "body", "footer", "action"), "interactive")
    shape = _SHAPES[choice(interactive, "type", "interactive", _SHAPES)]
    _header(interactive, shape, known_media)
    if shape.body is None and "body" in interactive:
        raise Refused(bad_parameter('Unexpected key "body" on param "interactive".'))
    if shape.body is not None and (shape.body_needed or "body" in interactive):
        text = child(interactive, "body", "interactive")
        words(text, "text", "interactive['body']", most=shape.body)
    if "footer" in interactive:
        _footer(interactive, shape)
    shape.action(child(interactive, "action", "interactive"), known_media)


def _header(interactive: Json, shape: _Shape, known_media: Container[str]) -> None:
    if "header" not in interactive:
        if shape.header_needed:
            raise Refused(bad_parameter("The parameter interactive['header'] is required."))
        return
    path = "interactive['header']"
    header = child(interactive, "header", "interactive")
    kind = choice(header, "type", path, _ANY_HEADER)
    if kind not in shape.headers:
        raise Refused(bad_value(f"Header type {kind} is not supported for this interactive type"))
    _header_content(header, kind, path, known_media)


def _header_content(header: Json, kind: str, path: str, known_media: Container[str]) -> None:
    if kind != "text":
        return media(child(header, kind, path), at(path, kind), known_media)
    if header.get("text") is None:
        raise Refused(bad_value("Text cannot be null for header type text"))
    label(header, "text", path, most=60)
    return None


def _footer(interactive: Json, shape: _Shape) -> None:
    if not shape.footer:
        raise Refused(bad_parameter('Unexpected key "footer" on param "interactive".'))
    label(child(interactive, "footer", "interactive"), "text", "interactive['footer']", most=60)


def _buttons(action: Json, _known: Container[str]) -> None:
    only(action, ("buttons",), _ACTION)
    ids, titles = [], []
    for index, button in enumerate(items(action, "buttons", _ACTION, most=3)):
        path = f"{_ACTION}['buttons'][{index}]"
        choice(button, "type", path, ("reply",))
        reply = child(button, "reply", path)
        only(reply, ("id", "title"), f"{path}['reply']")
        ids.append(_id(reply, f"{path}['reply']", most=256))
        titles.append(label(reply, "title", f"{path}['reply']", most=20))
    different(ids, "Button ids")
    different(titles, "Button titles")


def _id(parent: Json, path: str, *, most: int) -> str:
    value = label(parent, "id", path, most=most)
    if value != value.strip():
        raise Refused(bad_value(f"{path}['id'] cannot start or end with spaces"))
    return value


def _list(action: Json, _known: Container[str]) -> None:
    only(action, ("button", "sections"), _ACTION)
    label(action, "button", _ACTION, most=20)
    sections = items(action, "sections", _ACTION, most=10)
    ids: list[str] = []
    for index, section in enumerate(sections):
        path = f"{_ACTION}['sections'][{index}]"
        only(section, ("title", "rows"), path)
        _section_title(section, path, needed_here=len(sections) > 1)
        ids += [_row(row, path) for row in items(section, "rows", path, most=10)]
    if len(ids) > 10:
        raise Refused(bad_value("Total row count exceed max allowed count: 10"))
    different(ids, "Row ids")


def _section_title(section: Json, path: str, *, needed_here: bool) -> None:
    if needed_here or section.get("title"):
        label(section, "title", path, most=24)


def _row(row: Json, path: str) -> str:
    where = f"{path}['rows']"
    only(row, ("id", "title", "description"), where)
    label(row, "title", where, most=24)
    if row.get("description"):
        label(row, "description", where, most=72)
    return _id(row, where, most=200)


def _named(*names: str) -> Callable[[Json, Container[str]], None]:
    def checked(action: Json, _known: Container[str]) -> None:
        choice(action, "name", _ACTION, names)
        if "parameters" in action:
            child(action, "parameters", _ACTION)

    return checked


def _with_parameters(name: str, *keys: str) -> Callable[[Json, Container[str]], None]:
    def checked(action: Json, _known: Container[str]) -> None:
        choice(action, "name", _ACTION, (name,))
        parameters = child(action, "parameters", _ACTION)
        for key in keys:
            needed(parameters, key, _PARAMETERS)

    return checked


def _cta_url(action: Json, _known: Container[str]) -> None:
    choice(action, "name", _ACTION, ("cta_url",))
    parameters = child(action, "parameters", _ACTION)
    label(parameters, "display_text", _PARAMETERS, most=20)
    link(parameters, "url", _PARAMETERS)


def _flow(action: Json, _known: Container[str]) -> None:
    choice(action, "name", _ACTION, ("flow",))
    parameters = child(action, "parameters", _ACTION)
    choice(parameters, "flow_message_version", _PARAMETERS, ("3",))
    label(parameters, "flow_cta", _PARAMETERS, most=30)
    if ("flow_id" in parameters) == ("flow_name" in parameters):
        raise Refused(bad_value("Exactly one of flow_id and flow_name must be set"))
    if "mode" in parameters:
        choice(parameters, "mode", _PARAMETERS, ("draft", "published"))
    if "flow_action" in parameters:
        choice(parameters, "flow_action", _PARAMETERS, ("navigate", "data_exchange"))


def _product(action: Json, _known: Container[str]) -> None:
    for key in ("catalog_id", "product_retailer_id"):
        words(action, key, _ACTION, most=512)


def _products(action: Json, _known: Container[str]) -> None:
    words(action, "catalog_id", _ACTION, most=512)
    sections = items(action, "sections", _ACTION, most=10)
    total = 0
    for index, section in enumerate(sections):
        path = f"{_ACTION}['sections'][{index}]"
        _section_title(section, path, needed_here=len(sections) > 1)
        total += len(items(section, "product_items", path, most=30))
    if total > 30:
        raise Refused(bad_value("Total product count exceed max allowed count: 30"))


def _carousel(action: Json, known: Container[str]) -> None:
    cards = items(action, "cards", _ACTION, most=10, least=2)
    kinds = []
    for index, card in enumerate(cards):
        path = f"{_ACTION}['cards'][{index}]"
        if card.get("card_index") != index:
            raise Refused(bad_value(f"{path}['card_index'] must be {index}"))
        kinds.append(_card(card, path, known))
    if len(set(kinds)) > 1:
        raise Refused(bad_value("All cards must have the same type of header"))


def _card(card: Json, path: str, known: Container[str]) -> str:
    kind = choice(card, "type", path, ("cta_url", "product"))
    if kind == "product":
        _product(child(card, "action", path), known)
        return kind
    header = child(card, "header", path)
    header_kind = choice(header, "type", f"{path}['header']", ("image", "video"))
    media(child(header, header_kind, f"{path}['header']"), path, known)
    if "body" in card:
        text = words(child(card, "body", path), "text", f"{path}['body']", most=160)
        if text.count("\n") > 2:
            raise Refused(bad_value(f"{path}['body'] has more than 2 line breaks"))
    _cta_url(child(card, "action", path), known)
    return header_kind


def _order_details(action: Json, _known: Container[str]) -> None:
    choice(action, "name", _ACTION, ("review_and_pay",))
    check_order(child(action, "parameters", _ACTION))


def _voice_call(action: Json, _known: Container[str]) -> None:
    choice(action, "name", _ACTION, ("voice_call",))
    if "parameters" in action:
        maybe(child(action, "parameters", _ACTION), "display_text", _PARAMETERS, most=20)


_SHAPES: dict[str, _Shape] = {
    "button": _Shape(_buttons, headers=_ANY_HEADER),
    "list": _Shape(_list, body=4096, headers=("text",)),
    "cta_url": _Shape(_cta_url, headers=_ANY_HEADER),
    "location_request_message": _Shape(_named("send_location"), footer=False),
    "flow": _Shape(_flow, headers=_ANY_HEADER),
    "product": _Shape(_product, body_needed=False),
    "product_list": _Shape(_products, headers=("text",), header_needed=True),
    "catalog_message": _Shape(_named("catalog_message")),
    "carousel": _Shape(_carousel, footer=False),
    "address_message": _Shape(_with_parameters("address_message", "country"), headers=_ANY_HEADER),
    "order_details": _Shape(
        _order_details,
        headers=("image", "text"),
    ),
    "order_status": _Shape(_with_parameters("review_order", "reference_id", "order")),
    "call_permission_request": _Shape(_named("call_permission_request"), body_needed=False),
    "voice_call": _Shape(_voice_call, headers=_ANY_HEADER),
}
