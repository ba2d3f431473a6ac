"""jump, delay, set_variable and datetime: how other builders write them."""

from uuid import UUID

from recado.engine.dialects.box import Box
from recado.engine.dialects.fields import Fields, bare, filled, inside
from recado.engine.dialects.outcome import Outcome
from recado.engine.dialects.words import ASSIGNS, KINDS, ORDERS, UNITS
from recado.engine.events import Json
from recado.engine.expression_mistakes import Mistake
from recado.engine.expressions import parse
from recado.engine.node import PLACEHOLDER

NAMES = ("variableName", "name", "variable")
OPERATIONS = {
    "get_current": "now",
    "now": "now",
    "add": "add",
    "subtract": "subtract",
    "compare": "compare",
    "format": "format",
    "parse": "parse",
    "difference": "difference",
    "business_hours": "business_hours",
}


def jump(fields: Fields, box: Box) -> Outcome:
    """Reads a jump; a flow of elsewhere stays by its name, for the author to pick one here."""
    kind = fields.word("jumpType", "jump_type")
    node = fields.text("to_node", "targetNode", "targetNodeId", "target_node_id", to="to_node")
    flow = fields.text("to_flow", "targetFlow", "targetFlowId", "target_flow_id", to="to_flow")
    wants_flow = kind == "flow" or box.said in ("jump_to_flow",) or (flow is not None and not node)
    node, flow = (None, flow) if wants_flow else (node, None)
    if node is None and flow is None:
        fields.lose("flow_not_said")
    if flow is not None and not _is_id(flow):
        fields.lose("flow_by_name", name=flow)
    keeps, clears = fields.flag("preserveContext"), fields.flag("clearContext")
    if keeps is False or clears:
        fields.lose("context_kept")
    returns = fields.flag("return_to_parent", "returnToParent")
    done = Outcome("jump", filled(to_node=node, to_flow=flow))
    _pass(fields, done)
    if flow is not None and returns:
        done.data["mode"] = "call"
    return done


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _pass(fields: Fields, done: Outcome) -> None:
    """Reads which variables a called flow sees; those under another name are set under it first."""
    match fields.take("pass_variables", "passVariables", to="pass"):
        case list() as names:
            done.data["pass"] = [bare(name) for name in names if isinstance(name, str)]
        case bool() | None:
            pass
        case _:
            fields.lose("value_not_read", field="pass_variables")
    mapping = fields.mapping("variable_mapping", "variableMapping", to="pass")
    assignments: list[Json] = [
        {"variable": name, "value": value} for name, value in mapping.items()
    ]
    if assignments:
        done.data["pass"] = [*done.data.get("pass", []), *mapping]
        done.before.append(("set_variable", {"assignments": assignments}))
        for name in mapping:
            fields.writes(name)


def delay(fields: Fields, box: Box) -> Outcome:
    """Reads a delay, in whatever unit; its words go out before it."""
    seconds = fields.number("delaySeconds", "delay_seconds", to="amount")
    amount = fields.number("amount", "duration", "delayAmount", "delay_amount", to="amount")
    unit = fields.word("unit", "delayUnit", "delay_unit", to="unit")
    if amount is None and seconds is not None:
        amount, unit = seconds, "seconds"
    elif seconds is not None:
        fields.lose("field_not_kept", field="delaySeconds")
    if unit in ("ms", "milliseconds"):
        amount, unit = (amount or 0) / 1_000, "seconds"
    if unit and unit not in UNITS:
        fields.lose("unknown_word", field="unit", value=unit)
    typing = fields.flag("showTyping", "showTypingIndicator") or None
    if fields.flag("cancelable"):
        fields.lose("not_cancelable")
    done = Outcome("delay", filled(amount=amount, unit=UNITS.get(unit), typing=typing))
    if words := fields.text("delayMessage", "message"):
        done.before.append(("message", {"content": words}))
    return done


def set_variable(fields: Fields, box: Box) -> Outcome:
    """Reads assignments: one beside the other fields, a list of them, or an object of names and values."""
    assignments: list[Json] = []
    match fields.take("variables", to="assignments"):
        case list() as items:
            readers = [inside(fields, item) for item in items if isinstance(item, dict)]
            assignments += [assignment(reader) for reader in readers]
        case dict() as values:
            assignments += [{"variable": name, "value": value} for name, value in values.items()]
            for name in values:
                fields.writes(name)
    if fields.left.keys() & {*NAMES} and not isinstance(fields.left.get("assignments"), list):
        values_ = {"variableValue", "value"} & fields.left.keys()
        fields.change(
            "field_renamed", old=", ".join(["variableName", *sorted(values_)]), new="assignments"
        )
        assignments.insert(0, assignment(fields))
    return Outcome("set_variable", filled(assignments=assignments))


def assignment(reader: Fields) -> dict[str, Json]:
    """Reads one assignment, of this node or of an action."""
    name = reader.variable(*NAMES)
    said = reader.word("operation")
    if said and said not in ASSIGNS:
        reader.lose("unknown_word", field="operation", value=said)
    operation = ASSIGNS.get(said)
    kind = reader.word("valueType", "value_type")
    found: dict[str, Json] = {"variable": name or "", "value": _value(reader, kind)}
    if operation:
        found["operation"] = operation
    if kind == "expression":
        found |= _calculated(reader, found["value"], name or "")
    elif kind in KINDS:
        found["as"] = KINDS[kind]
    elif kind not in ("", "static", "variable"):
        reader.lose("unknown_word", field="valueType", value=kind)
    return found


def _calculated(reader: Fields, text: Json, name: str) -> dict[str, Json]:
    """Reads an expression: where ours can read it without its braces it is one, else it stays a text."""
    plain = (
        PLACEHOLDER.sub(lambda found: found[0][2:-2].strip(), text) if isinstance(text, str) else ""
    )
    if plain and not isinstance(parse(plain), Mistake):
        return {"value": plain, "as": "expression"}
    reader.lose("expression_as_text", variable=name)
    return {}


def _value(reader: Fields, kind: str) -> Json:
    """Gives what is assigned: a value as it is, another variable, or an expression as text."""
    source = reader.text("variableSource", "variable_source")
    expression = reader.text("expression")
    # An empty text, 0 and false are values, too.
    given = [reader.left.pop(key) for key in ("variableValue", "value") if key in reader.left]
    value = next((item for item in given if item is not None), "")
    if kind == "variable" and source:
        return f"{{{{{bare(source)}}}}}"
    if kind == "expression" and expression:
        return expression
    for field, unused in (("variableSource", source), ("expression", expression)):
        if unused:
            reader.lose("field_not_kept", field=field)
    return value


def datetime(fields: Fields, box: Box) -> Outcome:
    """Reads reckoning with dates; what cannot be read went on without a value."""
    said = fields.word("operation")
    operation = OPERATIONS.get(said, said)
    if said and said not in OPERATIONS:
        fields.lose("unknown_word", field="operation", value=said)
    elif operation != said:
        fields.change("value_read", field="operation", old=said, new=operation)
    data = filled(
        operation=operation or "now",
        variable=bare(
            fields.text("variable", "sourceVariable", "inputVariable", "value", to="variable") or ""
        ),
        timezone=fields.text("timezone"),
        save_to=fields.variable(
            "save_to", "outputVariable", "variableName", "resultVariable", to="save_to"
        ),
    )
    data |= _moved(fields, operation) | _compared(fields, operation) | _format(fields, operation)
    if operation == "now":
        data.pop("variable", None)
    return Outcome("datetime", data, goes_on=("error",))


def _moved(fields: Fields, operation: str) -> dict[str, Json]:
    names, units = ("amount", "addAmount"), ("unit", "addUnit")
    if operation not in ("add", "subtract"):
        # The builder writes them into every node, whatever it does.
        fields.forget("addAmount", "addUnit")
        unit = fields.word("unit")
        return {"unit": UNITS[unit]} if unit in UNITS and operation == "difference" else {}
    days = fields.number("add_days", to="amount")
    amount = fields.take(*names, to="amount") if days is None else days
    unit = fields.word(*units, to="unit")
    if unit and unit not in UNITS:
        fields.lose("unknown_word", field="unit", value=unit)
    return filled(amount=amount, unit=UNITS.get(unit))


def _compared(fields: Fields, operation: str) -> dict[str, Json]:
    if operation not in ("compare", "difference"):
        fields.forget("compareOperator")
        return {}
    if isinstance(fields.left.get("other"), str):
        return {}
    other = fields.text("compareVariable", "compareWith", to="other")
    said = fields.word("compareOperator", "operator", to="order")
    if said and said not in ORDERS:
        fields.lose("unknown_word", field="compareOperator", value=said)
    order = ORDERS.get(said, "==") if operation == "compare" else None
    return filled(other=f"{{{{{bare(other)}}}}}" if other else None, order=order)


def _format(fields: Fields, operation: str) -> dict[str, Json]:
    if operation == "parse":
        fields.forget("outputFormat", "format")
        return filled(format=fields.text("inputFormat", to="format"))
    if operation in ("compare", "difference", "business_hours"):
        fields.forget("outputFormat", "format", "inputFormat")
        return {}
    shown = fields.text("format", "outputFormat", to="format")
    return filled(format=shown)
