"""Gives the conversation to a person; the bot is silent until somebody gives it back."""

from typing import ClassVar, Literal

from recado.engine import texts
from recado.engine.asking import MONTH
from recado.engine.content import Text
from recado.engine.node import About, Node, Port, Visit, field
from recado.engine.port_rules import PortRule
from recado.engine.split import split_text
from recado.engine.steps import End, Entered, GivenBack, Go, Stay, Step, TimedOut, WaitForPerson

DAY = 86_400
MAX_NOTE = 2_000
MAX_NAME = 100


class Handoff(Node):
    """Says that a person takes over, waits for one, and leaves when the conversation is given back."""

    waits: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="actions",
        icon="headset",
        name={"pt-BR": "Transferir para atendente", "en": "Hand off to a person"},
        help={
            "pt-BR": "O bot fica em silêncio até uma pessoa devolver a conversa (saída “released”). Se ninguém assumir "
            "no prazo, segue por “timeout”; sem essa ligação a sessão termina, e o bot responde a próxima mensagem.",
            "en": "The bot is silent until a person gives the conversation back (“released”). If nobody takes it in "
            "time, it goes on by “timeout”; without that edge the session ends, and the bot answers the next message.",
        },
        example={
            "content": "Um momento, {{nome}}: vou chamar o nosso time.",
            "team": "Suporte",
            "priority": "high",
            "note": "Pedido {{pedido}}",
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="released", side=True),
        PortRule(id="timeout", side=True, ends=True),
    )
    type: Literal["handoff"] = "handoff"
    content: str | None = field(
        "Texto para o cliente",
        "Text for the customer",
        default=None,
        template=True,
        ui="long_text",
        max_length=64_000,
        help=(
            "Sem um texto o cliente lê a frase padrão da plataforma.",
            "Without a text the customer reads the platform's own sentence.",
        ),
    )
    team: str | None = field(
        "Equipe", "Team", default=None, template=True, ui="team", max_length=MAX_NAME
    )
    agent: str | None = field(
        "Atendente", "Agent", default=None, template=True, ui="agent", max_length=MAX_NAME
    )
    priority: Literal["low", "normal", "high", "urgent"] = field(
        "Prioridade", "Priority", default="normal"
    )
    note: str | None = field(
        "Nota para o atendente",
        "Note for the agent",
        default=None,
        template=True,
        ui="long_text",
        max_length=MAX_NOTE,
        help=("O cliente não a vê.", "The customer does not see it."),
    )
    timeout: int = field(
        "Prazo para alguém assumir (s)",
        "Time for somebody to take it (s)",
        default=DAY,
        ui="duration",
        ge=60,
        le=MONTH,
    )

    def ports(self) -> tuple[Port, ...]:
        """Has two ways out, both at the side: given back, and nobody came."""
        return (Port("released", side=True), Port("timeout", side=True, ends=True))

    @property
    def time_limit(self) -> int:
        """Gives how long nobody may take it."""
        return self.timeout

    def takes(self, port: str) -> int | None:
        """Says how long it may take: whoever gives it back has talked with the customer."""
        return None if port == "released" else self.timeout

    @property
    def messages(self) -> int:
        """Says at least that a person takes over."""
        return 1

    @property
    def hears(self) -> bool:
        """Goes on when a person did something."""
        return True

    @property
    def calls_a_person(self) -> bool:
        """Is what it is for."""
        return True

    def run(self, visit: Visit) -> Step:
        """Calls a person; goes on when the conversation comes back, or when nobody took it."""
        match visit.occasion:
            case Entered():
                return self._call(visit)
            case GivenBack():
                return Go("released")
            case TimedOut():
                visit.note(unattended=self.timeout)
                if visit.has_edge("timeout"):
                    return Go("timeout")
                return End("unattended", session=True)
        return Stay()

    def _call(self, visit: Visit) -> WaitForPerson:
        # Nobody is left without a word: a text that is missing or comes out empty is the platform's.
        words = split_text(visit.text(self.content or ""))
        for part in words or [texts.say(visit.world, "handed_off")]:
            visit.send(Text(part))
        return WaitForPerson(
            timeout=self.timeout,
            note=visit.text(self.note or "", limit=MAX_NOTE).strip(),
            team=visit.line(self.team, limit=MAX_NAME),
            agent=visit.line(self.agent, limit=MAX_NAME),
            priority=self.priority,
        )
