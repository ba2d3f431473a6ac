"""Keeps, changes or clears variables of the session."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from recado.engine.compare import as_boolean, as_number
from recado.engine.events import Json
from recado.engine.node import About, Node, Visit, check_variable, field
from recado.engine.problems import Problem
from recado.engine.steps import Go
from recado.engine.template import sole_path

Operation = Literal["set", "append", "increment", "decrement", "clear"]
Kind = Literal["text", "number", "boolean", "json"]


class Assignment(BaseModel):
    """One change: a variable, what to do with it, and the value as text, number, boolean or JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    variable: str = field("Variável", "Variable", ui="variable", min_length=1, max_length=100)
    operation: Operation = field("Operação", "Operation", default="set")
    value: JsonValue = field("Valor", "Value", default=None, template=True)
    kind: Kind | None = Field(default=None, alias="as", title="As")

    def apply(self, visit: Visit) -> None:
        """Makes the change; a value that does not read as its kind is kept as text and traced."""
        match self.operation:
            case "set":
                visit.set(self.variable, self._read(visit))
            case "append":
                visit.set(self.variable, _appended(visit.value(self.variable), self._read(visit)))
            case "increment" | "decrement":
                visit.set(self.variable, self._counted(visit))
            case "clear":
                visit.set(self.variable, None)

    def _counted(self, visit: Visit) -> Json:
        step = as_number(self._read(visit))
        step = 1 if self.value is None or step is None else step
        now = as_number(visit.value(self.variable)) or 0
        return now + step if self.operation == "increment" else now - step

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
        """Finds names that are our own."""
        for index, assignment in enumerate(self.assignments):
            yield from check_variable(assignment.variable, field=f"assignments.{index}.variable")

    def run(self, visit: Visit) -> Go:
        """Makes the changes in order; each sees the ones before it."""
        for assignment in self.assignments:
            assignment.apply(visit)
        return Go()


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
