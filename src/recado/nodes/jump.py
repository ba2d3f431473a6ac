"""Goes on somewhere else: at another node, or in another flow."""

from collections.abc import Iterator
from typing import ClassVar, Literal
from uuid import UUID

from recado.engine.node import About, EnterFlow, GoTo, Node, Port, Step, Visit, field
from recado.engine.problems import Problem


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
    # What lies behind a jump is not seen from here: a flow that is called may wait.
    chooses: ClassVar[bool] = False
    type: Literal["jump"] = "jump"
    to_node: str | None = field("Nó", "Node", default=None, ui="node", max_length=100)
    to_flow: UUID | None = field("Fluxo", "Flow", default=None, ui="flow")
    mode: Literal["goto", "call"] = field("Modo", "Mode", default="goto")
    passed: tuple[str, ...] = field(
        "Variáveis a passar",
        "Variables to pass",
        default=(),
        alias="pass",
        ui="variables",
        max_length=50,
    )

    def ports(self) -> tuple[Port, ...]:
        """Has a way out only where the call comes back."""
        return (Port("next"),) if self.to_flow and self.mode == "call" else ()

    def jumps(self) -> tuple[str | None, str | None]:
        """Names where it goes."""
        return self.to_node, str(self.to_flow) if self.to_flow else None

    def problems(self) -> Iterator[Problem]:
        """Wants exactly one target."""
        if (self.to_node is None) == (self.to_flow is None):
            yield Problem(code="jump_to_nothing")

    def run(self, visit: Visit) -> Step:
        """Goes there; a call sees only what is passed and its own variables."""
        if self.to_flow is None:
            return GoTo(self.to_node or "")
        call = self.mode == "call"
        found = {name: visit.value(name) for name in self.passed} if call else {}
        passed = {name: value for name, value in found.items() if value is not None}
        return EnterFlow(str(self.to_flow), call=call, passed=passed)
