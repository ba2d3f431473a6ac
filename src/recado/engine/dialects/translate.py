"""Turns the nodes of elsewhere into ours, node by node, and then what they share: variables, edges, added nodes."""

from collections.abc import Iterable, Mapping
from typing import Any

from recado.engine.dialects.box import Box
from recado.engine.dialects.credentials import Names, looks_secret
from recado.engine.dialects.edges import Ids
from recado.engine.dialects.expand import Expansion
from recado.engine.dialects.fields import Fields, is_blank
from recado.engine.dialects.outcome import Outcome
from recado.engine.dialects.placeholders import Wording, mentioned, reword, wording
from recado.engine.dialects.report import Notes
from recado.engine.dialects.spellings import ANYWHERE, SPELLINGS
from recado.engine.dialects.wiring import Edge, Wiring
from recado.engine.events import Json

NEXT = ("next_node_id", "nextNodeId")
DAY = "%d/%m/%Y"
# Names by which a dialect is known where its node type stands at the root, as it does in several.
THIRD = frozenset(
    [
        "question",
        "variable",
        "output_variable",
        "query_params",
        "action_type",
        "contact_data",
        "email_data",
        "department",
    ]
)


def dialect_of(box: Box) -> str | None:
    """Names the dialect of a node; None for one that is in our own form, or that might be."""
    spelling = SPELLINGS.get(box.type)
    if box.dialect is not None or spelling is None or not spelling.is_foreign(box.data):
        return box.dialect
    if box.data.keys() & ANYWHERE:
        return "D"
    if box.data.keys() & THIRD or isinstance(box.data.get("content"), dict) or _branches(box):
        return "C"
    return "analysis" if box.moved else "B"


def _branches(box: Box) -> bool:
    conditions = box.data.get("conditions")
    items = conditions if isinstance(conditions, list) else []
    return any(isinstance(item, dict) and "branch" in item for item in items)


def translate(
    boxes: list[Box], edges: list[Edge], flat: dict[str, Any], notes: Notes
) -> tuple[list[dict[str, Json]], list[Edge]]:
    """Gives nodes and edges in our form, and brings the document's own fields in line with them."""
    leaving: dict[str, list[Edge]] = {}
    for edge in edges:
        leaving.setdefault(edge["source"], []).append(edge)
    names, theirs = Names(), list[str]()
    outcomes: list[Outcome] = []
    for box in boxes:
        box.leaving = leaving.get(box.id, [])
        outcomes.append(_outcome(box, names, theirs, notes))
    _share_variables(boxes, outcomes, theirs, flat, notes)
    first: dict[str, Outcome] = {}
    for box, outcome in zip(boxes, outcomes, strict=True):
        first.setdefault(box.id, outcome)
    wired = Wiring(first, notes).wire(edges)
    grown = Expansion(Ids(box.id for box in boxes), notes)
    for box, outcome in zip(boxes, outcomes, strict=True):
        # A second node of the same id is the compiler's to refuse; the edges are the first one's.
        grown.add(box, outcome, wired.pop(box.id, []))
    grown.finish()
    return grown.nodes, grown.edges


def _outcome(box: Box, names: Names, theirs: list[str], notes: Notes) -> Outcome:
    """Reads one node; one in our own form stays as it is."""
    spelling = SPELLINGS.get(box.type)
    if spelling is None:
        return _unknown(box, notes)
    if dialect_of(box) is None:
        return Outcome(box.type, box.data, labels_route=box.type == "condition")
    fields = Fields(box.data, node=box.id, notes=notes, names=names)
    label = _label(fields)
    target = fields.text(*NEXT)
    outcome = spelling.read(fields, box)
    if target:
        outcome.links.append((None, target))
    # Names of the type that the node became: a message with buttons has other ones than a message.
    ours = SPELLINGS[outcome.type].ours if outcome.type in SPELLINGS else spelling.ours
    outcome.data = {**label, **fields.settle(ours), **outcome.data}
    theirs += fields.written
    return outcome


def _label(fields: Fields) -> dict[str, Json]:
    """Takes the name on the canvas; some builders keep an object of the canvas there."""
    label = fields.left.pop("label", None)
    if isinstance(label, str) and label.strip():
        return {"label": label[:200]}
    if not is_blank(label):
        fields.lose("value_not_read", field="label")
    return {}


def _unknown(box: Box, notes: Notes) -> Outcome:
    """Keeps a node of a type that nobody knows, without what looks like a secret; the compiler names it."""
    if box.dialect is None:
        return Outcome(box.type, box.data)
    notes.lose("unknown_type", node=box.id, type=box.type)
    return Outcome(box.type, _without_secrets(box.data, box.id, notes))


def _without_secrets(data: Mapping[str, Json], node: str, notes: Notes) -> dict[str, Json]:
    kept: dict[str, Json] = {}
    for name, value in data.items():
        if isinstance(value, str) and value and looks_secret(name):
            notes.lose("secret_dropped", node=node, field=name)
        else:
            kept[name] = _without_secrets(value, node, notes) if isinstance(value, dict) else value
    return kept


def _share_variables(
    boxes: list[Box],
    outcomes: list[Outcome],
    theirs: list[str],
    flat: dict[str, Any],
    notes: Notes,
) -> None:
    """Calls variables and system names by our names in every node, in the flow's variables and settings."""
    given = flat.get("variables")
    variables = {**given} if isinstance(given, dict) else {}
    for outcome in outcomes:
        variables |= outcome.variables
    ours = written(outcome.data for outcome in outcomes)
    words = wording([*theirs, *variables], ours)
    words.dates |= _dates(boxes, outcomes, words)
    for old, new in words.renamed.items():
        notes.change("variable_renamed", old=old, new=new)
    for box, outcome in zip(boxes, outcomes, strict=True):
        _reword(box, outcome, words, notes)
        if outcome.type == "script":
            _give_inputs(box, outcome, {*ours, *theirs, *variables}, words, notes)
    if isinstance(given, dict) or variables:
        flat["variables"] = {words.path(name): value for name, value in variables.items()}
    if isinstance(flat.get("settings"), dict):
        flat["settings"] = reword(flat["settings"], words, node=None, notes=notes)


def _dates(boxes: list[Box], outcomes: list[Outcome], words: Wording) -> dict[str, str]:
    """Finds the answers that are dates now: texts show them as the document's own dates are shown, or by the day."""
    patterns: dict[str, set[str]] = {}
    for outcome in outcomes:
        name, pattern = outcome.data.get("save_to"), outcome.data.get("format")
        if outcome.type == "datetime" and isinstance(name, str) and isinstance(pattern, str):
            patterns.setdefault(words.path(name), set()).add(pattern)
    found: dict[str, str] = {}
    for box, outcome in zip(boxes, outcomes, strict=True):
        name = outcome.data.get("variableName")
        if outcome.data.get("answer") == "date" and isinstance(name, str) and dialect_of(box):
            own = [each for each in patterns.get(words.path(name), ()) if '"' not in each]
            found[words.path(name)] = own[0] if len(own) == 1 else DAY
    return found


def written(items: Iterable[Mapping[str, Json]]) -> set[str]:
    """Lists the variables that nodes in our own form give a value."""
    found: set[str] = set()
    for data in items:
        own = [data.get("variableName"), data.get("save_to")]
        for name in ("assignments", "extract"):
            listed = data.get(name)
            if isinstance(listed, list):
                own += [item.get("variable") for item in listed if isinstance(item, dict)]
        found |= {name for name in own if isinstance(name, str)}
    return found


def _reword(box: Box, outcome: Outcome, words: Wording, notes: Notes) -> None:
    outcome.data = reword(outcome.data, words, node=box.id, notes=notes)
    for extras in (outcome.before, outcome.after):
        extras[:] = [(type, reword(data, words, node=box.id, notes=notes)) for type, data in extras]
    if outcome.rescue:
        outcome.rescue = reword(outcome.rescue, words, node=box.id, notes=notes)


def _give_inputs(box: Box, outcome: Outcome, known: set[str], words: Wording, notes: Notes) -> None:
    """Names the variables that a script mentions, so that one without a value is null and not unknown to it."""
    code = outcome.data.get("code")
    if dialect_of(box) is None or not isinstance(code, str) or outcome.data.get("inputs"):
        return
    names = mentioned(code, known)
    if not names:
        return
    old = [name for name in names if name in words.renamed]
    lines = [f"const {name} = {words.renamed[name]};" for name in old]
    inputs = [words.path(name) for name in names]
    outcome.data |= {"code": "\n".join([*lines, code]), "inputs": inputs}
    notes.change("script_inputs", node=box.id, names=", ".join(inputs))
