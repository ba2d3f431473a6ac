"""Parts of an answer that a flow asks for: taken out where the answer is, bounded, without secrets."""

import json
from datetime import UTC, datetime

import pytest

from recado.calls.egress import Egress
from recado.calls.http import perform
from recado.engine.events import CallResult
from recado.engine.flow import MAX_VALUE_BYTES
from recado.engine.requests import Http, SecretRef
from tests.calls.servers import always, response, serving

pytestmark = pytest.mark.asyncio
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SECRET = "s3cr3t-token"


async def answered(
    egress: Egress, status: int, body: bytes, *paths: str, keep: bool = False
) -> CallResult:
    """Asks a service that answers so, with a secret in a header, for parts of its answer."""
    async with serving(always(response(status, body, "Content-Type: application/json"))) as server:
        request = Http(
            "GET",
            (server.url("/", "a.example.com"),),
            headers=(("X", (SecretRef("KEY"),)),),
            extract=paths,
            keep=keep,
        )
        return await perform(request, {"KEY": SECRET}, egress, timeout=5, key="k", now=NOW)


LARGE = json.dumps({"itens": [{"preco": 9.5, "nome": "x" * 100}] * 5_000}).encode()


async def test_parts_of_an_answer_larger_than_a_variable_are_taken_out(egress: Egress) -> None:
    paths = ("itens[1].preco", "length(itens)", "nada")

    parts = await answered(egress, 200, LARGE, *paths)
    whole = await answered(egress, 200, LARGE, *paths, keep=True)
    nothing = await answered(egress, 200, LARGE)

    assert len(LARGE) > 8 * MAX_VALUE_BYTES
    assert (parts.ok, parts.value, parts.status) == (True, None, 200)
    assert parts.extracted == {"itens[1].preco": 9.5, "length(itens)": 5_000, "nada": None}
    assert (whole.ok, whole.error, whole.status, whole.value) == (False, "too_large", 200, None)
    assert (nothing.ok, nothing.value, nothing.extracted) == (True, None, None)


@pytest.mark.parametrize(
    "paths",
    [
        ("itens",),
        ("itens[*].nome",),
        tuple(f"itens[:{number}].nome" for number in range(500, 494, -1)),
        tuple(f"itens[{number}]" for number in range(50)),
    ],
    ids=["the whole", "one part", "all parts", "too much work"],
)
async def test_parts_that_are_too_large_or_take_too_long_are_an_error(
    egress: Egress, paths: tuple[str, ...]
) -> None:
    result = await answered(egress, 200, LARGE, *paths)

    # Each of the six is small enough on its own.
    single = await answered(egress, 200, LARGE, "itens[:500].nome")
    assert single.ok
    assert (result.ok, result.error, result.status) == (False, "too_large", 200)
    assert (result.value, result.extracted) == (None, None)


async def test_parts_of_an_answer_hold_no_secret(egress: Egress) -> None:
    body = json.dumps({"a": {"k": SECRET}, "ok": True}).encode()

    result = await answered(egress, 200, body, "a", "ok", keep=True)

    assert result.extracted == {"a": {"k": "•••"}, "ok": True}
    assert result.value == {"a": {"k": "•••"}, "ok": True}


async def test_an_error_with_a_large_body_is_still_that_error(egress: Egress) -> None:
    result = await answered(egress, 500, LARGE, "itens", keep=True)

    assert (result.error, result.status, result.value) == ("bad_status", 500, None)
    assert result.detail.startswith('{"itens": [{"preco": 9.5,')
