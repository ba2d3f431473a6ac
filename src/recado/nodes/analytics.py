"""Counts something: an event with a value and properties, or a goal that decides an A/B test."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from recado.engine.compare import as_number
from recado.engine.effects import Track
from recado.engine.events import Json
from recado.engine.node import About, Node, Visit, field
from recado.engine.steps import Go
from recado.engine.written import MAX_NAME, NamedValues, fill_value, fill_values, fits

MAX_PROPERTIES = 50


class Analytics(Node):
    """Counts an event and goes on; the customer sees nothing of it."""

    about: ClassVar[About] = About(
        family="analytics",
        icon="chart-line",
        name={"pt-BR": "Evento de análise", "en": "Analytics event"},
        help={
            "pt-BR": "Registra um acontecimento para os relatórios. Um objetivo conta para o teste A/B.",
            "en": "Records that something happened, for the reports. A goal counts for the A/B test.",
        },
        example={"event": "pedido", "value": "{{total}}", "properties": {"loja": "{{loja}}"}},
    )
    type: Literal["analytics"] = "analytics"
    event: str = field("Evento", "Event", template=True, min_length=1, max_length=MAX_NAME)
    value: JsonValue = field(
        "Valor",
        "Value",
        default=None,
        template=True,
        help=(
            "Um texto que se lê como número conta como número.",
            "A text that reads as a number counts as one.",
        ),
    )
    properties: NamedValues = field(
        "Propriedades",
        "Properties",
        default={},
        template=True,
        ui="fields",
        max_length=MAX_PROPERTIES,
    )
    goal: bool = field("Objetivo", "Goal", default=False)

    def run(self, visit: Visit) -> Go:
        """Counts the event, unless its name is empty once filled."""
        event = visit.line(self.event, limit=MAX_NAME)
        if event is None:
            visit.note(skipped="no_event")
            return Go()
        value = self._value(visit)
        properties = fill_values(visit, self.properties)
        visit.effect(Track(event, value, properties, goal=self.goal, node=visit.node))
        return Go()

    def _value(self, visit: Visit) -> Json:
        value = fill_value(visit, self.value)
        if isinstance(value, str):
            number = as_number(value)
            value = (value or None) if number is None else number
        return value if fits(visit, "value", value) else None
