"""Performs a request over HTTP: puts the secrets in, sends it through the egress, reads the answer, takes secrets out."""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from urllib.parse import urlencode

from msgspec import structs

from recado.calls.answers import result_of
from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressError
from recado.calls.masks import Mask
from recado.calls.webhook_signature import sign
from recado.engine.events import CallResult
from recado.engine.requests import BasicAuth, Http, SecretMissing, SecretRef, names_of, reveal

MOST_BYTES = 1_000_000
USER_AGENT = f"Recado/{version('recado')}"
# The word for what went wrong (`engine/reasons.py`), by the egress's own; the rest is an address that is none.
ERRORS: Mapping[str, str] = {
    "address": "address_refused",
    "port": "address_refused",
    "redirects": "redirected",
    "too_large": "too_large",
    "header": "bad_header",
    "timeout": "timeout",
    "dns": "not_reached",
    "connect": "not_reached",
    "tls": "not_reached",
    "disconnected": "not_reached",
    "encoding": "bad_answer",
    "broken_answer": "bad_answer",
}


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A request with its secrets in it: it lives no longer than the sending."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    secret_headers: frozenset[str]
    secret_body: bool


async def perform(
    request: Http,
    secrets: Mapping[str, str],
    egress: Egress,
    *,
    timeout: float,  # noqa: ASYNC109 the limit belongs to the request
    key: str,
    now: datetime,
) -> CallResult:
    """Makes a request and says what came of it, never raising for anything that a service or an author does.

    `key` is the same when a request is repeated, so that the service can tell; `now` dates a webhook's signature.
    """
    began = time.monotonic()
    mask = Mask(_used(request, secrets))
    try:
        going = _outgoing(request, secrets, key=key, now=now)
        response = await egress.request(
            request.method,
            going.url,
            headers=going.headers,
            body=going.body,
            timeout=timeout,
            max_bytes=MOST_BYTES,
            secret_headers=going.secret_headers,
            secret_body=going.secret_body,
        )
        result = await result_of(request, response, mask)
    except SecretMissing as missing:
        result = CallResult(ok=False, error="secret_missing", detail=str(missing))
    except EgressError as problem:
        error = ERRORS.get(problem.code, "bad_address")
        result = CallResult(ok=False, error=error, detail=str(problem))
    return structs.replace(result, ms=round((time.monotonic() - began) * 1000))


def _outgoing(request: Http, secrets: Mapping[str, str], *, key: str, now: datetime) -> _Outgoing:
    body = (
        None if request.body is None else reveal(request.body, secrets).encode("utf-8", "replace")
    )
    headers = [(name, _line(reveal(value, secrets))) for name, value in request.headers]
    ours = {"User-Agent": USER_AGENT, "Idempotency-Key": key}
    if request.content_type and body is not None:
        ours["Content-Type"] = request.content_type
    if request.basic is not None:
        ours["Authorization"] = f"Basic {_basic(request.basic, secrets)}"
    if request.sign is not None:
        if request.sign not in secrets:
            raise SecretMissing(request.sign)
        signed = sign(
            secrets[request.sign], id=key, timestamp=int(now.timestamp()), body=body or b""
        )
        headers = [each for each in headers if each[0].lower() not in signed]
        ours |= signed
    given = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in ours.items() if name.lower() not in given]
    return _Outgoing(
        url=_address(request, secrets),
        headers=tuple(headers),
        body=body,
        secret_headers=frozenset(name for name, value in request.headers if _holds_secret(value))
        | {"webhook-signature"},
        secret_body=_holds_secret(request.body or ()),
    )


def _address(request: Http, secrets: Mapping[str, str]) -> str:
    url, _, _ = reveal(request.url, secrets).strip().replace(" ", "%20").partition("#")
    pairs = [(name, reveal(value, secrets)) for name, value in request.query]
    if not pairs:
        return url
    joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return url + joint + urlencode(pairs, errors="replace")


def _basic(basic: BasicAuth, secrets: Mapping[str, str]) -> str:
    pair = f"{reveal(basic.username, secrets)}:{reveal(basic.password, secrets)}"
    return base64.b64encode(pair.encode("utf-8", "replace")).decode()


def _used(request: Http, secrets: Mapping[str, str]) -> list[str]:
    used = [secrets[name] for name in names_of(request) if name in secrets]
    basic = request.basic
    if basic is not None and _known(basic, secrets):
        # A service that repeats the header shows both in one piece.
        used.append(_basic(basic, secrets))
    return used


def _known(basic: BasicAuth, secrets: Mapping[str, str]) -> bool:
    pieces = (*basic.username, *basic.password)
    return all(piece.secret in secrets for piece in pieces if isinstance(piece, SecretRef))


def _holds_secret(pieces: tuple[str | SecretRef, ...]) -> bool:
    return any(isinstance(piece, SecretRef) for piece in pieces)


def _line(value: str) -> str:
    """Makes one line of a header's value: a secret that was pasted with its line break is common."""
    return " ".join(value.split("\n")).replace("\r", "").strip()
