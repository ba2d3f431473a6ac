"""Chooses the way by what is known: the first case that holds."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from recado.engine.compare import Operator, compare, needs_value
from recado.engine.expressions import MAX_LENGTH
from recado.engine.flow import MAX_OPTION_ID
from recado.engine.node import About, Node, Port, Visit, check_expression, field, ids_doubled
from recado.engine.patterns import bad_pattern
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Go
from recado.engine.template import sole_path
from recado.engine.traits import names_in

ELSE = "else"


def _bare(value: object) -> object:
    """Takes the braces off a variable that is written as a placeholder."""
    return (sole_path(value) or value) if isinstance(value, str) and "{{" in value else value


class Rule(BaseModel):
    """One comparison: a variable or path, an operator, and what to compare with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variable: Annotated[str, BeforeValidator(_bare)] = field(
        "Variável", "Variable", ui="variable", min_length=1, max_length=200
    )
    operator: Operator = field("Operador", "Operator", default=Operator.EQ)
    value: JsonValue = field("Valor", "Value", default=None, template=True)

    def holds(self, visit: Visit) -> bool:
        """Compares, and writes both sides into the trace."""
        left = visit.value(self.variable)
        right = visit.text(self.value) if isinstance(self.value, str) else self.value
        result = compare(left, self.operator, right, timezone=visit.world.timezone)
        operator = self.operator.value
        visit.note(variable=self.variable, left=left, operator=operator, right=right, holds=result)
        return result


class Case(BaseModel):
    """A way out with what opens it: rules, or an expression."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=MAX_OPTION_ID)]
    label: str | None = field("Nome", "Name", default=None, max_length=200)
    match: Literal["all", "any"] = field("Combinação", "Match", default="all")
    rules: tuple[Rule, ...] = field("Regras", "Rules", ui="rules", default=(), max_length=50)
    expression: str | None = field(
        "Expressão", "Expression", ui="expression", default=None, max_length=MAX_LENGTH
    )

    def holds(self, visit: Visit) -> bool:
        """Says whether the expression holds, or all (or any) of the rules."""
        if self.expression is not None:
            return self._evaluated(self.expression, visit)
        decides = self.match == "any"
        for rule in self.rules:
            if rule.holds(visit) is decides:
                return decides
        return not decides

    def problems(self, path: str) -> Iterator[Problem]:
        """Finds what is wrong with the rules or the expression; a case needs exactly one of the two."""
        if bool(self.rules) is (self.expression is not None):
            yield Problem(code="rule_or_expression", field=path, params={"value": self.id})
        if self.expression is not None:
            yield from check_expression(self.expression, field=f"{path}.expression")
        for index, rule in enumerate(self.rules):
            yield from _rule_problems(rule, f"{path}.rules.{index}.value")

    def _evaluated(self, expression: str, visit: Visit) -> bool:
        result = visit.evaluate(expression)
        read = result.noted()
        if result.failure:
            visit.note(expression=expression, read=read, failed=result.failed)
        else:
            visit.note(expression=expression, read=read, holds=result.holds)
        return result.holds


class Condition(Node):
    """Leaves by the first case that holds, else by *else*."""

    chooses: ClassVar[bool] = True
    about: ClassVar[About] = About(
        family="logic",
        icon="git-branch",
        name={"pt-BR": "Condição", "en": "Condition"},
        help={
            "pt-BR": "Segue pelo primeiro caso verdadeiro; se nenhum valer, por “senão”.",
            "en": "Goes on by the first case that holds; by “else” when none does.",
        },
        example={
            "cases": [
                {"id": "adulto", "rules": [{"variable": "idade", "operator": ">=", "value": 18}]}
            ]
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(each="cases", label="label"),
        PortRule(id="else", side=True),
    )
    type: Literal["condition"] = "condition"
    cases: tuple[Case, ...] = field("Casos", "Cases", ui="cases", min_length=1, max_length=50)

    def ports(self) -> tuple[Port, ...]:
        """Has a main port per case, and the side port `else`."""
        return (*(Port(case.id) for case in self.cases), Port(ELSE, side=True))

    def problems(self) -> Iterator[Problem]:
        """Finds doubled case ids, missing values, patterns that RE2 refuses, and mistakes in expressions."""
        for id in ids_doubled([*(case.id for case in self.cases), ELSE]):
            yield Problem(code="option_twice", field="cases", params={"value": id})
        for number, case in enumerate(self.cases):
            yield from case.problems(f"cases.{number}")

    def reads(self) -> Iterator[tuple[str, str]]:
        """Reads what its rules compare and its expressions name; who asks whether a variable is empty needs none."""
        for number, case in enumerate(self.cases):
            for index, rule in enumerate(case.rules):
                if rule.operator not in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY):
                    yield f"cases.{number}.rules.{index}.variable", rule.variable
            names = names_in(case.expression) if case.expression else ()
            yield from ((f"cases.{number}.expression", name) for name in names)

    def run(self, visit: Visit) -> Go:
        """Tries the cases in order."""
        for case in self.cases:
            if case.holds(visit):
                return Go(case.id)
        return Go(ELSE)


def _rule_problems(rule: Rule, path: str) -> Iterator[Problem]:
    if needs_value(rule.operator) and rule.value is None:
        yield Problem(code="missing_field", field=path)
    fixed = isinstance(rule.value, str) and "{{" not in rule.value
    if rule.operator is Operator.MATCHES and fixed and (reason := bad_pattern(str(rule.value))):
        yield Problem(code="bad_pattern", field=path, params={"reason": reason})
