"""The node fields of the user's own analysis, in our words: the three types that it spells otherwise."""

from recado.engine.dialects.report import Note, Notes
from recado.engine.events import Json

_AS = {"string": "text", "number": "number", "boolean": "boolean", "json": "json"}


def to_our_fields(
    kind: str, data: dict[str, Json], node: str | None, notes: Notes
) -> dict[str, Json]:
    """Gives a node's `data` with the analysis' spellings in ours; anything else stays as it is."""
    match kind:
        case "set_variable" if "assignments" not in data and "variableName" in data:
            return _assignments(data, node, notes)
        case "condition" if "cases" not in data and "operator" in data:
            return _cases(data, node, notes)
        case "delay" if "amount" not in data and "delaySeconds" in data:
            _renamed("delaySeconds", "amount", node, notes)
            rest = {key: value for key, value in data.items() if key != "delaySeconds"}
            return {**rest, "amount": data["delaySeconds"], "unit": "seconds"}
        case _:
            return data


def _assignments(data: dict[str, Json], node: str | None, notes: Notes) -> dict[str, Json]:
    value, kind = data.get("variableValue", ""), data.get("valueType")
    assignment: dict[str, Json] = {"variable": data["variableName"], "value": value}
    if "operation" in data:
        assignment["operation"] = data["operation"]
    if isinstance(kind, str):
        assignment["as"] = _AS.get(kind, kind)
    _renamed("variableName, variableValue", "assignments", node, notes)
    moved = {"variableName", "variableValue", "valueType", "operation"}
    rest = {key: value for key, value in data.items() if key not in moved}
    return {**rest, "assignments": [assignment]}


def _cases(data: dict[str, Json], node: str | None, notes: Notes) -> dict[str, Json]:
    name = data.get("variableName", data.get("variable"))
    rule = {"variable": name, "operator": data["operator"], "value": data.get("value")}
    _renamed("variableName, operator, value", "cases", node, notes)
    moved = {"variableName", "variable", "operator", "value"}
    rest = {key: value for key, value in data.items() if key not in moved}
    return {**rest, "cases": [{"id": "true", "rules": [rule]}]}


def _renamed(old: str, new: str, node: str | None, notes: Notes) -> None:
    notes.changed.append(Note(code="field_renamed", node=node, params={"old": old, "new": new}))
