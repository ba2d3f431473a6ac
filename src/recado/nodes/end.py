"""Ends the session, with a last word if the author wants one."""

from typing import ClassVar, Literal

from recado.engine.content import Text
from recado.engine.effects import UpdateContact
from recado.engine.node import About, End, Node, Port, Visit, field
from recado.engine.split import split_text


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
    type: Literal["end"] = "end"
    content: str | None = field(
        "Texto de despedida",
        "Parting text",
        default=None,
        template=True,
        ui="long_text",
        max_length=64_000,
    )
    outcome: str | None = field("Resultado", "Outcome", default=None, max_length=100)
    tags: tuple[str, ...] = field("Etiquetas", "Tags", default=(), ui="tags", max_length=20)

    def ports(self) -> tuple[Port, ...]:
        """Has no way out."""
        return ()

    def run(self, visit: Visit) -> End:
        """Sends the parting text, tags the contact, ends."""
        text = visit.text(self.content or "")
        if text.strip():
            for part in split_text(text):
                visit.send(Text(part))
        if self.tags:
            visit.effect(UpdateContact(add_tags=self.tags))
        return End(self.outcome)
