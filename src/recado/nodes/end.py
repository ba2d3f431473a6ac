"""Ends the session, with a last word if the author wants one."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from recado.engine.content import Text
from recado.engine.effects import UpdateContact
from recado.engine.events import Json
from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.split import split_text
from recado.engine.steps import End
from recado.engine.written import fill_or_null

OUTCOME, TAG = 100, 100


class Returned(BaseModel):
    """A value that a called flow gives back: the caller's variable, and a text with placeholders or a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = field("Variável", "Variable", ui="variable", min_length=1, max_length=100)
    value: JsonValue = field("Valor", "Value", default=None, template=True)

    def read(self, visit: Visit) -> Json:
        """Fills the value; a lone placeholder keeps its type."""
        return fill_or_null(visit, self.value)


class EndNode(Node):
    """Says goodbye, tags the contact, and ends the session; the next message starts a new one."""

    about: ClassVar[About] = About(
        family="basic",
        icon="circle-stop",
        name={"pt-BR": "Fim", "en": "End"},
        help={
            "pt-BR": "Encerra a conversa. A próxima mensagem do cliente começa de novo.",
            "en": "Ends the conversation. The customer's next message begins anew.",
        },
        example={"content": "Obrigado pelo contato, {{nome}}!", "outcome": "atendido"},
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = ()
    type: Literal["end"] = "end"
    content: str | None = field(
        "Texto de despedida",
        "Parting text",
        default=None,
        template=True,
        ui="long_text",
        max_length=64_000,
    )
    outcome: str | None = field(
        "Resultado", "Outcome", default=None, template=True, max_length=OUTCOME
    )
    tags: tuple[Annotated[str, Field(min_length=1, max_length=TAG)], ...] = field(
        "Etiquetas", "Tags", default=(), template=True, ui="tags", max_length=20
    )
    returns: tuple[Returned, ...] = field(
        "Valores devolvidos", "Returned values", default=(), ui="assignments", max_length=50
    )
    scope: Literal["flow", "session"] = field(
        "Encerra",
        "Ends",
        default="flow",
        help=(
            "flow: um fluxo chamado volta para quem o chamou; session: encerra tudo.",
            "flow: a called flow comes back to its caller; session: ends all.",
        ),
    )

    def ports(self) -> tuple[Port, ...]:
        """Has no way out."""
        return ()

    def problems(self) -> Iterator[Problem]:
        """Finds names that are our own."""
        for index, value in enumerate(self.returns):
            yield from check_variable(value.name, field=f"returns.{index}.name")

    @property
    def messages(self) -> int:
        """Counts the last words, if there are any."""
        return 1 if self.content else 0

    def run(self, visit: Visit) -> End:
        """Sends the parting text, tags the contact, ends."""
        for part in split_text(visit.text(self.content)) if self.content else ():
            visit.send(Text(part))
        tags = [visit.line(tag, limit=TAG) for tag in self.tags]
        if given := tuple(tag for tag in tags if tag):
            visit.effect(UpdateContact(add_tags=given))
        returns = {value.name: value.read(visit) for value in self.returns}
        outcome = visit.line(self.outcome, limit=OUTCOME)
        return End(outcome, returns, session=self.scope == "session")
