"""Asks a language model through any address that speaks OpenAI's protocol, by the guarded way out.

What a customer wrote is only ever in a message of role `user`, what the bot said in one of role `assistant`; the author's
instructions alone are `system`. The model is given no tools, so the most that clever words can get is a wrong answer,
and one that must be JSON is held against its schema here, whatever the service promised.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from recado.calls.ai_answer import answer_of
from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressError, EgressRefused, EgressTimeout
from recado.calls.masks import Mask, TooDeep
from recado.engine.events import CallResult, Json
from recado.engine.json_schema import is_strict
from recado.engine.requests import Ai, SecretMissing, names_of, reveal

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI

MOST_BYTES = 1_000_000
LONGEST_WORDS = 300
# What a service may not know is left out, one after the other: the limit's old name, a temperature, a schema.
MOST_TRIES = 4
# The library adds headers of its own and of the operator's environment; nothing but these leaves.
HEADERS = frozenset(
    ["accept", "authorization", "content-length", "content-type", "host", "user-agent"]
)
BY_SCHEMA = "Answer with nothing but one JSON object that fits this JSON Schema:\n"


@dataclass(frozen=True, slots=True)
class Account:
    """Where a model is asked, which one by default, and the key that opens it; a model of one's own may need none."""

    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the customer wrote and what the bot said to it."""

    user: str
    bot: str


async def perform(
    request: Ai,
    account: Account,
    secrets: Mapping[str, str],
    history: Sequence[Exchange],
    egress: Egress,
    *,
    timeout: float,  # noqa: ASYNC109 the limit belongs to the request
) -> CallResult:
    """Asks a model and says what came of it, never raising for anything that a service or an author does."""
    began = time.monotonic()
    mask = Mask([account.key or "", *(secrets.get(name, "") for name in names_of(request))])
    try:
        asked = _asked(request, account, secrets, history)
        async with await _client(account, egress, timeout) as client:
            async with asyncio.timeout(timeout):
                result = await _ask(client, asked, request.schema)
        result = structs.replace(result, value=mask.value(result.value))
    except SecretMissing as missing:
        result = CallResult(ok=False, error="secret_missing", detail=str(missing))
    except TimeoutError:
        result = CallResult(ok=False, error="timeout")
    except TooDeep:
        result = CallResult(ok=False, error="bad_answer", detail="The answer is nested too deep.")
    detail = " ".join(mask.text(result.detail).split())[:LONGEST_WORDS]
    return structs.replace(result, detail=detail, ms=round((time.monotonic() - began) * 1000))


def _asked(
    request: Ai, account: Account, secrets: Mapping[str, str], history: Sequence[Exchange]
) -> dict[str, Any]:
    """Makes the request as it is where the service knows everything."""
    messages = list(_messages(request, secrets, history))
    asked: dict[str, Any] = {"model": request.model or account.model, "messages": messages}
    if request.temperature is not None:
        asked["temperature"] = request.temperature
    if request.max_tokens is not None:
        asked["max_tokens"] = request.max_tokens
    if request.schema is not None:
        wanted = {"name": "answer", "schema": request.schema, "strict": is_strict(request.schema)}
        asked["response_format"] = {"type": "json_schema", "json_schema": wanted}
    return asked


def _messages(
    request: Ai, secrets: Mapping[str, str], history: Sequence[Exchange]
) -> Iterator[dict[str, str]]:
    if system := reveal(request.system, secrets).strip():
        yield {"role": "system", "content": system}
    for exchange in history:
        yield {"role": "user", "content": exchange.user}
        yield {"role": "assistant", "content": exchange.bot}
    yield {"role": "user", "content": reveal(request.prompt, secrets)}


async def _client(account: Account, egress: Egress, timeout: float) -> "AsyncOpenAI":  # noqa: ASYNC109
    # The import takes most of a second: in a thread everybody else goes on meanwhile.
    openai = await asyncio.to_thread(import_module, "openai")
    # It builds on the same library.
    transports = import_module("recado.calls.egress_transport")
    for chatty in ("openai", "httpx2"):
        # Their debug lines hold the prompt.
        logging.getLogger(chatty).setLevel(logging.WARNING)

    async def keep_ours(request: Any) -> None:
        for name in [name for name in request.headers if name.lower() not in HEADERS]:
            del request.headers[name]
        request.headers.pop("Authorization", None)
        if account.key:
            request.headers["Authorization"] = f"Bearer {account.key}"

    http = openai.DefaultAsyncHttpxClient(
        transport=transports.EgressTransport(egress, timeout=timeout, max_bytes=MOST_BYTES),
        event_hooks={"request": [keep_ours]},
        follow_redirects=False,
        trust_env=False,
    )
    client: AsyncOpenAI = openai.AsyncOpenAI(
        api_key=account.key or "none",
        base_url=account.base_url,
        http_client=http,
        max_retries=0,
        timeout=timeout,
    )
    return client


async def _ask(
    client: "AsyncOpenAI", asked: dict[str, Any], schema: dict[str, Json] | None
) -> CallResult:
    from httpx2 import Response  # noqa: TID251 only the type: the client goes out by the egress
    from openai import APIConnectionError, APIError, APIStatusError

    refused = CallResult(ok=False, error="bad_answer")
    for _ in range(MOST_TRIES):
        try:
            # As it came: the library's own types take any shape for an answer.
            answer = await client.post("/chat/completions", cast_to=Response, body=asked)
        except APIStatusError as error:
            refused = _refusal(error)
            simpler = _without(asked, error, schema)
            if simpler is None:
                return refused
            asked = simpler
        except APIConnectionError as error:
            return _unreached(error)
        except APIError as error:
            return CallResult(ok=False, error="bad_answer", detail=error.message)
        else:
            return await asyncio.to_thread(answer_of, answer.content, schema)
    return refused


def _without(
    asked: dict[str, Any], error: "APIStatusError", schema: dict[str, Json] | None
) -> dict[str, Any] | None:
    """Makes the request without what the service says it does not know, or None where that is not the matter."""
    words = f"{error.param} {error.message}".lower()
    if error.status_code not in (400, 422):
        return None
    if "max_tokens" in asked and "max_tokens" in words:
        most = asked["max_tokens"]
        return {**_less(asked, "max_tokens"), "max_completion_tokens": most}
    if "response_format" in asked and ("response_format" in words or "json_schema" in words):
        return {**_less(asked, "response_format"), "messages": _ruled(asked["messages"], schema)}
    if "temperature" in asked and "temperature" in words:
        return _less(asked, "temperature")
    return None


def _ruled(messages: list[dict[str, str]], schema: dict[str, Json] | None) -> list[dict[str, str]]:
    """Puts the schema into the instructions, of which many models take only one message."""
    rule = BY_SCHEMA + msgspec.json.encode(schema).decode()
    match messages:
        case [{"role": "system", "content": own}, *others]:
            return [{"role": "system", "content": f"{own}\n\n{rule}"}, *others]
    return [{"role": "system", "content": rule}, *messages]


def _less(asked: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if key != name}


def _refusal(error: "APIStatusError") -> CallResult:
    known = error.code in ("content_filter", "content_policy_violation")
    return CallResult(
        ok=False,
        error="refused" if known else "bad_status",
        detail=error.message,
        status=error.status_code,
    )


def _unreached(error: "APIConnectionError") -> CallResult:
    problem = _cause(error)
    match problem:
        case EgressTimeout():
            return CallResult(ok=False, error="timeout")
        case EgressRefused(code="too_large"):
            return CallResult(ok=False, error="too_large", detail=str(problem))
        case EgressRefused():
            return CallResult(ok=False, error="address_refused", detail=str(problem))
    return CallResult(ok=False, error="not_reached", detail=str(problem or ""))


def _cause(error: BaseException | None) -> EgressError | None:
    while error is not None and not isinstance(error, EgressError):
        error = error.__cause__
    return error
