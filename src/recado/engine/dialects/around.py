"""What a document says beside its nodes and edges: name, variables, settings, rules for silence and for the window."""

from collections.abc import Mapping
from typing import Any

from recado.engine.dialects.envelope import COUNTED, OURS, Envelope
from recado.engine.dialects.fields import Fields, filled, is_blank
from recado.engine.dialects.report import Notes
from recado.engine.dialects.talk import initial
from recado.engine.events import Json
from recado.engine.settings import Settings

KEPT = frozenset({"format", "name", "variables", "settings", "ui"})
ACTIONS = {"close": "close", "transfer": "handoff", "handoff": "handoff", "fallback_flow": "flow"}
# What a flow has elsewhere and a chatbot has here.
CHATBOTS = frozenset({"is_main", "is_fallback", "is_active"})
READ = KEPT | {
    "viewport",
    "description",
    "inactivity_settings",
    "window_expiry_settings",
    "requires_integrations",
}


def read_around(envelope: Envelope, *, foreign: bool, notes: Notes) -> dict[str, Any]:
    """Gives the document's own fields; what has no place is named."""
    around = envelope.around
    flat = {key: around[key] for key in KEPT if around.get(key) is not None}
    for key in sorted(around.keys() - READ - COUNTED):
        if around[key] is not False:
            code = "chatbots_own" if key.rpartition(".")[2] in CHATBOTS else "not_kept"
            notes.lose(code, field=key)
    _add_ui(flat, around)
    if envelope.place != OURS and isinstance(flat.get("variables"), list):
        flat["variables"] = initial(flat["variables"])
    if foreign:
        _keep_known_settings(flat, notes)
    _elsewhere(flat, around, notes)
    return flat


def _add_ui(flat: dict[str, Any], around: Mapping[str, Json]) -> None:
    ui = flat.get("ui", {})
    if not isinstance(ui, dict):
        return
    more = {
        key: around[key] for key in ("viewport", "description") if not is_blank(around.get(key))
    }
    if more:
        flat["ui"] = {**ui, **more}


def _keep_known_settings(flat: dict[str, Any], notes: Notes) -> None:
    """Leaves out settings of another builder; what is none of our settings would stop a publish."""
    settings = flat.get("settings")
    if not isinstance(settings, dict):
        return
    known = {*Settings.__struct_fields__}
    for key in sorted(settings.keys() - known):
        if not is_blank(settings[key]):
            notes.lose("not_kept", field=f"settings.{key}")
    flat["settings"] = {key: value for key, value in settings.items() if key in known}


def _elsewhere(flat: dict[str, Any], around: Mapping[str, Json], notes: Notes) -> None:
    """Reads what other builders keep beside the nodes."""
    rules = _inactivity(around.get("inactivity_settings"), notes)
    if rules and isinstance(flat.get("settings", {}), dict):
        flat["settings"] = {"inactivity": rules, **flat.get("settings", {})}
    _window(around.get("window_expiry_settings"), notes)
    needed = around.get("requires_integrations")
    for name in needed if isinstance(needed, list) else []:
        notes.lose("integration_needed", name=str(name))


def _inactivity(raw: Json, notes: Notes) -> dict[str, Json]:
    """Reads what happens while the customer is silent; its minutes become seconds, its placeholders the numbers."""
    if not isinstance(raw, dict) or is_blank(raw):
        return {}
    if raw.get("enabled") is False:
        notes.lose("switched_off", field="inactivity_settings")
        return {}
    fields = Fields(raw, node="", notes=Notes())
    fields.forget("enabled")
    end, warn = fields.number("timeout_minutes"), fields.number("send_warning_at_minutes")
    action = fields.word("action")
    if action in ("send_reminder", "reminder"):
        warn, end = warn if warn is not None else end, None
    if action and action not in ACTIONS and action not in ("send_reminder", "reminder"):
        notes.lose("unknown_word", field="inactivity_settings.action", value=action)
    text = _filled_in(fields.text("warning_message"), end, warn, notes)
    flow = fields.text("fallback_flow_id")
    if flow:
        notes.lose("flow_by_name", name=flow)
    notes.change("inactivity_read")
    fields.settle(())
    for note in fields.notes.lost:
        notes.lose("not_kept", field=f"inactivity_settings.{note.params.get('field')}")
    return filled(
        remind_after=_seconds(warn) if text else None,
        text=text,
        end_after=_seconds(end),
        action=ACTIONS.get(action),
        flow=flow if ACTIONS.get(action) == "flow" else None,
    )


def _seconds(minutes: float | int | None) -> int | None:
    return None if minutes is None else int(min(max(minutes * 60, 0), 30 * 86_400))


def _filled_in(
    text: str | None, end: float | int | None, warn: float | int | None, notes: Notes
) -> str | None:
    left = end - warn if end is not None and warn is not None else None
    values = {
        "timeout_minutes": end,
        "warning_at_minutes": warn,
        "inactive_minutes": warn,
        "remaining_minutes": left,
    }
    for name, value in values.items():
        old = f"{{{{{name}}}}}"
        if text and value is not None and old in text:
            notes.change("text_mapped", old=old, new=f"{value:g}")
            text = text.replace(old, f"{value:g}")
    return text


def _window(raw: Json, notes: Notes) -> None:
    if isinstance(raw, dict) and not is_blank(raw):
        facts = [str(raw[key]) for key in ("action", "template_name") if raw.get(key)]
        notes.lose("window_not_kept", details=", ".join(facts) or "-")
