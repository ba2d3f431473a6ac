"""Where every session of a flow begins."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from recado.engine.node import About, Node, Visit, field
from recado.engine.problems import Problem
from recado.engine.steps import Go
from recado.engine.triggers import TriggerRule


class Start(Node):
    """Begins the flow; there is exactly one. Its triggers say which messages begin it besides its chatbot's choice."""

    about: ClassVar[About] = About(
        family="basic",
        icon="play",
        name={"pt-BR": "Início", "en": "Start"},
        help={
            "pt-BR": "A conversa começa aqui. Todo fluxo tem um único início. As palavras-chave fazem este fluxo "
            "responder no lugar do fluxo principal do chatbot, quando não há outra conversa em andamento.",
            "en": "The conversation begins here. Every flow has exactly one start. Keywords make this flow answer "
            "instead of the chatbot's main flow, while no other session is running.",
        },
        example={"triggers": [{"type": "keyword", "words": ["pedido", "quero pedir"]}]},
    )
    type: Literal["start"] = "start"
    triggers: tuple[TriggerRule, ...] = field(
        "Gatilhos", "Triggers", default=(), ui="triggers", max_length=20
    )

    def problems(self) -> Iterator[Problem]:
        """Finds triggers that no message could fire."""
        for index, rule in enumerate(self.triggers):
            yield from rule.problems(field=f"triggers.{index}")

    def run(self, visit: Visit) -> Go:
        """Goes on at once."""
        return Go()
