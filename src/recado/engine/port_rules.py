"""A node type's ways out as data, so that a builder can draw them from a node's `data` without asking the server."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
