"""Waits a while, then goes on; the wait outlives restarts and publishes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Literal

from recado.engine.node import About, Node, Port, Visit, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Answered, Entered, Go, Stay, Step, TimedOut, WaitUntil

LONGEST = timedelta(days=30)
UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}


class Delay(Node):
    """Waits for seconds to days; with `until_reply` a message ends the wait before."""

    waits: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="logic",
        icon="timer",
        name={"pt-BR": "Espera", "en": "Delay"},
        help={
            "pt-BR": "Espera e segue. Depois de 24 horas sem resposta o WhatsApp só aceita modelos.",
            "en": "Waits and goes on. After 24 hours without a reply WhatsApp only takes templates.",
        },
        example={"amount": 2, "unit": "hours", "until_reply": True},
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="next"),
        PortRule(id="replied", side=True, when={"until_reply": (True,)}),
    )
    type: Literal["delay"] = "delay"
    amount: float = field("Quantidade", "Amount", gt=0, le=2_592_000)
    unit: Literal["seconds", "minutes", "hours", "days"] = field(
        "Unidade", "Unit", default="minutes"
    )
    until_reply: bool = field(
        "Até o cliente responder", "Until the customer replies", default=False
    )
    typing: bool = field(
        "Mostrar “digitando…”",
        "Show “typing…”",
        default=False,
        help=(
            "O WhatsApp mostra por até 25 segundos, no começo da espera.",
            "WhatsApp shows it for up to 25 seconds, at the start of the wait.",
        ),
    )

    @property
    def span(self) -> timedelta:
        """Gives how long the wait is."""
        return UNITS[self.unit] * self.amount

    def ports(self) -> tuple[Port, ...]:
        """Has `next`, and `replied` at the side where a reply ends the wait."""
        return (Port("next"), Port("replied", side=True)) if self.until_reply else (Port("next"),)

    def problems(self) -> Iterator[Problem]:
        """Refuses more than thirty days."""
        if self.span > LONGEST:
            yield Problem(code="delay_too_long", field="amount", params={"days": LONGEST.days})

    def takes(self, port: str) -> int | None:
        """Takes its time, unless a reply ends it."""
        return int(self.span.total_seconds()) if port == "next" else None

    def run(self, visit: Visit) -> Step:
        """Waits when entered; goes on when the time is over or a message came."""
        match visit.occasion:
            case Entered():
                return WaitUntil(
                    visit.now + self.span, until_reply=self.until_reply, typing=self.typing
                )
            case TimedOut():
                return Go("next")
            case Answered():
                return Go("replied")
            case _:
                return Stay()
