"""Reads a flow's own settings and checks what they name: texts, the node of the menu, flows."""

from collections.abc import Iterator, Set

import msgspec

from recado.engine import settings as settings_
from recado.engine.compile_nodes import text_problems
from recado.engine.events import Json
from recado.engine.flow import FlowDocument
from recado.engine.problems import Problem
from recado.engine.settings import Settings
from recado.engine.texts_of import Found
from recado.engine.traits import Need


def read_settings(document: FlowDocument) -> tuple[Settings, list[Problem]]:
    """Reads the settings; those that cannot be read are none. Fields are paths from the document on."""
    try:
        settings = settings_.parse(document.settings)
    except msgspec.ValidationError as error:
        return Settings(), [Problem(code="bad_settings", params={"reason": str(error)})]
    boxes = {box.id for box in document.nodes}
    return settings, [*text_problems(_texts(settings)), *_menu_problems(settings, boxes)]


def menu_node(settings: Settings) -> str | None:
    """Names the node where the customer's word for the menu leads, whatever leads there in the flow."""
    commands = settings.commands
    if commands is None or not commands.menu or commands.menu_to.to_flow:
        return None
    return commands.menu_to.to_node


def settings_needs(settings: Settings) -> Iterator[Need]:
    """Lists the flows that the settings name."""
    for place, flow in settings_.flow_places(settings):
        yield Need("flow", flow, f"settings.{place}")


def _texts(settings: Settings) -> Iterator[Found]:
    if settings.on_error and settings.on_error.text:
        yield "settings.on_error.text", settings.on_error.text, False
    if settings.inactivity and settings.inactivity.text:
        yield "settings.inactivity.text", settings.inactivity.text, False


def _menu_problems(settings: Settings, boxes: Set[str]) -> Iterator[Problem]:
    target = settings.commands.menu_to.to_node if settings.commands else None
    if target and target not in boxes:
        params: dict[str, Json] = {"target": target}
        field = "settings.commands.menu_to.to_node"
        yield Problem(code="jump_to_missing_node", field=field, params=params)
