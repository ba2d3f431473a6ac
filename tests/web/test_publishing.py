"""Publishing: the compiler's word, numbered versions, what comes back and what goes out."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio
START = {"id": "start", "type": "start", "position": {"x": 0, "y": 0}, "data": {}}
HI = {"id": "hi", "type": "message", "position": {"x": 280, "y": 0}, "data": {"content": "Olá!"}}
CANVAS = {"nodes": [START, HI], "edges": [{"id": "e1", "source": "start", "target": "hi"}]}
BROKEN = {"nodes": [HI], "edges": []}


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


async def test_validation_lists_problems_in_the_readers_language(api: Api) -> None:
    flow = await make(api, canvas_data=BROKEN)
    path = f"/flows/{flow['id']}/validate"

    portuguese = await api.post(path)
    english = await api.request("POST", path, headers={"Accept-Language": "en-GB,en;q=0.8"})

    assert portuguese.body["publishable"] is False
    assert portuguese.body["problems"][0]["code"] == "no_start"
    assert "início" in portuguese.body["problems"][0]["message"]
    assert "start" in english.body["problems"][0]["message"]


async def test_publishing_makes_a_numbered_version(api: Api) -> None:
    flow = await make(api)
    path = f"/flows/{flow['id']}"

    first = await api.post(f"{path}/publish", {"note": "Primeira"})
    await api.put(path, {"variables": {"a": 1}})
    changed = (await api.get(path)).body
    second = await api.post(f"{path}/publish")

    assert (first.body["version"], second.body["version"]) == (1, 2)
    assert (changed["published_version"], changed["has_unpublished_changes"]) == (1, True)
    listed = (await api.get(f"{path}/versions")).body
    assert [version["number"] for version in listed["items"]] == [2, 1]
    assert [version["is_published"] for version in listed["items"]] == [True, False]
    assert listed["items"][1]["note"] == "Primeira"
    assert listed["items"][1]["published_by"]["name"] == "Ana"


async def test_publishing_without_changes_makes_no_new_version(api: Api) -> None:
    flow = await make(api)

    again = [await api.post(f"/flows/{flow['id']}/publish") for _ in range(2)]

    assert [answer.body["version"] for answer in again] == [1, 1]


async def test_a_flow_with_errors_is_not_published(api: Api) -> None:
    flow = await make(api, canvas_data=BROKEN)

    answer = await api.post(f"/flows/{flow['id']}/publish")

    assert (answer.status, answer.code) == (422, "flow_has_errors")
    assert [problem["code"] for problem in answer.body["problems"]] == ["no_start"]
    assert await api.pool.fetchval("select count(*) from flow_versions") == 0


async def test_saving_with_publish_keeps_the_draft_when_it_has_errors(api: Api) -> None:
    flow = await make(api)
    path = f"/flows/{flow['id']}"
    await api.post(f"{path}/publish")

    answer = await api.put(path, {"canvas_data": BROKEN}, publish="true")

    assert (answer.status, answer.code) == (422, "flow_has_errors")
    assert answer.body["params"] == {"flow_id": flow["id"], "revision": 2}
    now = (await api.get(path)).body
    assert [node["id"] for node in now["canvas_data"]["nodes"]] == ["hi"]
    assert (now["published_version"], now["has_unpublished_changes"]) == (1, True)


async def test_making_with_publish_keeps_the_flow_when_it_has_errors(api: Api) -> None:
    answer = await api.post("/flows", {"name": "F", "canvas_data": BROKEN}, publish="true")

    assert answer.status == 422
    kept = await api.get(f"/flows/{answer.body['params']['flow_id']}")
    assert (kept.status, kept.body["is_published"]) == (200, False)


async def test_a_version_comes_back_as_the_draft_and_what_runs_stays(api: Api) -> None:
    flow = await make(api)
    path = f"/flows/{flow['id']}"
    await api.post(f"{path}/publish")
    await api.put(path, {"variables": {"a": 1}}, publish="true")

    old = await api.get(f"{path}/versions/1")
    restored = await api.post(f"{path}/versions/1/restore")

    assert (old.body["variables"], old.body["is_published"]) == ({}, False)
    assert restored.body["variables"] == {}
    assert (restored.body["published_version"], restored.body["revision"]) == (2, 3)
    assert restored.body["has_unpublished_changes"] is True


@pytest.mark.parametrize("number", [0, 9, 2**40, "x"])
async def test_a_version_that_is_not_there_is_not_found(api: Api, number: object) -> None:
    flow = await make(api)

    shown = await api.get(f"/flows/{flow['id']}/versions/{number}")
    restored = await api.post(f"/flows/{flow['id']}/versions/{number}/restore")

    assert (shown.status, restored.status) == (404, 404)


async def test_an_export_can_be_posted_again(api: Api) -> None:
    flow = await make(api, variables={"a": 1}, description="x")

    export = await api.get(f"/flows/{flow['id']}/export")
    copy = await api.post("/flows", export.body)

    assert export.body["format"] == "recado/1"
    assert "attachment" in export.headers["Content-Disposition"]
    assert copy.status == 201, copy.body
    assert copy.body["canvas_data"] == flow["canvas_data"]
    assert (copy.body["variables"], copy.body["description"]) == ({"a": 1}, "x")


async def test_an_old_version_can_be_exported(api: Api) -> None:
    flow = await make(api)
    await api.post(f"/flows/{flow['id']}/publish")
    await api.put(f"/flows/{flow['id']}", {"variables": {"a": 1}})

    old = await api.get(f"/flows/{flow['id']}/export", version=1)
    missing = await api.get(f"/flows/{flow['id']}/export", version=2)

    assert old.body["variables"] == {}
    assert missing.status == 404


async def test_deleting_a_published_flow_takes_its_versions_along(api: Api) -> None:
    bot = await chatbot(api)
    flow = await make(api, chatbot_id=bot)
    await api.post(f"/flows/{flow['id']}/publish")

    assert (await api.delete(f"/flows/{flow['id']}")).status == 204

    assert await api.pool.fetchval("select count(*) from flow_versions") == 0
    assert (await api.get(f"/chatbots/{bot}")).body["flow_id"] is None


ASK = {"id": "ask", "type": "question", "data": {"content": "Nome?", "variableName": "nome"}}


async def running(api: Api, flow_id: str) -> Any:
    """Adds a conversation with a session of a flow's first version."""
    number = await api.post("/whatsapp", {"phone_number": "1", "connection_type": "official"})
    contact, conversation = new_id(), new_id()
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
    await api.pool.execute(
        """insert into conversation_states
                  (id, workspace_id, conversation_id, flow_id, flow_version_id, status)
           select $1, $2, $3, v.flow_id, v.id, 'active' from flow_versions v
            where v.flow_id = $4 and v.number = 1""",
        new_id(),
        api.workspace_id,
        conversation,
        UUID(flow_id),
    )
    return conversation


async def test_a_publish_may_move_the_sessions_that_run(api: Api) -> None:
    flow = await make(api, canvas_data={"nodes": [START, ASK], "edges": []})
    path = f"/flows/{flow['id']}"
    await api.post(f"{path}/publish")
    conversation = await running(api, flow["id"])
    await api.put(path, {"canvas_data": CANVAS})

    answer = await api.post(f"{path}/publish", {"migration": {"moves": {"ask": "hi"}}})

    assert (answer.body["version"], answer.body["migrating"]) == (2, 1)
    (row,) = await api.pool.fetch("select * from inbox")
    version = await api.pool.fetchval("select id from flow_versions where number = 2")
    assert (row["conversation_id"], row["kind"]) == (conversation, "migrated")
    assert row["event"] == {
        "type": "migrated",
        "flow": flow["id"],
        "version": str(version),
        "moves": {"ask": "hi"},
    }


async def test_without_a_migration_what_runs_stays_where_it_is(api: Api) -> None:
    flow = await make(api)
    await api.post(f"/flows/{flow['id']}/publish")
    await running(api, flow["id"])
    await api.put(f"/flows/{flow['id']}", {"variables": {"a": 1}})

    answer = await api.post(f"/flows/{flow['id']}/publish", {"note": "nova"})

    assert answer.body["migrating"] == 0
    assert await api.pool.fetchval("select count(*) from inbox") == 0


async def test_a_migration_without_a_new_version_moves_those_who_are_behind(api: Api) -> None:
    flow = await make(api)
    path = f"/flows/{flow['id']}"
    await api.post(f"{path}/publish")
    await running(api, flow["id"])
    await api.put(path, {"variables": {"a": 1}})
    await api.post(f"{path}/publish")

    answers = [await api.post(f"{path}/publish", {"migration": {}}) for _ in range(2)]

    assert [answer.body["version"] for answer in answers] == [2, 2]
    assert await api.pool.fetchval("select count(*) from inbox") == 1


async def test_a_migration_leads_to_nodes_that_are_there(api: Api) -> None:
    flow = await make(api)

    answer = await api.post(
        f"/flows/{flow['id']}/publish", {"migration": {"moves": {"ask": "gone", "old": None}}}
    )

    assert (answer.status, answer.code) == (422, "unknown_node")
    assert answer.fields() == ["migration.moves.ask"]
    assert await api.pool.fetchval("select count(*) from flow_versions") == 0


async def test_a_version_keeps_the_triggers_of_its_start(api: Api) -> None:
    start = {**START, "data": {"triggers": [{"type": "keyword", "words": ["oi", "olá"]}]}}
    flow = await make(api, canvas_data={"nodes": [start, HI], "edges": CANVAS["edges"]})

    await api.post(f"/flows/{flow['id']}/publish")

    assert await api.pool.fetchval("select triggers from flow_versions") == [
        {"type": "keyword", "words": ["oi", "olá"], "match": "exact"}
    ]
