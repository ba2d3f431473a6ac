"""How the API refuses: problems, limits, headers, a busy or absent database."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recado.config import Settings
from recado.store.pool import Pool, create_pool
from recado.web.edge import MAX_BODY
from recado.web.errors import MEDIA_TYPE
from recado.web.receiver import Receiver
from recado.web.sentences import SENTENCES
from tests.web.api import PREFIX, VAULT, Api, make_api


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


@pytest.mark.asyncio
async def test_a_problem_says_what_is_wrong_in_the_readers_language(api: Api) -> None:
    portuguese = await api.post("/chatbots", {"nome": "A"})
    english = await api.request(
        "POST", "/chatbots", body={"nome": "A"}, headers={"Accept-Language": "en"}
    )

    assert portuguese.headers["Content-Type"] == MEDIA_TYPE
    assert portuguese.body["type"] == "urn:recado:problem:invalid"
    assert portuguese.body["request_id"] == portuguese.headers["X-Request-Id"]
    messages = {error["field"]: error["message"] for error in portuguese.body["errors"]}
    assert messages == {
        "name": "Campo obrigatório.",
        "nome": "Este campo não existe. Seria “name”?",
    }
    assert english.body["detail"] == "There are fields that are not valid."
    said = {error["field"]: error["message"] for error in english.body["errors"]}
    assert said == {
        "name": "Field required",
        "nome": "There is no such field. Did you mean “name”?",
    }


def test_every_sentence_is_there_in_both_languages() -> None:
    for code, (portuguese, english) in SENTENCES.items():
        assert portuguese != english, code
        # A reason that is itself a sentence has one in each language.
        filled = portuguese.replace("{reason_pt}", "{reason}")
        assert set(re.findall(r"\{\w+\}", filled)) == set(re.findall(r"\{\w+\}", english))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"{", 400, "invalid_json"), (b"[]", 422, "invalid"), (b"", 422, "invalid")],
)
async def test_a_body_that_cannot_be_read(api: Api, body: bytes, status: int, code: str) -> None:
    answer = await api.request("POST", "/chatbots", data=body)

    assert (answer.status, answer.code) == (status, code)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "value", ["\x00", "a\x00b", {"a": ["\x00"]}, {"\x00": 1}, 2**70, [[[1e999]]]]
)
async def test_what_postgresql_cannot_keep_is_refused_by_name(api: Api, value: Any) -> None:
    answer = await api.request(
        "POST", "/chatbots", data=json.dumps({"name": "A", "variables": {"x": value}}).encode()
    )

    assert (answer.status, answer.fields()) == (422, ["variables"])


@pytest.mark.asyncio
async def test_half_a_surrogate_pair_is_refused_by_name(api: Api) -> None:
    deep = "[" * 70 + "]" * 70

    half = await api.request("POST", "/chatbots", data=b'{"name": "\\ud800"}')
    inside = await api.request("POST", "/chatbots", data=b'{"name":"A","settings":{"x":"\\ud800"}}')
    nested = await api.request(
        "POST", "/chatbots", data=b'{"name":"A","settings":{"x":' + deep.encode() + b"}}"
    )

    assert (half.status, half.fields()) == (422, ["name"])
    assert (inside.status, inside.fields()) == (422, ["settings"])
    assert (nested.status, nested.fields()) == (422, ["settings"])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "???"}, {"cursor": "YQ"}]
)
async def test_a_bad_page_is_refused(api: Api, query: dict[str, Any]) -> None:
    answer = await api.get("/chatbots", **query)

    assert answer.status == 422
    assert answer.fields() == list(query)


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/nowhere", "/whatsapp/x", "/flows/x", "/chatbots/1/2"])
async def test_an_address_that_leads_nowhere_is_not_found(api: Api, path: str) -> None:
    answer = await api.get(path)

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.asyncio
async def test_a_method_that_is_not_there(api: Api) -> None:
    answer = await api.request("DELETE", "/chatbots")

    assert (answer.status, answer.code) == (405, "method_not_allowed")


@pytest.mark.asyncio
async def test_a_body_over_the_limit_is_refused_declared_or_not(api: Api) -> None:
    big = b"x" * (MAX_BODY + 1)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(big), 65_536):
            yield big[start : start + 65_536]

    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    url = api.url + PREFIX + "/flows"
    statuses = []
    for data in (big, chunks()):
        async with api.http.post(url, data=data, headers=headers) as response:
            statuses.append((response.status, (await response.json(content_type=None))["code"]))

    assert statuses == [(413, "body_too_large")] * 2


@pytest.mark.asyncio
async def test_answers_carry_the_safety_headers(api: Api) -> None:
    for answer in (await api.get("/chatbots"), await api.get("/nowhere")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.asyncio
async def test_a_sound_request_id_is_taken_over_and_an_odd_one_is_not(api: Api) -> None:
    taken = await api.request("GET", "/chatbots", headers={"X-Request-Id": "trace-12345"})
    odd = await api.request("GET", "/chatbots", headers={"X-Request-Id": "a b"})

    assert taken.headers["X-Request-Id"] == "trace-12345"
    assert re.fullmatch(r"[0-9a-f]{16}", odd.headers["X-Request-Id"])


@pytest.mark.asyncio
async def test_other_origins_come_in_only_where_they_are_named(pool: Pool) -> None:
    async def preflight(api: Api, origin: str) -> Mapping[str, str]:
        headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        return (await api.request("OPTIONS", "/chatbots", headers=headers)).headers

    named = Settings(cors_origins=("https://app.example.com",))
    async with make_api(pool, settings=named) as api:
        welcome = await preflight(api, "https://app.example.com")
        stranger = await preflight(api, "https://evil.example.com")
    async with make_api(pool) as api:
        closed = await preflight(api, "https://app.example.com")

    assert welcome["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Access-Control-Allow-Origin" not in stranger
    assert "Access-Control-Allow-Origin" not in closed


@pytest.mark.asyncio
async def test_a_bug_becomes_a_500_with_an_id_and_nothing_of_the_bug(api: Api) -> None:
    _add_broken_route(api.app)

    answer = await api.request("GET", "/api/v1/broken")

    assert (answer.status, answer.code) == (500, "internal")
    assert answer.body["request_id"] in answer.body["detail"]
    assert "secret-of-the-bug" not in str(answer.body)


def _add_broken_route(app: FastAPI) -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("secret-of-the-bug")

    app.router.add_route("/api/v1/broken", broken, methods=["GET"])


@pytest.mark.asyncio
async def test_without_a_free_connection_the_answer_is_503(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recado.web.serving.ACQUIRE_WITHIN", 0.05)
    small = await create_pool(database_url, min_size=1, max_size=1)
    async with make_api(pool) as api:
        api.app.state.serving = _with_pool(api.app, small)
        async with small.acquire():
            busy = await api.get("/chatbots")
            pt = await api.request("GET", "/chatbots", headers={"Accept-Language": "pt-BR"})
            en = await api.request("GET", "/chatbots", headers={"Accept-Language": "en"})
        free = await api.get("/chatbots")
    await small.close()

    assert (busy.status, busy.code) == (503, "busy")
    assert int(busy.headers["Retry-After"]) > 0
    assert pt.body["detail"] == "O servidor está ocupado. Tente de novo em instantes."
    assert en.body["detail"] == "The server is busy. Try again in a moment."
    assert free.status == 200


def _with_pool(app: FastAPI, pool: Pool) -> Any:
    return replace(app.state.serving, pool=pool)


@pytest.mark.asyncio
async def test_a_statement_that_takes_too_long_is_ended(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recado.web.serving.STATEMENT_TIMEOUT", "50ms")
    async with api.pool.acquire() as db, db.transaction():
        await db.execute("lock table sessions_web")

        answer = await api.get("/chatbots")

    assert (answer.status, answer.code) == (503, "too_slow")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url", ["postgresql://x@127.0.0.1:1/x", "postgresql://x@/x?host=/nowhere/recado&port=5432"]
)
async def test_without_the_database_the_answer_is_503_and_the_process_lives(
    pool: Pool, url: str
) -> None:
    gone = await create_pool(url, min_size=0, max_size=1)
    async with make_api(pool) as api:
        api.app.state.serving = _with_pool(api.app, gone)

        answer = await api.get("/chatbots")
        alive = await api.get("/healthz")
        ready = await api.get("/readyz")

    assert (answer.status, answer.code) == (503, "unavailable")
    assert alive.status == 200
    assert (ready.status, ready.body["database"]) == (503, "unreachable")


@pytest.mark.asyncio
async def test_another_schema_is_not_ready(api: Api) -> None:
    await api.pool.execute("update alembic_version set version_num = 'older'")

    answer = await api.get("/readyz")

    assert (answer.status, answer.body["db_schema"]) == (503, "other")


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/healthz", "/api/v1/healthz", "/readyz/", "/api/v1/readyz"])
async def test_health_is_asked_without_signing_in(api: Api, path: str) -> None:
    assert (await api.nobody().get(path)).status == 200


@pytest.mark.asyncio
async def test_the_webhook_is_reached_before_a_number_of_that_name(pool: Pool) -> None:
    receiver = Receiver(pool, VAULT)
    receiver.start()
    statuses = []
    async with make_api(pool, receiver=receiver) as api:
        for path in ("/api/v1/whatsapp/webhook", "/whatsapp/webhook"):
            for slash in ("", "/"):
                async with api.http.get(api.url + path + slash) as response:
                    statuses.append(response.status)
    await receiver.stop()

    assert statuses == [403] * 4  # a handshake without a token; a number would ask who is there
