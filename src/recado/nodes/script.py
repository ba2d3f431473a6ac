"""Runs a few lines of JavaScript in a sandbox and keeps what they return."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from recado.engine.events import CallResult
from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.requests import Script as ScriptRequest
from recado.engine.steps import CallOut, Go, Returned
from recado.engine.traits import name_set
from recado.engine.values import parse_path

Name = Annotated[str, Field(min_length=1, max_length=200)]
# JavaScript has braces of its own, so only a pair around nothing but a path is one of ours.
PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


class Script(Node):
    """Calls a function body with the session's variables; *success* is a return, *error* everything else."""

    about: ClassVar[About] = About(
        family="integration",
        icon="square-code",
        name={"pt-BR": "Script", "en": "Script"},
        help={
            "pt-BR": "Executa JavaScript numa caixa fechada, sem rede nem arquivos. O código é o corpo de uma função: "
            'as variáveis estão lá pelo nome (ou em inputs["meu nome"]), e o que o return devolve, em JSON, fica em '
            "“Guardar em”. Exceção, tempo, memória ou um resultado que não é JSON saem por “erro”.",
            "en": "Runs JavaScript in a closed box, without network or files. The code is the body of a function: the "
            'variables are there by name (or in inputs["my name"]), and what return gives back, as JSON, is kept in '
            "“Keep in”. An exception, time, memory or a result that is not JSON leave by “error”.",
        },
        example={
            "code": "const total = itens.reduce((soma, item) => soma + item.preco, 0);\nreturn total.toFixed(2);",
            "inputs": ["itens"],
            "save_to": "total",
        },
    )
    # The answer takes its time, so a loop through it does not spin.
    waits: ClassVar[bool] = True

    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="success"),
        PortRule(id="error", side=True),
    )
    type: Literal["script"] = "script"
    language: Literal["javascript"] = field("Linguagem", "Language", default="javascript")
    code: str = field(
        "Código",
        "Code",
        ui="code",
        min_length=1,
        max_length=50_000,
        help=(
            "O corpo de uma função, com return. Escreva nome, e não {{nome}}.",
            "The body of a function, with return. Write name, not {{name}}.",
        ),
    )
    inputs: tuple[Name, ...] = field(
        "Variáveis",
        "Inputs",
        default=(),
        ui="variables",
        max_length=100,
        help=(
            "O que o código vê, também contact, message ou contact.name; vazio: todas as variáveis da sessão.",
            "What the code sees, also contact, message or contact.name; empty: all session variables.",
        ),
    )
    save_to: str | None = field(
        "Guardar em", "Keep in", default=None, ui="variable", min_length=1, max_length=100
    )
    timeout: int = field("Tempo limite (s)", "Time limit (s)", default=1, ge=1, le=10)

    def ports(self) -> tuple[Port, ...]:
        """Has `success`, and `error` at the side."""
        return Port("success"), Port("error", side=True)

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable that keeps the result."""
        return name_set(self.save_to) if port == "success" else frozenset()

    def unsets(self, port: str) -> frozenset[str]:
        """Leaves the earlier result nowhere, where there is no new one."""
        return name_set(self.save_to) - self.sets(port)

    def reads(self) -> Iterator[tuple[str, str]]:
        """Reads the inputs that are named."""
        for index, name in enumerate(self.inputs):
            yield f"inputs.{index}", name

    def problems(self) -> Iterator[Problem]:
        """Finds secrets, our own names, and placeholders that nobody fills."""
        for index, name in enumerate(self.inputs):
            path = parse_path(name)
            if path and path[0] == "secret":
                yield Problem(code="secret_not_allowed", field=f"inputs.{index}")
        yield from check_variable(self.save_to, field="save_to")
        if found := PLACEHOLDER.search(self.code):
            yield Problem(
                code="placeholder_in_code",
                severity="warning",
                field="code",
                params={"name": found[1]},
            )

    def run(self, visit: Visit) -> Go | CallOut:
        """Asks for the script to be run, and keeps what comes back."""
        match visit.occasion:
            case Returned(result=result):
                return self._keep(visit, result)
        seen = {name: visit.value(name) for name in self.inputs} or dict(visit.variables())
        # A script changes nothing outside, so it may always run again.
        return CallOut(ScriptRequest(self.code, seen), timeout=self.timeout, repeatable=True)

    def _keep(self, visit: Visit, result: CallResult) -> Go:
        # Set or unset: what an earlier script left there would pass for this one's result.
        fits = self.save_to is None or visit.set(self.save_to, result.value)
        if result.ok and fits:
            return Go("success")
        if result.detail:
            visit.note(script_said=result.detail)
        return Go("error")
