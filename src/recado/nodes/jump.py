"""Goes on somewhere else: at another node, or in another flow."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import EnterFlow, GoTo, Step
from recado.engine.traits import Need

Name = Annotated[str, Field(min_length=1, max_length=100)]


class Jump(Node):
    """Jumps to a node, or into another flow: for good (goto), or as a call that comes back."""

    about: ClassVar[About] = About(
        family="logic",
        icon="corner-up-right",
        name={"pt-BR": "Salto", "en": "Jump"},
        help={
            "pt-BR": "Continua em outro nó ou em outro fluxo. Uma chamada volta para cá quando o fluxo termina.",
            "en": "Goes on at another node or in another flow. A call comes back here when that flow ends.",
        },
        example={"to_node": "menu"},
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (PortRule(id="next", when={"mode": ("call",)}),)
    type: Literal["jump"] = "jump"
    to_node: str | None = field("Nó", "Node", default=None, ui="node", max_length=100)
    to_flow: UUID | None = field("Fluxo", "Flow", default=None, ui="flow")
    mode: Literal["goto", "call"] = field("Modo", "Mode", default="goto")
    passed: tuple[Name, ...] = field(
        "Variáveis a passar",
        "Variables to pass",
        default=(),
        alias="pass",
        ui="variables",
        max_length=50,
    )

    @property
    def calls(self) -> bool:
        """Says whether it comes back."""
        return self.to_flow is not None and self.mode == "call"

    @property
    def breaks_loops(self) -> bool:
        """Says yes to a call: the flow that is called may wait."""
        return self.calls

    def ports(self) -> tuple[Port, ...]:
        """Has a way out only where the call comes back."""
        return (Port("next"),) if self.calls else ()

    def jumps(self) -> tuple[str | None, str | None]:
        """Names where it goes."""
        return self.to_node, str(self.to_flow) if self.to_flow else None

    def problems(self) -> Iterator[Problem]:
        """Wants exactly one target, and names that are not our own."""
        if (self.to_node is None) == (self.to_flow is None):
            yield Problem(code="jump_to_nothing")
        for index, name in enumerate(self.passed):
            yield from check_variable(name, field=f"pass.{index}")

    def reads(self) -> Iterator[tuple[str, str]]:
        """Reads the variables that it passes."""
        return ((f"pass.{index}", name) for index, name in enumerate(self.passed))

    @property
    def hears(self) -> bool:
        """Says yes to a call: the flow that is called may wait."""
        return self.calls

    def needs(self) -> Iterator[Need]:
        """Needs the flow it goes to."""
        if self.to_flow:
            yield Need("flow", str(self.to_flow), "to_flow")

    def run(self, visit: Visit) -> Step:
        """Goes there; a call sees only what is passed and its own variables."""
        if self.to_flow is None:
            return GoTo(self.to_node or "")
        found = {name: visit.value(name) for name in self.passed} if self.calls else {}
        passed = {name: value for name, value in found.items() if value is not None}
        return EnterFlow(str(self.to_flow), call=self.calls, passed=passed)
