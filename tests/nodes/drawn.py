"""The ways out as a builder draws them: from a type's rules and a node's data."""

from collections.abc import Iterator, Mapping, Sequence

from recado.engine.events import Json
from recado.engine.port_rules import PortRule


def ports_by(rules: Sequence[PortRule], data: Mapping[str, Json]) -> Iterator[tuple[str, PortRule]]:
    """Gives the ids of the ports that the rules mean, in order; `data` holds every field, defaults too."""
    given = False
    for rule in rules:
        if rule.unless and given:
            continue
        if any(data.get(name) not in values for name, values in rule.when.items()):
            continue
        for id in [rule.id] if rule.id is not None else _ids(rule, data):
            given = True
            yield id, rule


def _ids(rule: PortRule, data: Mapping[str, Json]) -> list[str]:
    found: list[Json] = [data]
    for step in (rule.each or "").split("."):
        found = [item for each in found for item in _items(each, step)]
    return [str(item[rule.key]) for item in found if isinstance(item, dict) and item.get(rule.key)]


def _items(value: Json, name: str) -> list[Json]:
    inner = value.get(name) if isinstance(value, Mapping) else None
    return list(inner) if isinstance(inner, list | tuple) else []
