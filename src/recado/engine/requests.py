"""What a node may ask the world outside, and what comes back: data only, performed by `calls/`.

A secret is never part of a request: a text that names one is kept as pieces (`Sealed`), and `calls/` puts the value in
at the last moment. So no table, journal, trace or export ever holds it.
"""

import json
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

import msgspec

from recado.engine.events import Json

Escape = Literal["none", "json", "url"]
HIDDEN = "•••"
HOST = re.compile(r"\s*https?://([^/?#]*)", re.IGNORECASE)


class SecretRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """The place of an author's secret in a text, and how its value must be written there."""

    secret: str
    escape: Escape = "none"


# A text in pieces, in order; only `reveal` makes one string of it.
Sealed = tuple[str | SecretRef, ...]


class SecretMissing(Exception):
    """A request names a secret that the workspace does not have; the argument is its name."""


class BasicAuth(msgspec.Struct, frozen=True):
    """A user name and a password for HTTP's basic authentication (RFC 7617)."""

    username: Sealed
    password: Sealed


class Http(msgspec.Struct, frozen=True, tag="http", tag_field="call", omit_defaults=True):
    """A request over HTTP; `sign` names the secret that signs it in the Standard Webhooks way.

    Of the answer `extract` names parts by JMESPath; `keep` says whether the flow needs it as a whole.
    """

    method: str
    url: Sealed
    headers: tuple[tuple[str, Sealed], ...] = ()
    query: tuple[tuple[str, Sealed], ...] = ()
    body: Sealed | None = None
    content_type: str | None = None
    basic: BasicAuth | None = None
    sign: str | None = None
    extract: tuple[str, ...] = ()
    keep: bool = True


class Ai(msgspec.Struct, frozen=True, tag="ai", tag_field="call", omit_defaults=True):
    """A prompt for a language model, by an account's name.

    `history` is how many earlier exchanges of the conversation go along; whoever performs the call adds them.
    `schema` is a JSON Schema that the answer must fit, or None for plain text.
    """

    account: str
    prompt: Sealed
    system: Sealed = ()
    model: str | None = None
    history: int = 0
    temperature: float | None = None
    max_tokens: int | None = None
    schema: dict[str, Json] | None = None


class Sql(msgspec.Struct, frozen=True, tag="sql", tag_field="call", omit_defaults=True):
    """A query with bound `:parameters`, by a connection's name; `secrets` are parameters that are a secret's value."""

    connection: str
    query: str
    parameters: dict[str, Json] = {}
    secrets: dict[str, str] = {}
    mode: Literal["rows", "first", "scalar", "execute"] = "rows"
    max_rows: int = 100


class Script(msgspec.Struct, frozen=True, tag="script", tag_field="call", omit_defaults=True):
    """A JavaScript function body and the variables that it sees."""

    code: str
    inputs: dict[str, Json] = {}


class Email(msgspec.Struct, frozen=True, tag="email", tag_field="call", omit_defaults=True):
    """An e-mail in plain text, sent by the installation's SMTP server."""

    to: tuple[str, ...]
    subject: str
    body: str


Request = Http | Ai | Sql | Script | Email


def names_of(request: Request) -> frozenset[str]:
    """Names the secrets that a request needs."""
    match request:
        case Http(url=url, headers=headers, query=query, body=body, basic=basic, sign=sign):
            texts = [url, *(value for _, value in (*headers, *query)), body or ()]
            texts += [basic.username, basic.password] if basic else []
            return frozenset([*_named(*texts), *([sign] if sign else [])])
        case Ai(prompt=prompt, system=system):
            return frozenset(_named(prompt, system))
        case Sql(secrets=secrets):
            return frozenset(secrets.values())
    return frozenset()


def summary(request: Request) -> str:
    """Says in a few words what a call asks for; never a query, a body or a secret."""
    match request:
        case Http(method=method, url=url):
            first = url[0] if url and isinstance(url[0], str) else ""
            return f"{method} {first.partition('?')[0]}".strip()
        case Ai(account=account):
            return f"AI {account}"
        case Sql(connection=connection):
            return f"SQL {connection}"
        case Script():
            return "script"
        case Email(to=to):
            return f"e-mail to {', '.join(to)}"


def host_of(url: Sealed) -> str:
    """Gives the host of an address, for the trace: nothing that stands before or behind it."""
    shown = "".join(piece if isinstance(piece, str) else HIDDEN for piece in url)
    found = HOST.match(shown)
    return found[1].rpartition("@")[2] if found else ""


def reveal(sealed: Sealed, secrets: Mapping[str, str]) -> str:
    """Makes one string of the pieces, each secret written as its place demands; raises `SecretMissing`."""
    return "".join(
        piece if isinstance(piece, str) else _written(piece, secrets) for piece in sealed
    )


def _named(*texts: Sealed) -> list[str]:
    return [piece.secret for text in texts for piece in text if isinstance(piece, SecretRef)]


def _written(ref: SecretRef, secrets: Mapping[str, str]) -> str:
    if ref.secret not in secrets:
        raise SecretMissing(ref.secret)
    value = secrets[ref.secret]
    match ref.escape:
        case "json":
            return json.dumps(value, ensure_ascii=False)[1:-1]
        case "url":
            return quote(value, safe="")
        case "none":
            return value
