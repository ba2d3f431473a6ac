"""Keeps, changes or clears variables of the session."""

import math
from collections.abc import Iterator
from typing import ClassVar, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, JsonValue

from recado.engine.compare import as_boolean, as_number
from recado.engine.events import Json
from recado.engine.node import About, Node, Visit, check_expression, check_variable, field
from recado.engine.problems import Problem
from recado.engine.steps import Go
from recado.engine.template import sole_path
from recado.engine.traits import names_in

Operation = Literal["set", "append", "increment", "decrement", "clear"]
Kind = Literal["text", "number", "boolean", "json", "expression"]


class Assignment(BaseModel):
    """One change: a variable, what to do with it, and the value: as text, number, boolean, JSON, or by an expression."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    variable: str = field("Variável", "Variable", ui="variable", min_length=1, max_length=100)
    operation: Operation = field("Operação", "Operation", default="set")
    value: JsonValue = field("Valor", "Value", default=None, template=True)
    kind: Kind | None = field("Tipo do valor", "Kind of value", default=None, alias="as")

    @property
    def clears(self) -> bool:
        """Says whether the variable has no value afterwards."""
        nothing = self.operation == "set" and self.kind != "expression" and self.value is None
        return nothing or self.operation == "clear"

    def apply(self, visit: Visit) -> None:
        """Makes the change; a value that does not read as its kind is kept as text, without a value nothing changes."""
        if self.operation == "clear":
            visit.set(self.variable, None)
        elif self.kind == "expression":
            self._calculate(visit, str(self.value))
        else:
            self._change(visit, self._read(visit))

    def problems(self, path: str) -> Iterator[Problem]:
        """Finds a name that is our own and a mistake in the expression."""
        yield from check_variable(self.variable, field=f"{path}.variable")
        if self.kind == "expression" and self.operation != "clear":
            yield from check_expression(self.value, field=f"{path}.value")

    def _calculate(self, visit: Visit, expression: str) -> None:
        result, name = visit.evaluate(expression), self.variable
        read = result.noted()
        if result.failure:
            visit.note(variable=name, expression=expression, read=read, failed=result.failed)
        else:
            visit.note(variable=name, expression=expression, read=read)
            self._change(visit, result.value)

    def _change(self, visit: Visit, value: Json) -> None:
        match self.operation:
            case "append":
                value = _appended(visit.value(self.variable), value)
            case "increment" | "decrement":
                return self._count(visit, value)
        visit.set(self.variable, value)
        return None

    def _count(self, visit: Visit, value: Json) -> None:
        step = as_number(value)
        step = 1 if self.value is None or step is None else step
        counted = _sum(
            as_number(visit.value(self.variable)) or 0,
            step if self.operation == "increment" else -step,
        )
        if counted is None:
            visit.note(variable=self.variable, uncountable=step)
        else:
            visit.set(self.variable, counted)

    def _read(self, visit: Visit) -> Json:
        if not isinstance(self.value, str):
            return self.value
        if self.kind is None and (path := sole_path(self.value)):
            # A lone placeholder copies the value with its type: a list stays a list.
            found = visit.value(path)
            return "" if found is None else found
        text = visit.text(self.value)
        value = _as_kind(text, self.kind)
        if value is None and self.kind is not None:
            visit.note(variable=self.variable, not_a=self.kind)
            return text
        return value


class SetVariable(Node):
    """Sets, appends to, counts up or down, or clears variables, one after the other."""

    about: ClassVar[About] = About(
        family="logic",
        icon="variable",
        name={"pt-BR": "Definir variável", "en": "Set variable"},
        help={
            "pt-BR": "Guarda valores para usar depois com {{nome}}.",
            "en": "Keeps values to use later as {{name}}.",
        },
        example={"assignments": [{"variable": "tentativas", "operation": "increment"}]},
    )
    type: Literal["set_variable"] = "set_variable"
    assignments: tuple[Assignment, ...] = field(
        "Variáveis", "Variables", ui="assignments", min_length=1, max_length=50
    )

    def problems(self) -> Iterator[Problem]:
        """Finds names that are our own and mistakes in expressions."""
        for index, assignment in enumerate(self.assignments):
            yield from assignment.problems(f"assignments.{index}")

    def sets(self, port: str) -> frozenset[str]:
        """Sets what it does not clear afterwards."""
        return self._after(len(self.assignments))[0]

    def unsets(self, port: str) -> frozenset[str]:
        """Unsets what it clears and does not set afterwards."""
        return self._after(len(self.assignments))[1]

    def sets_before(self, field: str) -> frozenset[str]:
        """Has set by an assignment what those before it set."""
        return self._after(_place(field))[0]

    def unsets_before(self, field: str) -> frozenset[str]:
        """Has unset by an assignment what those before it cleared."""
        return self._after(_place(field))[1]

    def _after(self, count: int) -> tuple[frozenset[str], frozenset[str]]:
        """Gives what is set and what is unset after the first assignments; the last one of a variable counts."""
        clears = {each.variable: each.clears for each in self.assignments[:count]}
        cleared = frozenset(name for name, unset in clears.items() if unset)
        return frozenset(clears) - cleared, cleared

    def reads(self) -> Iterator[tuple[str, str]]:
        """Reads what its expressions name."""
        for index, each in enumerate(self.assignments):
            if each.kind == "expression" and isinstance(each.value, str):
                yield from ((f"assignments.{index}.value", name) for name in names_in(each.value))

    def run(self, visit: Visit) -> Go:
        """Makes the changes in order; each sees the ones before it."""
        for assignment in self.assignments:
            assignment.apply(visit)
        return Go()


def _place(field: str) -> int:
    """Gives the number of the assignment that a field such as `assignments.2.value` belongs to."""
    return int(field.split(".")[1])


def _sum(now: float, step: float) -> int | float | None:
    """Adds two numbers; None where the sum is over what a number can be."""
    try:
        counted = now + step
        return counted if math.isfinite(counted) else None
    except OverflowError:
        return None


def _appended(old: Json, new: Json) -> list[Json]:
    match old:
        case None:
            return [new]
        case list():
            return [*old, new]
    return [old, new]


def _as_kind(text: str, kind: Kind | None) -> Json:
    match kind:
        case "number":
            return as_number(text)
        case "boolean":
            return as_boolean(text)
        case "json":
            return _json(text)
    return text


def _json(text: str) -> Json:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
