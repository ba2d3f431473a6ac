"""Where every session of a flow begins."""

from typing import ClassVar, Literal

from recado.engine.node import About, Go, Node, Visit


class Start(Node):
    """Begins the flow; there is exactly one."""

    about: ClassVar[About] = About(
        family="basic",
        icon="play",
        name={"pt-BR": "Início", "en": "Start"},
        help={
            "pt-BR": "A conversa começa aqui. Todo fluxo tem um único início.",
            "en": "The conversation begins here. Every flow has exactly one start.",
        },
        example={},
    )
    type: Literal["start"] = "start"

    def run(self, visit: Visit) -> Go:
        """Goes on at once."""
        return Go()
