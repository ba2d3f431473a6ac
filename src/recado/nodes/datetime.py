"""Reckons with dates and times, and asks a calendar whether it is open."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from pydantic import Field

from recado.engine.calendar import opening, parse_calendar
from recado.engine.compare import as_number
from recado.engine.date_patterns import reading_problems, writing_problems
from recado.engine.dates import known_zone, zone
from recado.engine.events import Json
from recado.engine.moments import (
    Moment,
    Order,
    Unit,
    difference,
    holds,
    move,
    read_pattern,
    read_value,
    read_words,
    write,
)
from recado.engine.node import PLACEHOLDER, About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Go
from recado.engine.traits import Need, name_set
from recado.engine.values import as_text

Operation = Literal[
    "now", "add", "subtract", "difference", "compare", "format", "parse", "business_hours"
]
Amount = Annotated[float, Field(strict=True, allow_inf_nan=False)] | str
# What each operation cannot do without.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "now": ("save_to",),
    "add": ("amount", "save_to"),
    "subtract": ("amount", "save_to"),
    "difference": ("save_to",),
    "compare": ("order", "other"),
    "format": ("save_to",),
    "parse": ("variable", "save_to"),
    "business_hours": ("calendar",),
}
DECIDES = ("compare", "business_hours")


class Impossible(ValueError):
    """An operand that cannot be read or a result that does not exist; the words go into the trace."""


class Datetime(Node):
    """Takes the moment in `variable` (without one: now), does one operation with it, and keeps what comes out."""

    about: ClassVar[About] = About(
        family="logic",
        icon="calendar-clock",
        name={"pt-BR": "Data e hora", "en": "Date and time"},
        help={
            "pt-BR": "Calcula com datas, compara, formata, lê, ou diz se está no horário de atendimento. Sem variável, "
            "vale o momento atual. “Diferença” conta as unidades completas da variável até a outra data; sem outra "
            "data, até agora: com a data de nascimento e anos, a idade.",
            "en": "Reckons with dates, compares, formats or reads them, or says whether it is opening hours. Without a "
            "variable the present moment counts. “Difference” counts the complete units from the variable to the other "
            "date; without one, to now: with a date of birth and years, the age.",
        },
        example={
            "operation": "add",
            "variable": "pedido_em",
            "amount": 3,
            "unit": "days",
            "save_to": "entrega",
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="yes", when={"operation": ("compare",)}),
        PortRule(id="no", when={"operation": ("compare",)}),
        PortRule(id="open", when={"operation": ("business_hours",)}),
        PortRule(id="closed", side=True, when={"operation": ("business_hours",)}),
        PortRule(id="next", unless=True),
        PortRule(id="error", side=True),
    )
    type: Literal["datetime"] = "datetime"
    operation: Operation = field("Operação", "Operation")
    variable: str | None = field(
        "Variável", "Variable", default=None, ui="variable", min_length=1, max_length=200
    )
    other: str | None = field(
        "Outra data",
        "Other date",
        default=None,
        template=True,
        max_length=1_000,
        help=(
            "Uma data como 25/12/2026, ou {{variável}}.",
            "A date such as 2026-12-25, or {{variable}}.",
        ),
    )
    order: Order | None = field("Comparação", "Comparison", default=None)
    amount: Amount | None = field("Quantidade", "Amount", default=None, template=True)
    unit: Unit = field("Unidade", "Unit", default="days")
    format: str | None = field(
        "Formato",
        "Format",
        default=None,
        max_length=100,
        help=(
            "Como %d/%m/%Y %H:%M, ou short, medium, long, full. Em “ler”: o formato do texto.",
            "Such as %d/%m/%Y %H:%M, or short, medium, long, full. With “parse”: the text's own format.",
        ),
    )
    timezone: str | None = field(
        "Fuso horário", "Time zone", default=None, template=True, max_length=100
    )
    calendar: str | None = field(
        "Calendário", "Calendar", default=None, template=True, ui="calendar", max_length=200
    )
    save_to: str | None = field(
        "Guardar em", "Keep in", default=None, ui="variable", min_length=1, max_length=100
    )

    @property
    def breaks_loops(self) -> bool:
        """Says yes where it chooses its way."""
        return self.operation in DECIDES

    @property
    def reads_calendar(self) -> bool:
        """Says yes to opening hours."""
        return self.operation == "business_hours"

    def ports(self) -> tuple[Port, ...]:
        """Has `next`, or the two answers of a comparison or a calendar; `error` at the side."""
        error = Port("error", side=True)
        match self.operation:
            case "compare":
                return Port("yes"), Port("no"), error
            case "business_hours":
                return Port("open"), Port("closed", side=True), error
        return Port("next"), error

    def problems(self) -> Iterator[Problem]:
        """Finds what the operation lacks, formats and zones that do not exist, and names that are our own."""
        for name in NEEDED[self.operation]:
            if getattr(self, name) in (None, ""):
                yield Problem(code="missing_field", field=name)
        yield from check_variable(self.save_to, field="save_to")
        if isinstance(self.amount, str) and not _may_be_number(self.amount):
            yield Problem(code="not_a_number", field="amount")
        if self.format:
            check = reading_problems if self.operation == "parse" else writing_problems
            yield from check(self.format, field="format")
        if self.timezone and not (PLACEHOLDER.search(self.timezone) or known_zone(self.timezone)):
            params = {"name": self.timezone}
            yield Problem(code="unknown_timezone", field="timezone", params=params)

    def sets(self, port: str) -> frozenset[str]:
        """Sets the result, but not where there is none."""
        return name_set(self.save_to) if port != "error" else frozenset()

    def reads(self) -> Iterator[tuple[str, str]]:
        """Reads the moment that it is about."""
        if self.variable:
            yield "variable", self.variable

    def needs(self) -> Iterator[Need]:
        """Needs the calendar that it asks, where its name is fixed."""
        if self.calendar and "{{" not in self.calendar:
            yield Need("calendar", self.calendar, "calendar")

    def run(self, visit: Visit) -> Go:
        """Does the operation; what cannot be read or reckoned leaves by *error* and changes nothing."""
        try:
            return OPERATIONS[self.operation](self, visit)
        except Impossible as why:
            visit.note(operation=self.operation, impossible=str(why))
            return Go("error")

    def timezone_of(self, visit: Visit) -> str:
        """Gives the zone that times without one are in and results are shown in."""
        name = visit.line(self.timezone, limit=100) or visit.world.timezone
        if not known_zone(name):
            raise Impossible(f"unknown time zone: {name}")
        return name

    def first(self, visit: Visit) -> Moment:
        """Reads the moment the operation is about: the variable's, else now."""
        if self.variable is None:
            return Moment(visit.now.astimezone(zone(self.timezone_of(visit))))
        return _moment(visit.value(self.variable), self.timezone_of(visit))

    def second(self, visit: Visit) -> Moment:
        """Reads the other moment, else now."""
        if not self.other:
            return Moment(visit.now.astimezone(zone(self.timezone_of(visit))))
        return _moment(visit.text(self.other), self.timezone_of(visit))

    def keep(self, visit: Visit, value: Json) -> None:
        """Keeps a result."""
        if self.save_to:
            visit.set(self.save_to, value)

    def keep_moment(self, visit: Visit, moment: Moment) -> Go:
        """Keeps a moment, written by the author's format if there is one."""
        shown = write(moment, self.format, visit.world.locale) if self.format else moment.as_json()
        self.keep(visit, shown)
        return Go()


def _may_be_number(text: str) -> bool:
    return bool(PLACEHOLDER.search(text)) or as_number(text) is not None


def _moment(value: Json, timezone: str) -> Moment:
    moment = read_value(value, timezone)
    if moment is None:
        raise Impossible(f"not a date: {as_text(value)[:100]}")
    return moment


def _now(node: Datetime, visit: Visit) -> Go:
    return node.keep_moment(visit, Moment(visit.now.astimezone(zone(node.timezone_of(visit)))))


def _move(node: Datetime, visit: Visit) -> Go:
    given = visit.text(node.amount) if isinstance(node.amount, str) else node.amount
    amount = as_number(given)
    if amount is None:
        raise Impossible(f"not a number: {as_text(given)[:100]}")
    sign = 1 if node.operation == "add" else -1
    moved = move(node.first(visit), sign * amount, node.unit)
    if moved is None:
        raise Impossible(f"no such date: {amount} {node.unit}")
    return node.keep_moment(visit, moved)


def _difference(node: Datetime, visit: Visit) -> Go:
    node.keep(visit, difference(node.first(visit), node.second(visit), node.unit))
    return Go()


def _compare(node: Datetime, visit: Visit) -> Go:
    first, second, order = node.first(visit), node.second(visit), node.order or "=="
    result = holds(first, order, second)
    visit.note(left=first.as_json(), operator=order, right=second.as_json(), holds=result)
    node.keep(visit, result)
    return Go("yes" if result else "no")


def _format(node: Datetime, visit: Visit) -> Go:
    node.keep(visit, write(node.first(visit), node.format, visit.world.locale))
    return Go()


def _parse(node: Datetime, visit: Visit) -> Go:
    text, timezone = as_text(visit.value(node.variable or "")), node.timezone_of(visit)
    if node.format:
        moment = read_pattern(text, node.format, timezone)
    else:
        moment = read_words(text, visit.now, timezone)
    if moment is None:
        raise Impossible(f"not a date: {text[:100]}")
    node.keep(visit, moment.as_json())
    return Go()


def _business_hours(node: Datetime, visit: Visit) -> Go:
    name = visit.line(node.calendar, limit=200) or ""
    if name not in visit.world.calendars:
        raise Impossible(f"no calendar: {name}")
    try:
        calendar = parse_calendar(visit.world.calendars[name])
    except msgspec.ValidationError as error:
        raise Impossible(f"unreadable calendar: {name}: {error}") from error
    found = opening(calendar, node.first(visit).utc)
    visit.note(calendar=name, open=found.open, rule=found.rule, name=found.name)
    node.keep(visit, found.open)
    return Go("open" if found.open else "closed")


OPERATIONS: Mapping[str, Callable[[Datetime, Visit], Go]] = {
    "now": _now,
    "add": _move,
    "subtract": _move,
    "difference": _difference,
    "compare": _compare,
    "format": _format,
    "parse": _parse,
    "business_hours": _business_hours,
}
