"""What holds for every route: who may come in, other people's ids, slashes, a described answer."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.config import Settings
from recado.nodes import NODE_TYPES
from recado.store import webhook_log
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.store.webhook_log import LogRow
from recado.web.app import create_app
from recado.web.errors import MEDIA_TYPE
from tests.web.api import VAULT, Answer, Api, check_schema, make_api

PUBLIC = {"login", "needed", "set_up", "health", "readiness"}
Operation = tuple[str, str, dict[str, Any]]


def operations() -> list[Operation]:
    """Every operation of the API: method, path template, description."""
    app = create_app(None, VAULT, Settings(), node_types=NODE_TYPES)
    return [
        (method.upper(), path, operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]


PROTECTED = [each for each in operations() if each[2]["operationId"] not in PUBLIC]
WITH_ID = [each for each in PROTECTED if "{" in each[1]]


def named(operation: Operation) -> str:
    return f"{operation[0]} {operation[1]}"


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def things(api: Api) -> dict[str, str]:
    """Makes one of everything that an address can name; by the name of the parameter."""
    number = await api.post("/whatsapp", {"phone_number": "1", "connection_type": "official"})
    chatbot = await api.post("/chatbots", {"name": "A"})
    nodes = [{"id": "start", "type": "start"}]
    flow = await api.post("/flows", {"name": "F", "nodes": nodes}, publish="true")
    story = {"steps": [{"customer": "oi"}]}
    tested = await api.post("/flows", {"name": "G", "nodes": nodes})  # a flow takes its tests along
    about = {"flow_id": tested.body["id"], "name": "feliz", "story": story}
    test = await api.post("/flow-tests", about)
    calendar = await api.post("/calendars", {"name": "Loja", "definition": {"timezone": "UTC"}})
    secret = await api.post("/secrets", {"name": "TOKEN", "value": "s3cr3t"})
    file = {"name": "Loja", "kind": "sqlite", "database": "loja.db"}
    connection = await api.post("/connections", file)
    model = {"name": "Bia", "base_url": "http://127.0.0.1:9/v1", "model": "m"}
    account = await api.post("/ai-accounts", model)
    contact, conversation, post = new_id(), new_id(), new_id()
    await api.pool.execute(
        "insert into contacts (id, workspace_id) values ($1, $2)", contact, api.workspace_id
    )
    await api.pool.execute(
        "insert into conversations (id, workspace_id, number_id, contact_id) values ($1, $2, $3, $4)",
        conversation,
        api.workspace_id,
        number.body["id"],
        contact,
    )
    seq = await api.pool.fetchval(
        """insert into inbox (message_id, workspace_id, conversation_id, key, message, at, parked_at)
           values ($1, $2, $3, 'wamid.1', '{}', now(), now()) returning seq""",
        new_id(),
        api.workspace_id,
        conversation,
    )
    async with api.pool.acquire() as db:
        row = LogRow(post, api.workspace_id, None, "stored", b"{}")
        await webhook_log.insert_many(db, [row])
    return {
        "number_id": number.body["id"],
        "chatbot_id": chatbot.body["id"],
        "flow_id": flow.body["id"],
        "test_id": test.body["id"],
        "calendar_id": calendar.body["id"],
        "secret_id": secret.body["id"],
        "connection_id": connection.body["id"],
        "account_id": account.body["id"],
        "number": "1",
        "conversation": str(conversation),
        "post_id": str(post),
        "seq": str(seq),
    }


async def call(api: Api, operation: Operation, ids: dict[str, str]) -> Answer:
    method, template, described = operation
    path = re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], template)
    required = described.get("requestBody", {}).get("required", False)
    return await api.request(method, path, body={} if required else None)


@pytest.mark.asyncio
async def test_every_route_with_an_id_hides_what_is_somebody_elses(api: Api) -> None:
    ids, other = await things(api), await api.stranger()

    answers = {named(each): await call(other, each, ids) for each in WITH_ID}

    assert len(answers) >= 15
    assert {name: (a.status, a.code) for name, a in answers.items()} == dict.fromkeys(
        answers, (404, "not_found")
    )


@pytest.mark.asyncio
async def test_every_one_of_these_routes_finds_ones_own(api: Api) -> None:
    ids = await things(api)

    deleting_last = sorted(WITH_ID, key=lambda each: each[0] == "DELETE")
    answers = {named(each): await call(api, each, ids) for each in deleting_last}

    late = {name: a.status for name, a in answers.items() if a.status not in (200, 202, 204)}
    assert late == {}


@pytest.mark.asyncio
async def test_every_route_but_the_public_ones_asks_who_is_there(api: Api) -> None:
    ids, nobody = await things(api), api.nobody()

    answers = {named(each): await call(nobody, each, ids) for each in PROTECTED}

    assert len(answers) >= 25
    assert {name: (a.status, a.code) for name, a in answers.items()} == dict.fromkeys(
        answers, (401, "unauthenticated")
    )


@pytest.mark.asyncio
async def test_every_route_answers_with_a_trailing_slash_too(api: Api) -> None:
    nobody = api.nobody()

    for method, template, _ in PROTECTED:
        path = re.sub(r"\{\w+\}", "x", template)
        assert (await nobody.request(method, path + "/")).status == 401, template


def test_every_route_describes_its_answer() -> None:
    for method, path, operation in operations():
        success = [status for status in operation["responses"] if status.startswith("2")]
        assert len(success) == 1, path
        if success != ["204"]:
            content = operation["responses"][success[0]]["content"]["application/json"]
            assert content["schema"], f"{method} {path}"
        assert MEDIA_TYPE in operation["responses"]["default"]["content"]


def test_the_openapi_document_is_sound() -> None:
    app = create_app(None, VAULT, Settings(), node_types=NODE_TYPES)
    document = app.openapi()

    assert document["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)
    names = set(document["components"]["schemas"])
    referenced = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referenced <= names
    assert "HTTPValidationError" not in names
    for schema in document["components"]["schemas"].values():
        check_schema(schema)


@pytest.mark.asyncio
async def test_the_openapi_document_is_served(api: Api) -> None:
    answer = await api.nobody().get("/openapi.json")

    assert answer.status == 200
    assert answer.body["info"]["title"] == "Recado"
