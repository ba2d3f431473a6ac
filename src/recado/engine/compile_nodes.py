"""Reads each box of a document as its type's node, and finds what is wrong with it alone.

As much as can be is found at once: a node whose fields are only misspelt or too many is looked at as it is meant, and
of any other the texts are read that stand where they belong.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from pydantic import ValidationError

from recado.engine import template
from recado.engine.events import Json
from recado.engine.field_words import say_mistake
from recado.engine.flow import FlowDocument, FlowNode
from recado.engine.node import Node, NodeTypes
from recado.engine.problems import Problem
from recado.engine.sealing import mentions_secret, secret_in
from recado.engine.spelling import Spelling
from recado.engine.texts_of import Found, texts_in, texts_of

# What pydantic says of the values that a field takes.
QUOTED = re.compile(r"'([^']*)'")


def read_nodes(
    document: FlowDocument, node_types: NodeTypes, spelling: Spelling
) -> tuple[dict[str, Node], list[Problem]]:
    """Reads all boxes; those that cannot be read are left out."""
    nodes: dict[str, Node] = {}
    problems: list[Problem] = []
    for box in document.nodes:
        if box.id in nodes:
            problems.append(Problem(code="node_id_twice", node=box.id, params={"id": box.id}))
            continue
        node, found = _node(box, node_types, spelling)
        problems += found
        if node is not None:
            nodes[box.id] = node
    return nodes, problems


def _node(
    box: FlowNode, node_types: NodeTypes, spelling: Spelling
) -> tuple[Node | None, list[Problem]]:
    kind = node_types.get(box.type)
    if kind is None:
        return None, [_unknown_type(box, node_types, spelling)]
    try:
        node = kind.model_validate({**box.data, "type": box.type})
    except ValidationError as error:
        known = [info.alias or name for name, info in kind.model_fields.items()]
        wrong = [_field_problem(box, line, known, spelling) for line in _own_mistakes(error)]
        meant = _as_meant(box, kind, wrong)
        if meant is not None:
            return meant, wrong + _inner_problems(box, meant)
        strange = {(problem.field or "").split(".", 1)[0] for problem in wrong}
        texts = text_problems(texts_in(kind, box.data, but=strange))
        return None, wrong + [_of(box, problem) for problem in texts]
    return node, _inner_problems(box, node)


def _inner_problems(box: FlowNode, node: Node) -> list[Problem]:
    found = [*node.problems(), *text_problems(texts_of(node))]
    return [_of(box, problem) for problem in found]


def _of(box: FlowNode, problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, node=box.id)


def _as_meant(box: FlowNode, kind: type[Node], wrong: Sequence[Problem]) -> Node | None:
    """Reads a node without unknown fields and with the misspelt ones as they are meant, if that is all there is."""
    data = {**box.data, "type": box.type}
    for problem in wrong:
        if problem.field in data and problem.code in ("unknown_field", "misspelt_field"):
            value = data.pop(problem.field)
            if problem.code == "misspelt_field":
                data[str(problem.params["meant"])] = value
    if data.keys() - {"type"} == box.data.keys() - {"type"}:
        return None
    try:
        return kind.model_validate(data)
    except ValidationError:
        return None


def _unknown_type(box: FlowNode, node_types: NodeTypes, spelling: Spelling) -> Problem:
    params: dict[str, Json] = {"type": box.type}
    if meant := spelling.nearest(box.type, node_types):
        return Problem(code="misspelt_type", node=box.id, params={**params, "meant": meant})
    return Problem(code="unknown_type", node=box.id, params=params)


def _own_mistakes(error: ValidationError) -> list[dict[str, Json]]:
    """Lists what is wrong, without a list that is too short only because an item of it is wrong."""
    lines = error.errors()
    parents = {line["loc"][:size] for line in lines for size in range(len(line["loc"]))}
    return [
        dict(line) for line in lines if line["type"] != "too_short" or line["loc"] not in parents
    ]


def _field_problem(
    box: FlowNode, line: dict[str, Json], known: Sequence[str], spelling: Spelling
) -> Problem:
    """Says what is wrong with a field; `known` are the fields of the node's type."""
    node, path, context = box.id, ".".join(_path(line["loc"], box.data)), line.get("ctx", {})
    match line["type"]:
        case "extra_forbidden" if meant := spelling.nearest(path, set(known) - box.data.keys()):
            return Problem(code="misspelt_field", node=node, field=path, params={"meant": meant})
        case "extra_forbidden":
            return Problem(code="unknown_field", node=node, field=path)
        case "missing":
            return Problem(code="missing_field", node=node, field=path)
        case "too_long":
            items: dict[str, Json] = {"limit": context["max_length"]}
            items["count"] = context["actual_length"]
            return Problem(code="too_many_items", node=node, field=path, params=items)
        case "literal_error" | "enum" if near := _near(line, context, spelling):
            return Problem(code="misspelt_value", node=node, field=path, params=near)
    reasons: dict[str, Json] = {
        "reason_pt": say_mistake(line["type"], line["msg"], context, "pt-BR"),
        "reason_en": say_mistake(line["type"], line["msg"], context, "en"),
    }
    return Problem(code="bad_field", node=node, field=path, params=reasons)


def _near(
    line: dict[str, Json], context: dict[str, Json], spelling: Spelling
) -> dict[str, Json] | None:
    """Gives a value that is none of those a field takes, and the one that is meant, if one is like it."""
    value = line["input"]
    taken = QUOTED.findall(str(context.get("expected", "")))
    meant = spelling.nearest(value, taken) if isinstance(value, str) else None
    return {"value": value, "meant": meant} if meant else None


def _path(place: Sequence[str | int], data: Json) -> Iterator[str]:
    """Gives a place in `data` without the names of types that pydantic puts between an object and its fields."""
    for part in place:
        match data:
            case dict() if part not in data and part == data.get("type"):
                continue
            case dict():
                data = data.get(part)
            case list() if isinstance(part, int) and part < len(data):
                data = data[part]
            case _:
                data = None
        yield str(part)


def text_problems(texts: Iterable[Found]) -> Iterator[Problem]:
    """Checks texts that take placeholders."""
    for field, text, secrets in texts:
        if template.check(text):
            reasons: dict[str, Json] = {
                "reason_pt": template.check(text, locale="pt-BR"),
                "reason_en": template.check(text, locale="en"),
            }
            yield Problem(code="bad_template", field=field, params=reasons)
        for part in template.parts_of(text):
            if not isinstance(part, str) and mentions_secret(part):
                yield from _secret_problems(field, secrets=secrets, alone=bool(secret_in(part)))


def _secret_problems(field: str, *, secrets: bool, alone: bool) -> Iterator[Problem]:
    if not secrets:
        yield Problem(code="secret_not_allowed", field=field)
    elif not alone:
        yield Problem(code="secret_not_alone", field=field)
