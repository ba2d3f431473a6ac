"""Flows: drafts with revisions, the forms that are read, the chatbots they belong to."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.engine.flow import FlowDocument
from recado.store import chatbots, flows
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio

NODES: list[dict[str, Any]] = [
    {"id": "start", "type": "start", "position": {"x": 0, "y": 0}, "data": {}},
    {"id": "hi", "type": "message", "position": {"x": 280, "y": 0}, "data": {"content": "Olá!"}},
]
EDGES: list[dict[str, Any]] = [{"id": "e1", "source": "start", "target": "hi"}]
CANVAS = {"nodes": NODES, "edges": EDGES, "viewport": {"x": 1, "y": 2, "zoom": 1.5}}
# The user's own analysis: fields at the node's root, edges labelled true and false.
ANALYSIS = {
    "id": "7b1f0f6e-4a0e-4c5d-9a54-0d6f6a1f2c10",
    "name": "Livraria",
    "nodes": [
        {"id": "n1", "type": "start"},
        {"id": "n2", "type": "question", "content": "Qual é a sua idade?", "variableName": "age"},
        {"id": "n3", "type": "condition", "variableName": "age", "operator": ">=", "value": 18},
        {"id": "n4", "type": "set_variable", "variableName": "para", "variableValue": "adultos"},
        {"id": "n5", "type": "end", "content": "Estante: {{para}}"},
    ],
    "edges": [
        {"id": "e1", "source": "n1", "target": "n2"},
        {"id": "e2", "source": "n2", "target": "n3"},
        {"id": "e3", "source": "n3", "target": "n4", "label": "true"},
        {"id": "e4", "source": "n3", "target": "n5", "label": "false"},
        {"id": "e5", "source": "n4", "target": "n5"},
    ],
    "variables": {},
    "createdAt": "2025-12-12T00:00:00Z",
}


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/flows/", {"name": "Boas-vindas", "canvas_data": CANVAS, **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def chatbot(api: Api) -> str:
    return str((await api.post("/chatbots", {"name": "Padaria"})).body["id"])


def data_of(flow: dict[str, Any], id: str) -> dict[str, Any]:
    nodes = flow["canvas_data"]["nodes"]
    data: dict[str, Any] = next(node["data"] for node in nodes if node["id"] == id)
    return data


async def somebody_waits(api: Api) -> None:
    """Comes back when a transaction waits for a lock."""
    async with asyncio.timeout(10):
        while not await api.pool.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_flow_comes_back_as_it_was_drawn(api: Api) -> None:
    made = await make(api, variables={"loja": "Centro"}, description="Primeiro contato")

    flow = (await api.get(f"/flows/{made['id']}")).body

    assert [node["id"] for node in flow["canvas_data"]["nodes"]] == ["start", "hi"]
    assert data_of(flow, "hi") == {"content": "Olá!"}
    assert flow["canvas_data"]["viewport"] == CANVAS["viewport"]
    assert (flow["variables"], flow["description"]) == ({"loja": "Centro"}, "Primeiro contato")
    assert (flow["revision"], flow["is_published"], flow["chatbot_id"]) == (1, False, None)


async def test_the_form_of_the_analysis_is_stored_canonically_with_a_report(api: Api) -> None:
    answer = await api.post("/flows", ANALYSIS)

    flow = answer.body
    assert flow["name"] == "Livraria"
    assert data_of(flow, "n2") == {"content": "Qual é a sua idade?", "variableName": "age"}
    rule = {"variable": "age", "operator": ">=", "value": 18}
    assert data_of(flow, "n3") == {"cases": [{"id": "true", "rules": [rule]}]}
    ports = {edge["id"]: edge["sourceHandle"] for edge in flow["canvas_data"]["edges"]}
    assert (ports["e3"], ports["e4"], ports["e5"]) == ("true", "else", None)
    assert {note["code"] for note in flow["report"]["changed"]} >= {
        "fields_moved",
        "field_renamed",
        "label_routes",
        "laid_out",
    }
    assert [note["params"]["field"] for note in flow["report"]["lost"]] == ["createdAt"]
    assert flow["report"]["understood"][0]["message"].startswith("Documento lido")
    stored = await api.pool.fetchval("select draft from flows")
    assert FlowDocument.model_validate(stored).dump() == stored


async def test_the_form_of_the_analysis_publishes_in_one_call(api: Api) -> None:
    answer = await api.post(
        "/flows", {**ANALYSIS, "chatbot_id": await chatbot(api)}, publish="true"
    )

    assert answer.status == 201, answer.body
    assert (answer.body["published_version"], answer.body["is_main"]) == (1, True)
    assert all(problem["severity"] == "warning" for problem in answer.body["problems"])


async def test_the_first_flow_of_a_chatbot_is_its_main_one(api: Api) -> None:
    bot = await chatbot(api)

    first, second = await make(api, chatbot_id=bot), await make(api, chatbot_id=bot)

    assert (first["is_main"], second["is_main"]) == (True, False)
    listed = (await api.get("/flows/", chatbot_id=bot)).body
    assert [flow["id"] for flow in listed["items"]] == [first["id"], second["id"]]
    assert [flow["node_count"] for flow in listed["items"]] == [2, 2]


async def test_another_flow_can_be_made_the_main_one(api: Api) -> None:
    bot = await chatbot(api)
    first, second = await make(api, chatbot_id=bot), await make(api, chatbot_id=bot)

    changed = await api.put(f"/flows/{second['id']}", {"is_main": True})

    assert changed.body["is_main"] is True
    assert (await api.get(f"/flows/{first['id']}")).body["is_main"] is False
    assert (await api.get(f"/chatbots/{bot}")).body["flow_id"] == second["id"]


async def test_of_two_first_flows_at_once_one_is_the_main_one(api: Api) -> None:
    bot, rival = await chatbot(api), UUID((await make(api))["id"])
    assert api.workspace_id is not None
    async with api.pool.acquire() as db, db.transaction():
        await chatbots.lock_chatbot(db, api.workspace_id, UUID(bot))
        await flows.move_flow(db, api.workspace_id, rival, chatbot_id=UUID(bot))

        making = asyncio.create_task(make(api, chatbot_id=bot))
        await somebody_waits(api)
    flow = await making

    assert flow["is_main"] is False
    assert (await api.get(f"/chatbots/{bot}")).body["flow_id"] == str(rival)


async def test_only_a_chatbots_flow_can_be_the_main_one(api: Api) -> None:
    answer = await api.post("/flows", {"name": "F", "is_main": True})

    assert (answer.status, answer.code) == (422, "flow_needs_chatbot")


async def test_a_flow_moves_between_chatbots(api: Api) -> None:
    one, two = await chatbot(api), await chatbot(api)
    flow = await make(api, chatbot_id=one)

    moved = await api.put(f"/flows/{flow['id']}", {"chatbot_id": two})
    freed = await api.put(f"/flows/{flow['id']}", {"chatbot_id": None})

    assert (moved.body["chatbot_id"], moved.body["is_main"]) == (two, True)
    assert (freed.body["chatbot_id"], freed.body["is_main"]) == (None, False)
    assert (await api.get(f"/chatbots/{one}")).body["flow_id"] is None


async def test_a_foreign_chatbot_is_refused(api: Api) -> None:
    foreign = await chatbot(await api.stranger())

    answer = await api.post("/flows", {"name": "F", "chatbot_id": foreign})

    assert (answer.status, answer.fields()) == (422, ["chatbot_id"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_keeps_what_is_not_given(api: Api, method: str) -> None:
    flow = await make(api, variables={"a": 1}, description="x")
    nodes = [*NODES, {"id": "bye", "type": "end", "data": {}}]

    answer = await api.request(method, f"/flows/{flow['id']}", body={"nodes": nodes})

    assert len(answer.body["canvas_data"]["nodes"]) == 3
    assert [edge["id"] for edge in answer.body["canvas_data"]["edges"]] == ["e1"]
    assert answer.body["canvas_data"]["viewport"] == CANVAS["viewport"]
    assert (answer.body["variables"], answer.body["description"]) == ({"a": 1}, "x")
    assert answer.body["revision"] == 2


async def test_null_clears_variables(api: Api) -> None:
    flow = await make(api, variables={"a": 1}, description="x")

    answer = await api.put(f"/flows/{flow['id']}", {"variables": None, "description": None})

    assert (answer.body["variables"], answer.body["description"]) == ({}, None)


async def test_what_was_read_can_be_put_back(api: Api) -> None:
    made = await make(api, chatbot_id=await chatbot(api), variables={"a": 1})
    read = (await api.get(f"/flows/{made['id']}")).body

    answer = await api.put(f"/flows/{made['id']}", read)

    assert answer.status == 200, answer.body
    assert answer.body["canvas_data"] == read["canvas_data"]
    assert answer.body["report"]["lost"] == []


async def test_a_stale_revision_is_refused_and_nothing_is_lost(api: Api) -> None:
    flow = await make(api)
    path = f"/flows/{flow['id']}"
    await api.put(path, {"name": "Mine", "revision": 1})

    late = await api.put(path, {"name": "Theirs", "revision": 1})

    assert (late.status, late.code) == (409, "stale_revision")
    assert late.body["params"] == {"current": 2}
    assert (await api.get(path)).body["name"] == "Mine"


async def test_of_two_saves_at_once_one_wins(api: Api) -> None:
    flow = await make(api)
    path = f"/flows/{flow['id']}"

    saves = [api.put(path, {"name": name, "revision": 1}) for name in ("A", "B")]
    answers = await asyncio.gather(*saves)

    assert sorted(answer.status for answer in answers) == [200, 409]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"canvas_data": {"nodes": [{"id": "a"}]}}, "canvas_data.nodes.0.type"),
        ({"nodes": [{"type": "start"}]}, "nodes.0.id"),
        ({"canvas_data": {"nodes": 3}}, "canvas_data.nodes"),
        ({"canvas_data": []}, "canvas_data"),
        ({"canvas": {}}, "canvas"),
        ({"variables": {"a": "\x00"}}, "variables"),
        ({"nodes": [{"id": "a", "type": "start", "data": {"x": 2**70}}]}, "nodes.0"),
    ],
)
async def test_what_cannot_be_read_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/flows", {"name": "F", **body})

    assert answer.status == 422
    assert field in answer.fields()


async def test_a_flow_of_two_thousand_nodes_is_saved_and_one_more_is_refused(api: Api) -> None:
    nodes = [{"id": f"n{i}", "type": "message", "data": {"content": "x"}} for i in range(2_000)]

    saved = await api.post("/flows", {"name": "F", "nodes": nodes})
    refused = await api.post("/flows", {"name": "F", "nodes": [*nodes, NODES[0]]})

    assert (saved.status, saved.body["node_count"] if saved.status == 201 else None) == (201, 2_000)
    assert (refused.status, refused.code) == (422, "document_refused")


async def test_a_document_over_five_megabytes_is_refused(api: Api) -> None:
    node = {"id": "a", "type": "message", "data": {"content": "x" * 5_000_000}}

    answer = await api.request(
        "POST", "/flows", data=json.dumps({"name": "F", "nodes": [node]}).encode()
    )

    assert (answer.status, answer.code) == (422, "document_refused")
