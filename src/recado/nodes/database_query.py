"""Asks a database of the author's, with the values apart from the query."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import JsonValue

from recado.engine.events import CallResult, Json
from recado.engine.node import PLACEHOLDER, About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.requests import Sql
from recado.engine.sealing import SCOPE
from recado.engine.sql_text import Mode, parameters_in, quoted_parameters, refused_word
from recado.engine.steps import CallOut, Go, Returned
from recado.engine.template import sole_path
from recado.engine.traits import Need, name_set
from recado.engine.values import as_text
from recado.engine.written import fill_or_null

SHOWN = 60


class DatabaseQuery(Node):
    """Runs one query by a connection; *empty* means that no row was found."""

    about: ClassVar[About] = About(
        family="integration",
        icon="database",
        name={"pt-BR": "Consulta a banco de dados", "en": "Database query"},
        help={
            "pt-BR": "Consulta um banco de dados pelo nome da conexão. Valores entram como :parâmetros, nunca dentro da "
            "consulta, e sem aspas em volta. “Linhas” guarda uma lista de objetos, “primeira” um objeto, “valor” o "
            "primeiro campo; “executar” altera dados, se a conexão permitir, e guarda quantas linhas mudaram.",
            "en": "Asks a database by its connection's name. Values come in as :parameters, never inside the query, and "
            "without quotes around them. “Rows” keeps a list of objects, “first” one object, “scalar” the first "
            "field; “execute” changes data where the connection allows it, and keeps how many rows changed.",
        },
        example={
            "connection": "loja",
            "query": "select status, total from pedidos where id = :pedido",
            "parameters": {"pedido": "{{pedido}}"},
            "mode": "first",
            "save_to": "resultado",
        },
    )
    # The answer takes its time, so a loop through it does not spin.
    waits: ClassVar[bool] = True

    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="success"),
        PortRule(id="empty", side=True, when={"mode": ("rows", "first", "scalar")}),
        PortRule(id="error", side=True),
    )
    type: Literal["database_query"] = "database_query"
    connection: str = field("Conexão", "Connection", ui="connection", min_length=1, max_length=200)
    query: str = field(
        "Consulta",
        "Query",
        ui="sql",
        min_length=1,
        max_length=20_000,
        help=(
            "Um comando só, com :parâmetros. Dois-pontos que não são de um parâmetro: \\:",
            "One statement only, with :parameters. A colon that is none of a parameter's: \\:",
        ),
    )
    parameters: dict[str, JsonValue] = field(
        "Parâmetros",
        "Parameters",
        default={},
        template=True,
        secrets=True,
        ui="parameters",
        max_length=100,
        help=(
            "Um {{nome}} sozinho mantém o tipo do valor; {{secret.NOME}} entra sem aparecer no histórico.",
            "A {{name}} alone keeps the value's type; {{secret.NAME}} comes in without being shown in the history.",
        ),
    )
    mode: Mode = field("Modo", "Mode", default="rows")
    max_rows: int = field("Máximo de linhas", "Most rows", default=100, ge=1, le=1_000)
    save_to: str | None = field(
        "Guardar em", "Keep in", default=None, ui="variable", min_length=1, max_length=100
    )
    timeout: int = field("Tempo limite (s)", "Time limit (s)", default=5, ge=1, le=30)
    repeatable: bool = field(
        "Pode repetir",
        "May be repeated",
        default=False,
        help=(
            "Depois de uma queda do servidor, “executar” pode ser feito de novo. Leituras sempre podem.",
            "After a crash of the server “execute” may be done again. Reading always may.",
        ),
    )

    def ports(self) -> tuple[Port, ...]:
        """Has `success`, and at the side `error` and, where rows are asked for, `empty`."""
        error = Port("error", side=True)
        if self.mode == "execute":
            return Port("success"), error
        return Port("success"), Port("empty", side=True), error

    def sets(self, port: str) -> frozenset[str]:
        """Sets the variable that keeps the result; no rows are an empty list."""
        kept = port == "success" or (port == "empty" and self.mode == "rows")
        return name_set(self.save_to) if kept else frozenset()

    def unsets(self, port: str) -> frozenset[str]:
        """Leaves the earlier result nowhere, where there is no new one."""
        return name_set(self.save_to) - self.sets(port)

    def needs(self) -> Iterator[Need]:
        """Needs its connection."""
        yield Need("connection", self.connection, "connection")

    def problems(self) -> Iterator[Problem]:
        """Finds values inside the query, statements that are not run, and parameters without their other half."""
        yield from check_variable(self.save_to, field="save_to")
        if found := PLACEHOLDER.search(self.query):
            params: dict[str, Json] = {"text": found[0][:SHOWN]}
            yield Problem(code="query_with_placeholders", field="query", params=params)
            return
        if word := refused_word(self.query, self.mode):
            yield Problem(code="query_not_allowed", field="query", params={"word": word})
        for name in quoted_parameters(self.query):
            yield Problem(code="parameter_quoted", field="query", params={"name": name})
        yield from self._unpaired()

    def run(self, visit: Visit) -> Go | CallOut:
        """Asks for the query to be run, and keeps what comes back."""
        match visit.occasion:
            case Returned(result=result):
                return self._keep(visit, result)
        repeatable = self.repeatable or self.mode != "execute"
        return CallOut(self.request(visit), timeout=self.timeout, repeatable=repeatable)

    def request(self, visit: Visit) -> Sql:
        """Fills the parameters; one that is a secret stays a reference."""
        secrets = dict(self._secrets())
        given = self.parameters.items()
        return Sql(
            connection=self.connection,
            query=self.query,
            parameters={name: _filled(v, visit) for name, v in given if name not in secrets},
            secrets=secrets,
            mode=self.mode,
            max_rows=self.max_rows,
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        for name, value in self.parameters.items():
            path = sole_path(value) if isinstance(value, str) else None
            if path and path.startswith(SCOPE):
                yield name, path.removeprefix(SCOPE)

    def _unpaired(self) -> Iterator[Problem]:
        named = parameters_in(self.query)
        for name in named:
            if name not in self.parameters:
                yield Problem(code="parameter_missing", field="parameters", params={"name": name})
        for name, value in self.parameters.items():
            place, params = f"parameters.{name}", {"name": name}
            if name not in named:
                yield Problem(code="parameter_unused", field=place, params=params)
            elif _mixes_secret(value):
                yield Problem(code="parameter_with_secret", field=place, params=params)

    def _keep(self, visit: Visit, result: CallResult) -> Go:
        count = self._rows(result)
        if count is not None:
            visit.note(rows=count, ms=result.ms)
        if result.detail:
            visit.note(database_said=result.detail)
        # Set or unset: what an earlier query left there would pass for this one's result.
        fits = self.save_to is None or visit.set(self.save_to, result.value)
        if not (result.ok and fits):
            return Go("error")
        return Go("empty" if self.mode != "execute" and not count else "success")

    def _rows(self, result: CallResult) -> int | None:
        """Gives how many rows came, or changed; where nobody counted, as in a story, the value tells."""
        match result.status, result.value:
            case int(count), _:
                return count
            case _, int(count) if result.ok and self.mode == "execute":
                return count
            case _ if self.mode == "execute" or not result.ok:
                return None
            case _, list(rows):
                return len(rows)
        return 0 if result.value is None else 1


def _mixes_secret(value: JsonValue) -> bool:
    """Says whether a value has a secret and something else: only a whole parameter can be one."""
    match value:
        case str():
            named = any(SCOPE in found[0] for found in PLACEHOLDER.finditer(value))
            return named and sole_path(value) is None
        case dict():
            return any(SCOPE in as_text(item) for item in value.values())
        case list():
            return any(SCOPE in as_text(item) for item in value)
    return False


def _filled(value: JsonValue, visit: Visit) -> Json:
    match value:
        case dict():
            return {name: _filled(item, visit) for name, item in value.items()}
        case list():
            return [_filled(item, visit) for item in value]
    return fill_or_null(visit, value)
