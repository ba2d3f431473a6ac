"""The reference of the node types, written from their own schemas: in the terminal and as `docs/nodes/`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from recado.engine.node import Node
from recado.nodes import NODE_TYPES

LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "exclusiveMinimum": "over {}",
    "maximum": "at most {}",
    "minItems": "at least {}",
    "maxItems": "at most {} items",
}
HEAD = "<!-- Made by `make gen` from the node's own schema: do not edit. -->"


def pages() -> dict[str, str]:
    """Gives a page for each node type, by type."""
    return {type: page(type, kind) for type, kind in sorted(NODE_TYPES.items())}


def page(type: str, kind: type[Node]) -> str:
    """Writes a node type's page: what it does, its fields, its ways out, an example."""
    about, schema = kind.about, kind.model_json_schema(by_alias=True)
    example = kind.model_validate({**about.example, "type": type})
    ports = [f"`{port.id}`" + (" (side)" if port.side else "") for port in example.ports()]
    drawn = {"id": "n1", "type": type, "data": about.example}
    lines = [
        f"# {type}",
        HEAD,
        f"**{about.name['pt-BR']}** / **{about.name['en']}**",
        f"{about.help['en']}  \n{about.help['pt-BR']}",
        "## Fields of `data`",
        "\n".join(_table(schema)),
        "## Ways out",
        f"In the example below: {', '.join(ports) or 'none'}. The default edge (without `sourceHandle`) serves the main "
        "ones; a side port needs an edge of its own.",
        "## Example",
        f"```json\n{json.dumps(drawn, ensure_ascii=False, indent=2)}\n```",
    ]
    return "\n\n".join(lines) + "\n"


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "| field | takes | default | limits | in the builder |"
    yield "|---|---|---|---|---|"
    yield from _rows(schema, schema.get("$defs", {}), "")


def _rows(schema: Mapping[str, Any], parts: Mapping[str, Any], path: str) -> Iterator[str]:
    needed = schema.get("required", [])
    for name, rule in schema["properties"].items():
        if (path, name) == ("", "type"):
            continue
        default = rule.get("default")
        shown = "**needed**" if name in needed else f"`{json.dumps(default, ensure_ascii=False)}`"
        if isinstance(default, dict):
            shown = ""
        title = rule.get("recado", {}).get("title", {})
        cells = [f"`{path}{name}`", _takes(rule, parts), shown, _limits(rule)]
        yield f"| {' | '.join([*cells, ' / '.join(title.values())])} |"
        for inner, mark in _inner(rule, parts):
            yield from _rows(inner, parts, f"{path}{name}{mark}.")


def _takes(rule: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    kinds = [_kind(each, parts) for each in rule.get("anyOf", [rule])]
    text = " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    return f"{text}, with `{{{{…}}}}`" if rule.get("recado", {}).get("template") else text


def _kind(rule: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    if (name := _name(rule)) is not None:
        rule = parts[name]
    if choices := rule.get("enum"):
        return ", ".join(f"`{choice}`" for choice in choices)
    if "const" in rule:
        return f"`{rule['const']}`"
    if "oneOf" in rule:
        return "object"
    if rule.get("type") == "array":
        return f"list of {_kind(rule.get('items', {}), parts)}"
    return str(rule.get("type", "any JSON"))


def _limits(rule: Mapping[str, Any]) -> str:
    found = [
        words.format(f"{each[key]:,}")
        for each in [rule, *rule.get("anyOf", [])]
        for key, words in LIMITS.items()
        if key in each
    ]
    return ", ".join(dict.fromkeys(found))


def _inner(
    rule: Mapping[str, Any], parts: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Gives the objects inside a field, of every type that it takes, with the mark of a list's items in the path."""
    for each in rule.get("anyOf", [rule]):
        listed = each.get("type") == "array"
        whole = each.get("items", {}) if listed else each
        for one in whole.get("oneOf", [whole]):
            name = _name(one)
            if name is not None and "properties" in parts[name]:
                yield parts[name], "[]" if listed else ""


def _name(rule: Mapping[str, Any]) -> str | None:
    whole = rule.get("allOf", [rule])[0]
    return str(whole["$ref"]).rpartition("/")[2] if "$ref" in whole else None
