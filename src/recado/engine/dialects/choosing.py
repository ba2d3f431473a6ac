"""condition, switch and random: how other builders write them, and which of their exits is which of our ports."""

from recado.engine.dialects.box import Box
from recado.engine.dialects.edges import said
from recado.engine.dialects.fields import Fields, bare, filled, inside
from recado.engine.dialects.outcome import Outcome
from recado.engine.dialects.words import NO, OPERATORS, OUR_OPERATORS, YES
from recado.engine.events import Json

ELSE = "else"
TARGETS = ("targetNodeId", "target_node_id", "next_node_id", "nextNodeId", "next")
TRUE_TARGETS = ("true_next_node_id", "trueNodeId", "trueTargetNodeId")
FALSE_TARGETS = (
    "false_next_node_id",
    "falseNodeId",
    "falseTargetNodeId",
    "defaultTargetNodeId",
    "default_next_node_id",
)
DEFAULTS = ("condition-default", "default", "else", "otherwise", "fallback")


def condition(fields: Fields, box: Box) -> Outcome:
    """Reads a condition: each condition with an exit of its own is a case; with exits true and false all are one."""
    single = fields.mapping("condition")
    fields.left |= {key: value for key, value in single.items() if key not in fields.left}
    items = [item for item in fields.items("conditions", to="cases") if isinstance(item, dict)]
    if switched := _switched(fields):
        items = switched
    fields.forget("hasDefaultRoute")
    operator = fields.text("logicOperator", "logic_operator", "logic") or ""
    if not items and not fields.left.get("cases"):
        items = _lone(fields)
    if not items:
        return _ours(fields)
    if len(items) == 1 or _is_joined(fields, items, box):
        return _joined(fields, items, operator, box)
    return _first_wins(fields, items, operator)


def _lone(fields: Fields) -> list[dict[str, Json]]:
    """Reads the one condition of a node that writes it beside its other fields."""
    names = ("variableName", "variable", "operator", "value")
    if not (fields.left.keys() & {"operator", "variable", "variableName"}):
        return []
    found = {name: fields.left.pop(name) for name in names if name in fields.left}
    fields.change("field_renamed", old=", ".join(found), new="cases")
    return [found]


def _switched(fields: Fields) -> list[dict[str, Json]]:
    """Reads a switch: one variable, and a value for each exit."""
    match fields.left.get("cases"):
        case [{**first}, *_] as cases if not first.keys() & {"rules", "expression"}:
            fields.left.pop("cases")
            variable = fields.take("variable", "variableName")
            return [
                {"variable": variable, "operator": "==", **case}
                for case in cases
                if isinstance(case, dict)
            ]
    return []


def _ours(fields: Fields) -> Outcome:
    cases = fields.left.get("cases")
    ids = (
        [case.get("id") for case in cases if isinstance(case, dict)]
        if isinstance(cases, list)
        else []
    )
    handles: dict[str, tuple[str, ...]] = dict.fromkeys(DEFAULTS, (ELSE,))
    if len(ids) == 1 and isinstance(ids[0], str):
        handles |= _yes_and_no(ids[0])
    return Outcome("condition", {}, handles=handles, labels_route=True)


def _is_joined(fields: Fields, items: list[dict[str, Json]], box: Box) -> bool:
    """Says whether several conditions have one yes and one no between them: no exits of their own, edges that say so."""
    drawn = {said(edge) for edge in box.leaving}
    own = {name for place in range(len(items)) for name in _names(items, place)}
    if own & drawn:
        return False
    return bool(drawn & {*YES, *NO}) or bool(fields.left.keys() & {*TRUE_TARGETS, "branches"})


def _joined(fields: Fields, items: list[dict[str, Json]], operator: str, box: Box) -> Outcome:
    """Makes one case of all conditions."""
    reader = inside(fields, items[0])
    names = _names(items, 0)
    # An exit of its own may be drawn as such, even where there is only one.
    id = "true" if not {said(edge) for edge in box.leaving} & {*names} else names[0]
    label = reader.text("label")
    links = _links(reader, id)
    rules = [_rule(reader), *(_rule(inside(fields, item)) for item in items[1:])]
    match = "any" if operator.strip().upper() in ("OR", "OU", "ANY", "||") else "all"
    if len(items) > 1:
        fields.change("conditions_joined", count=len(items), operator=operator.upper() or "AND")
    case = filled(id=id, label=label, match=match if len(items) > 1 else None, rules=rules)
    handles = {**_yes_and_no(id), **dict.fromkeys(names, (id,))}
    handles |= dict.fromkeys(DEFAULTS, (ELSE,))
    done = Outcome("condition", {"cases": [case]}, handles=handles, labels_route=True)
    done.links = [*links, *_sides(fields, id)]
    return done


def _first_wins(fields: Fields, items: list[dict[str, Json]], operator: str) -> Outcome:
    """Makes each condition a case; several that share an exit are cases with an edge each."""
    done = Outcome("condition", {}, labels_route=True)
    cases: list[Json] = []
    ids: set[str] = {ELSE}
    for place, item in enumerate(items):
        reader, names = inside(fields, item), _names(items, place)
        id = _free(names[0], ids)
        cases.append(filled(id=id, label=reader.text("label"), rules=[_rule(reader)]))
        done.links += _links(reader, id)
        for name in names:
            done.handles[name] = (*done.handles.get(name, ()), id)
    if len(items) > 1 and operator:
        fields.change("first_match_wins", count=len(items), operator=operator.upper())
    for name in DEFAULTS:
        done.handles.setdefault(name, (ELSE,))
    done.data = {"cases": cases}
    done.links += _sides(fields, None)
    return done


def _names(items: list[dict[str, Json]], place: int) -> list[str]:
    """Lists what an edge may call the exit of a condition: its branch or id, else its number."""
    own = [items[place].get(name) for name in ("branch", "id")]
    return [*(name for name in own if isinstance(name, str) and name), f"condition-{place}"]


def _free(wanted: str, taken: set[str]) -> str:
    id, count = wanted, 1
    while id in taken:
        count += 1
        id = f"{wanted}-{count}"
    taken.add(id)
    return id


def _rule(reader: Fields) -> dict[str, Json]:
    reader.forget("branch", "id")
    variable = bare(reader.text("variable", "variableName", "field") or "")
    word = (reader.text("operator") or "==").strip()
    operator = OPERATORS.get(word.casefold(), word.casefold())
    if operator not in OUR_OPERATORS:
        reader.lose("unknown_word", field="operator", value=word)
    # A value may be empty text: to be equal to nothing is a condition, too.
    value = reader.left.pop("value", None)
    rule: dict[str, Json] = {"variable": variable, "operator": operator, "value": value}
    if operator.startswith("is_"):
        rule.pop("value")
        if value not in (None, ""):
            reader.lose("field_not_kept", field="value")
    return {**rule, **reader.settle(())}


def _links(reader: Fields, id: str) -> list[tuple[str | None, str]]:
    target = reader.text(*TARGETS)
    return [(id, target)] if target else []


def _sides(fields: Fields, id: str | None) -> list[tuple[str | None, str]]:
    """Reads the targets for yes and no that stand beside the conditions."""
    branches = inside(fields, fields.mapping("branches"))
    yes = fields.text(*TRUE_TARGETS) or branches.text(*YES)
    no = fields.text(*FALSE_TARGETS) or branches.text(*NO)
    branches.settle(())
    links: list[tuple[str | None, str]] = [(id, yes)] if yes and id else []
    return [*links, (ELSE, no)] if no else links


def _yes_and_no(id: str) -> dict[str, tuple[str, ...]]:
    return {**dict.fromkeys(YES, (id,)), **dict.fromkeys(NO, (ELSE,))}


def random(fields: Fields, box: Box) -> Outcome:
    """Reads shares of luck; each path's target stands in its fields, and edges without a name repeat it."""
    done = Outcome("random", {}, fans_out=True)
    items = [item for item in fields.items("paths") if isinstance(item, dict)]
    paths: list[Json] = []
    for place, item in enumerate([*items, *_distributed(fields)]):
        reader = inside(fields, item)
        id = reader.text("id") or f"path_{place + 1}"
        label, weight = reader.text("label", "name"), reader.number("weight")
        target = reader.text(*TARGETS)
        if weight is not None and weight <= 0:
            fields.lose("path_never_taken", id=id)
            continue
        done.links += [(id, target)] if target else []
        paths.append(filled(id=id, label=label, weight=weight, **reader.settle(())))
    name = fields.variable("save_to", "saveToVariable", to="save_to")
    second = fields.text("outputVariable")
    if second and second != name:
        if name:
            fields.lose("variable_not_kept", variable=second, kept=name)
        name = name or fields.writes(second)
    done.data = filled(paths=paths, save_to=name, sticky=_sticky(fields))
    return done


def _distributed(fields: Fields) -> list[dict[str, Json]]:
    targets = fields.mapping("branches")
    shares = fields.mapping("distribution", to="paths")
    return [
        filled(id=name, weight=weight, targetNodeId=targets.get(name))
        for name, weight in shares.items()
    ]


def _sticky(fields: Fields) -> bool | None:
    seed = fields.text("seed")
    if not fields.flag("useSeeded") and not seed:
        return None
    fields.change("kept_by_contact", field="seed")
    return True
