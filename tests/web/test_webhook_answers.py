"""How the webhook refuses, and how the API's description tells of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.config import Settings
from recado.nodes import NODE_TYPES
from recado.store import receiving
from recado.store.pool import Pool
from recado.web import webhook
from recado.web.app import create_app
from recado.web.errors import MEDIA_TYPE
from recado.web.post_heads import MOST_AT_ONCE
from recado.web.receiver import Receiver
from tests.web.api import VAULT, Answer, Api, check_schema, make_api, operation_of
from tests.web.desk import PATH, Ours, add_number, message_post, text

pytestmark = pytest.mark.asyncio
PATHS = [prefix + "/whatsapp/webhook" + own for prefix in ("/api/v1", "") for own in ("", "/x")]


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    receiver = Receiver(pool, VAULT)
    receiver.start()
    async with make_api(pool, receiver=receiver) as api:
        yield api.nobody()
    await receiver.stop()


def hello(token: str, challenge: str = "1158201444") -> dict[str, str]:
    return {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}


async def refused(api: Api, number: Ours) -> dict[str, Answer]:
    """Asks for every refusal that a client can bring about."""
    message = message_post(number, text())
    return {
        "wrong_verify_token": await api.request("GET", PATH, query=hello("wrong-token")),
        "bad_signature": await api.request("POST", PATH, body=message),
        "no_json": await api.request("POST", PATH, data=b"nada"),
        "no_object": await api.request("POST", PATH, data=b"[]"),
    }


async def test_a_refusal_is_a_problem_like_any_other(api: Api) -> None:
    number = await add_number(api.pool, secret="s")

    answers = await refused(api, number)

    assert {name: answer.code for name, answer in answers.items()} == {n: n for n in answers}
    for answer in answers.values():
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        assert answer.body["status"] == answer.status
        assert answer.body["request_id"] == answer.headers["X-Request-Id"]
        assert answer.body["type"] == f"urn:recado:problem:{answer.code}"
        assert answer.body["detail"]


async def test_a_body_that_is_too_large_is_told_the_limit(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_BODY", MOST_AT_ONCE)

    answer = await api.request("POST", PATH, data=b"{" + b" " * MOST_AT_ONCE + b"}")

    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.body["params"] == {"limit": MOST_AT_ONCE}


async def test_the_description_tells_of_the_webhook(api: Api) -> None:
    await add_number(api.pool, secret="s")

    for path in PATHS:
        post = operation_of(api.description, "POST", path)
        handshake = operation_of(api.description, "GET", path)
        assert {"200", "400", "401", "408", "413", "503", "default"} == set(post["responses"])
        assert {"200", "403", "503", "default"} == set(handshake["responses"])
        assert post["security"] == handshake["security"] == []


async def test_what_is_answered_is_what_is_described(api: Api) -> None:
    number = await add_number(api.pool)

    taken = await api.request("POST", PATH, body=message_post(number, text()))
    greeted = await api.request("GET", PATH, query=hello(number.verify_token))

    assert (taken.status, taken.body) == (200, {"status": "ok"})
    assert (greeted.status, greeted.body) == (200, "1158201444")


async def test_the_description_stays_sound() -> None:
    app = create_app(None, VAULT, Settings(), receiver=Receiver(None, VAULT), node_types=NODE_TYPES)
    document = app.openapi()

    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(set(ids)) == len(ids)
    for schema in document["components"]["schemas"].values():
        check_schema(schema)


async def test_the_handshake_looks_only_for_the_token_that_was_named(api: Api) -> None:
    number, other = await add_number(api.pool), await add_number(api.pool, phone_number_id="2")

    async with api.pool.acquire() as db:
        found = [
            await receiving.verify_token(db, token, webhook_token=own)
            for token, own in (
                (number.verify_token, None),
                (number.verify_token, number.webhook_token),
                (number.verify_token, other.webhook_token),
                ("guess", None),
            )
        ]

    assert found == [number.verify_token, number.verify_token, None, None]
    indexed = await api.pool.fetchval(
        "select count(*) from pg_indexes where indexdef like '%(webhook_verify_token)'"
    )
    assert indexed == 1


@pytest.mark.parametrize("odd", ["\x00", "a\x00b", "verifé", "\ud83d"])
async def test_an_odd_token_is_a_wrong_one(api: Api, odd: str) -> None:
    await add_number(api.pool, secret="s")
    query: dict[str, Any] = hello(odd.encode("utf-8", "replace").decode())

    shared = await api.request("GET", PATH, query=query)
    own = await api.request("GET", f"{PATH}/%00", query=query)
    posted = await api.request("POST", f"{PATH}/%00", body={"entry": []})

    assert (shared.status, own.status, posted.status) == (403, 403, 200)
