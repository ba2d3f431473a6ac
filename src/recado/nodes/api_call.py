"""Calls a service over HTTP and keeps what it answers."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from recado.engine.events import CallResult
from recado.engine.json_paths import find_by_path, path_mistake
from recado.engine.node import About, Node, Port, Visit, check_variable, field
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.request_addresses import address_problems
from recado.engine.request_bodies import BODIES, BodyType, body_mistake, body_text
from recado.engine.request_headers import HEADER_NAME, HeaderLine
from recado.engine.requests import BasicAuth, Http, Sealed, SecretRef, host_of
from recado.engine.sealing import bare_name
from recado.engine.steps import CallOut, Go, Returned
from recado.engine.traits import Need, name_set

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
# What may be made again after a crash that hides how it went (flow language, section 4).
HARMLESS = ("GET", "HEAD", "PUT", "DELETE")
# What each kind of authentication cannot do without.
NEEDED = {
    "none": (),
    "bearer": ("secret",),
    "basic": ("username", "secret"),
    "header": ("header", "secret"),
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QueryPart(_Part):
    """A name and a value behind the question mark of the address."""

    name: str = field("Nome", "Name", min_length=1, max_length=200)
    value: str = field("Valor", "Value", default="", template=True, secrets=True, max_length=10_000)


class Auth(_Part):
    """How the request says who asks; the password or token is always a secret."""

    type: Literal["none", "bearer", "basic", "header"] = field("Tipo", "Type", default="none")
    secret: str | None = field(
        "Segredo", "Secret", default=None, ui="secret", min_length=1, max_length=100
    )
    username: str | None = field(
        "Usuário", "User name", default=None, template=True, secrets=True, max_length=1_000
    )
    header: str | None = field(
        "Cabeçalho", "Header", default=None, pattern=HEADER_NAME, max_length=200
    )

    _bare = field_validator("secret")(bare_name)

    def header_line(self) -> tuple[tuple[str, Sealed], ...]:
        """Gives the header that holds the secret; basic authentication is not one of these."""
        match self.type, self.secret:
            case "bearer", str(secret):
                return (("Authorization", ("Bearer ", SecretRef(secret))),)
            case "header", str(secret):
                return ((self.header or "", (SecretRef(secret),)),)
        return ()


class Extract(_Part):
    """A part of the answer, found by a JMESPath expression, and the variable that keeps it."""

    path: str = field("Caminho", "Path", min_length=1, max_length=500)
    variable: str = field("Variável", "Variable", ui="variable", min_length=1, max_length=100)


class ApiCall(Node):
    """Makes a request over HTTP; *success* is an answer from 200 to 299."""

    about: ClassVar[About] = About(
        family="integration",
        icon="globe",
        name={"pt-BR": "Chamada de API", "en": "API call"},
        help={
            "pt-BR": "Chama um serviço por HTTP. “Guardar em” recebe a resposta (JSON já lido), e o mesmo nome com "
            "_status o código HTTP; num erro com resposta (404, 500) também, sem resposta os dois ficam vazios. “Extrair” tira partes dela com JMESPath, como "
            "itens[0].preco. No corpo JSON, {{variável}} entre aspas vira texto, fora delas um valor. Segredos entram "
            "com {{secret.NOME}} e nunca aparecem no histórico.",
            "en": "Calls a service over HTTP. “Keep in” gets the answer (JSON already read), and the same name with "
            "_status the HTTP code; so it is for an answer that is an error (404, 500), and without an answer both are "
            "empty. “Extract” takes parts of it by JMESPath, such as "
            "items[0].price. In a JSON body {{variable}} between quotes becomes text, outside of them a value. "
            "Secrets come in as {{secret.NAME}} and are never shown in the history.",
        },
        example={
            "method": "GET",
            "url": "https://api.example.com/pedidos/{{pedido}}",
            "auth": {"type": "bearer", "secret": "LOJA"},
            "save_to": "resposta",
            "extract": [{"path": "status", "variable": "situacao"}],
        },
    )
    # The answer takes its time, so a loop through it does not spin.
    waits: ClassVar[bool] = True

    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="success"),
        PortRule(id="error", side=True),
    )
    type: Literal["api_call"] = "api_call"
    method: Method = field("Método", "Method", default="GET")
    url: str = field(
        "Endereço", "URL", template=True, secrets=True, min_length=1, max_length=10_000
    )
    query: tuple[QueryPart, ...] = field("Parâmetros", "Query", default=(), max_length=100)
    headers: tuple[HeaderLine, ...] = field("Cabeçalhos", "Headers", default=(), max_length=100)
    auth: Auth = field("Autenticação", "Authentication", default=Auth())
    body: str | None = field(
        "Corpo",
        "Body",
        default=None,
        template=True,
        secrets=True,
        ui="long_text",
        max_length=64_000,
    )
    body_type: BodyType = field("Tipo do corpo", "Type of body", default="json")
    timeout: int = field("Tempo limite (s)", "Time limit (s)", default=5, ge=1, le=30)
    save_to: str | None = field(
        "Guardar em", "Keep in", default=None, ui="variable", min_length=1, max_length=90
    )
    extract: tuple[Extract, ...] = field("Extrair", "Extract", default=(), max_length=50)
    repeatable: bool = field(
        "Pode repetir",
        "May be repeated",
        default=False,
        help=(
            "Depois de uma queda do servidor, a chamada pode ser feita de novo com a mesma Idempotency-Key. GET, "
            "HEAD, PUT e DELETE sempre podem.",
            "After a crash of the server the call may be made again, with the same Idempotency-Key. GET, HEAD, PUT "
            "and DELETE always may.",
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _body_as_text(cls, raw: Any) -> Any:
        """Takes a body that is written as JSON itself, not as text."""
        match raw:
            case {"body": dict() | list() as body}:
                return {**raw, "body": body_text(body, raw.get("body_type", "json"))}
        return raw

    def ports(self) -> tuple[Port, ...]:
        """Has `success`, and `error` at the side."""
        return Port("success"), Port("error", side=True)

    def sets(self, port: str) -> frozenset[str]:
        """Sets the answer and its status; and what is taken out of the answer, where it is one."""
        if port != "success":
            return frozenset()
        status = f"{self.save_to}_status" if self.save_to else None
        return name_set(self.save_to, status, *(each.variable for each in self.extract))

    def unsets(self, port: str) -> frozenset[str]:
        """Leaves the earlier answer and its status nowhere, where there may be no new one."""
        status = f"{self.save_to}_status" if self.save_to else None
        return name_set(self.save_to, status) if port == "error" else frozenset()

    def needs(self) -> Iterator[Need]:
        """Names the secret that says who asks."""
        if self.auth.type != "none" and self.auth.secret:
            yield Need("secret", self.auth.secret, "auth.secret")

    def problems(self) -> Iterator[Problem]:
        """Finds an address, a body, an expression or a name that cannot work."""
        yield from address_problems(self.url, field="url")
        for name in NEEDED[self.auth.type]:
            if not getattr(self.auth, name):
                yield Problem(code="missing_field", field=f"auth.{name}")
        if self.body is not None and (code := body_mistake(self.body, self.body_type)):
            yield Problem(code=code, field="body")
        yield from check_variable(self.save_to, field="save_to")
        for index, part in enumerate(self.extract):
            yield from check_variable(part.variable, field=f"extract.{index}.variable")
            if mistake := path_mistake(part.path):
                params = {"path": part.path, "reason_pt": mistake[0], "reason_en": mistake[1]}
                yield Problem(code="bad_path", field=f"extract.{index}.path", params=params)

    def run(self, visit: Visit) -> Go | CallOut:
        """Asks for the call, and keeps what comes back."""
        match visit.occasion:
            case Returned(result=result):
                return self._keep(visit, result)
        request = self.request(visit)
        visit.note(method=self.method, host=host_of(request.url))
        repeatable = self.repeatable or self.method in HARMLESS
        return CallOut(request, timeout=self.timeout, repeatable=repeatable)

    def request(self, visit: Visit) -> Http:
        """Fills the request; secrets stay references."""
        headers = [each.fill(visit) for each in self.headers]
        body, content_type = self._body(visit)
        return Http(
            method=self.method,
            url=visit.sealed(self.url.strip(), style="url"),
            headers=(*headers, *self.auth.header_line()),
            query=tuple((each.name, visit.sealed(each.value)) for each in self.query),
            body=body,
            content_type=content_type,
            basic=self._basic(visit),
            extract=tuple(dict.fromkeys(part.path for part in self.extract)),
            keep=self.save_to is not None,
        )

    def _body(self, visit: Visit) -> tuple[Sealed | None, str | None]:
        if self.body is None or self.body_type == "none":
            return None, None
        style, content_type = BODIES[self.body_type]
        return visit.sealed(self.body, style=style), content_type

    def _basic(self, visit: Visit) -> BasicAuth | None:
        if self.auth.type != "basic" or self.auth.secret is None:
            return None
        return BasicAuth(
            visit.sealed(self.auth.username or "", style="header"), (SecretRef(self.auth.secret),)
        )

    def _keep(self, visit: Visit, result: CallResult) -> Go:
        if result.status is not None:
            visit.note(status=result.status, ms=result.ms)
        fits = True
        if self.save_to:
            # Set or unset: what an earlier call left there would pass for this one's answer.
            fits = visit.set(self.save_to, result.value)
            visit.set(f"{self.save_to}_status", result.status)
        if not (result.ok and fits):
            return Go("error")
        for part in self.extract:
            fits = self._take(visit, part, result) and fits
        return Go("success" if fits else "error")

    def _take(self, visit: Visit, part: Extract, result: CallResult) -> bool:
        if result.extracted is None:
            # A whole answer: one that was written by hand, in a story, or by an older version of us.
            found = find_by_path(part.path, result.value)
        else:
            found = result.extracted.get(part.path)
        if found is None:
            visit.note(nothing_at=part.path)
        return visit.set(part.variable, found)
