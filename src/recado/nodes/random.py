"""Chooses a way by luck, in the shares that the author sets."""

import hashlib
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from recado.engine.flow import MAX_OPTION_ID
from recado.engine.node import About, Node, Port, Visit, check_variable, field, ids_doubled
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Go
from recado.engine.traits import name_set

SPAN = 2.0**64


class Share(BaseModel):
    """A way out and how often it is taken, relative to the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=MAX_OPTION_ID)]
    label: str | None = field("Nome", "Name", default=None, max_length=200)
    weight: float = field("Peso", "Weight", default=1, gt=0, le=1_000_000)


class Random(Node):
    """Takes one of several paths; `sticky` gives a contact the same one every time."""

    chooses: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="logic",
        icon="shuffle",
        name={"pt-BR": "Aleatório", "en": "Random"},
        help={
            "pt-BR": "Escolhe um caminho por sorteio, na proporção dos pesos.",
            "en": "Chooses a path by luck, in proportion to the weights.",
        },
        example={"paths": [{"id": "a", "weight": 3}, {"id": "b", "weight": 1}], "sticky": True},
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (PortRule(each="paths", label="label"),)
    type: Literal["random"] = "random"
    paths: tuple[Share, ...] = field("Caminhos", "Paths", ui="paths", min_length=1, max_length=50)
    sticky: bool = field(
        "Sempre o mesmo por contato", "Always the same for a contact", default=False
    )
    save_to: str | None = field(
        "Guardar em", "Keep in", default=None, ui="variable", min_length=1, max_length=100
    )

    def ports(self) -> tuple[Port, ...]:
        """Has a main port per path."""
        return tuple(Port(path.id) for path in self.paths)

    def problems(self) -> Iterator[Problem]:
        """Finds doubled ids and names that are our own."""
        yield from check_variable(self.save_to, field="save_to")
        for id in sorted(ids_doubled([path.id for path in self.paths])):
            yield Problem(code="option_twice", field="paths", params={"value": id})

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable that keeps the path."""
        return name_set(self.save_to)

    def run(self, visit: Visit) -> Go:
        """Draws from the event's seed, or from the contact and this node."""
        luck = _luck(self._source(visit))
        path = self._at(luck)
        visit.note(luck=round(luck, 6), path=path.id, sticky=self.sticky)
        if self.save_to:
            visit.set(self.save_to, path.id)
        return Go(path.id)

    def _source(self, visit: Visit) -> str:
        if self.sticky and (contact := visit.world.contact.get("id")):
            return f"{contact}:{visit.node}"
        # Not the visit's id: a draw must not change because some other node was added to the flow.
        return f"{visit.seed}:{visit.node}:{visit.times_here()}"

    def _at(self, luck: float) -> Share:
        left = luck * sum(path.weight for path in self.paths)
        for path in self.paths:
            left -= path.weight
            if left < 0:
                return path
        return self.paths[-1]


def _luck(source: str) -> float:
    """Gives a number from 0 to 1, the same for the same source on every machine."""
    digest = hashlib.blake2b(source.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / SPAN
