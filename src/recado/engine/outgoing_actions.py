"""What the node `action` can tell others: a service by a signed webhook, somebody by e-mail, the team."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, field_validator

from recado.engine.addresses import MAX_EMAIL, MAX_URL, read_email
from recado.engine.effects import Notify
from recado.engine.node import Visit, field
from recado.engine.problems import Problem
from recado.engine.request_addresses import address_problems
from recado.engine.request_bodies import body_mistake, body_text
from recado.engine.request_headers import HeaderLine
from recado.engine.requests import Email, Http, Sealed, host_of
from recado.engine.sealing import bare_name
from recado.engine.steps import CallOut, Go
from recado.engine.written import MAX_NAME, Words, fill_words

RECIPIENTS = 5
SUBJECT = 200
NOTICE = 1_000
BETWEEN = ",;"
JSON = "application/json"

Timeout = Annotated[
    int, field("Tempo limite (s)", "Time limit (s)", default=5, ui="duration", ge=1, le=30)
]
Repeatable = Annotated[
    bool,
    field(
        "Pode repetir",
        "May be repeated",
        default=False,
        help=(
            "Se o servidor parar no meio, a chamada é feita de novo em vez de seguir por “error”.",
            "If the server stops in the middle, the call is made again instead of going on by “error”.",
        ),
    ),
]


class Webhook(BaseModel):
    """Posts JSON to a service; with `secret` it is signed as Standard Webhooks says, so that the service can trust it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["webhook"]
    url: str = field(
        "Endereço", "URL", template=True, secrets=True, min_length=1, max_length=MAX_URL
    )
    method: Literal["POST", "PUT"] = field("Método", "Method", default="POST")
    headers: tuple[HeaderLine, ...] = field("Cabeçalhos", "Headers", default=(), max_length=50)
    body: str | None = field(
        "Corpo (JSON)",
        "Body (JSON)",
        default=None,
        template=True,
        secrets=True,
        ui="code",
        max_length=64_000,
        help=(
            "Sem um corpo vão o contato, a conversa e as variáveis.",
            "Without a body the contact, the conversation and the variables are sent.",
        ),
    )
    secret: str | None = field(
        "Segredo da assinatura",
        "Secret for the signature",
        default=None,
        ui="secret",
        min_length=1,
        max_length=MAX_NAME,
    )
    timeout: Timeout
    repeatable: Repeatable

    @field_validator("body", mode="before")
    @classmethod
    def _as_text(cls, raw: Any) -> Any:
        """Takes a body that is written as JSON itself, not as text."""
        return body_text(raw, "json") if isinstance(raw, dict | list) else raw

    _bare = field_validator("secret")(bare_name)

    def problems(self, *, field: str) -> Iterator[Problem]:
        """Finds an address that is none and a body that is no JSON."""
        yield from address_problems(self.url, field=f"{field}.url")
        if self.body is not None and (code := body_mistake(self.body, "json")):
            yield Problem(code=code, field=f"{field}.body")

    def do(self, visit: Visit) -> CallOut:
        """Sends it; the answer only counts as good or bad."""
        request = Http(
            self.method,
            visit.sealed(self.url.strip(), style="url"),
            headers=tuple(each.fill(visit) for each in self.headers),
            body=self._body(visit),
            content_type=JSON,
            sign=self.secret,
            keep=False,
        )
        visit.note(method=self.method, host=host_of(request.url))
        return CallOut(request, self.timeout, repeatable=self.repeatable)

    def _body(self, visit: Visit) -> Sealed:
        if self.body is not None:
            return visit.sealed(self.body, style="json")
        scope = {name: visit.value(name) for name in ("contact", "conversation")}
        whole = {**scope, "variables": dict(visit.variables())}
        return (msgspec.json.encode(whole).decode(),)


class SendEmail(BaseModel):
    """Sends an e-mail in plain text by the installation's mail server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["email"]
    to: Words = field(
        "Para",
        "To",
        template=True,
        min_length=1,
        max_length=RECIPIENTS,
        help=("Até cinco endereços.", "Up to five addresses."),
    )
    subject: str = field("Assunto", "Subject", template=True, min_length=1, max_length=1_000)
    body: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=64_000
    )
    timeout: Timeout
    repeatable: Repeatable

    def problems(self, *, field: str) -> Iterator[Problem]:
        """Finds recipients that are written out and are no addresses, or are too many."""
        fixed = [text for text in self.to if "{{" not in text]
        written = [part.strip() for text in fixed for part in re.split(f"[{BETWEEN}\n]", text)]
        for address in filter(None, written):
            if read_email(address) is None:
                yield Problem(code="bad_recipient", field=f"{field}.to", params={"name": address})
        if len(written) > RECIPIENTS:
            params = {"count": len(written), "limit": RECIPIENTS}
            yield Problem(code="too_many_recipients", field=f"{field}.to", params=params)

    def do(self, visit: Visit) -> CallOut | Go:
        """Sends it to the addresses that are some; without any it fails at once."""
        to = self._recipients(visit)
        if not to:
            visit.note(skipped="no_recipient")
            return Go("error")
        subject = visit.line(self.subject, limit=SUBJECT) or ""
        request = Email(to, subject, visit.text(self.body))
        visit.note(mailed=", ".join(to))
        return CallOut(request, self.timeout, repeatable=self.repeatable)

    def _recipients(self, visit: Visit) -> tuple[str, ...]:
        found = fill_words(visit, self.to, limit=MAX_EMAIL, most=RECIPIENTS, between=BETWEEN)
        for address in found:
            if read_email(address) is None:
                visit.note(skipped="bad_email", found=address)
        return tuple(dict.fromkeys(filter(None, map(read_email, found))))


class NotifyTeam(BaseModel):
    """Leaves a notice for the people of a team, or for everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["notify_team"]
    text: str = field(
        "Texto", "Text", template=True, ui="long_text", min_length=1, max_length=NOTICE
    )
    team: str | None = field(
        "Equipe", "Team", default=None, template=True, ui="team", max_length=MAX_NAME
    )

    def do(self, visit: Visit) -> None:
        """Leaves the notice, unless it says nothing once filled."""
        text = visit.text(self.text, limit=NOTICE).strip()
        if not text:
            return visit.note(skipped="empty_text")
        team = visit.line(self.team, limit=MAX_NAME)
        visit.note(notified=team)
        return visit.effect(Notify(text, team=team, node=visit.node))
