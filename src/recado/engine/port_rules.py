"""A node type's ways out as data, so that a builder can draw them from a node's `data` without asking the server."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from recado.engine.events import Json


class PortRule(BaseModel):
    """One way out, or one for each item of a list.

    `each` is a path to objects in `data` (`sections.rows`: the rows of all sections), `key` the field that is a port's
    id, `label` the one that people read. `when`: only where a field has one of these values. `unless`: not where the
    rules before it gave a port, as a question's `next`. `ends`: without an edge the session just ends there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str | None = None
    each: str | None = None
    key: str = "id"
    label: str | None = None
    side: bool = False
    ends: bool = False
    when: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    unless: bool = False


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
