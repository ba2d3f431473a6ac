"""Flow tests over the API: kept with a flow, run against its draft or a version, with what they missed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio

NODES: list[dict[str, Any]] = [
    {"id": "start", "type": "start"},
    {"id": "q", "type": "question", "data": {"content": "Nome?", "variableName": "nome"}},
    {"id": "fim", "type": "end", "data": {"content": "Oi, {{nome}}!"}},
]
EDGES = [
    {"id": "1", "source": "start", "target": "q"},
    {"id": "2", "source": "q", "target": "fim"},
]
STORY = {
    "steps": [
        {"customer": "oi", "bot": ["Nome?"]},
        {"customer": "Ana", "bot": ["Oi, Ana!", "(the session ends: completed)"]},
    ],
    "at_the_end": {"session": "completed"},
}


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make_flow(api: Api, nodes: list[dict[str, Any]] | None = None, **more: Any) -> str:
    canvas = {"nodes": nodes or NODES, "edges": more.pop("edges", EDGES)}
    made = await api.post("/flows?publish=true", {"name": "F", "canvas_data": canvas, **more})
    assert made.status == 201, made.body
    return str(made.body["id"])


async def make_test(api: Api, flow: str, name: str = "feliz", **story: Any) -> Any:
    return await api.post(
        "/flow-tests", {"flow_id": flow, "name": name, "story": {**STORY, **story}}
    )


async def test_a_test_is_kept_changed_and_removed(api: Api) -> None:
    flow = await make_flow(api)
    made = await make_test(api, flow)
    assert made.status == 201, made.body
    path = f"/flow-tests/{made.body['id']}"

    renamed = await api.put(path, {"name": "outro"})
    listed = await api.get(f"/flow-tests?flow_id={flow}")
    gone = await api.delete(path)

    assert renamed.body["name"] == "outro"
    assert renamed.body["story"] == STORY
    assert [test["id"] for test in listed.body["items"]] == [made.body["id"]]
    assert (gone.status, (await api.get(path)).status) == (204, 404)


async def test_a_run_says_what_passed_what_came_instead_and_what_was_missed(api: Api) -> None:
    flow = await make_flow(api)
    await make_test(api, flow)
    await make_test(api, flow, "torto", steps=[{"customer": "oi", "bot": ["Idade?"]}])
    await make_test(api, flow, "sem sentido", steps=[{"customer_taps": "Sim"}])

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert ran.status == 200, ran.body
    good, wrong, odd = ran.body["tests"]
    assert ran.body["passed"] is False
    assert (good["passed"], good["steps"], good["differences"]) == (True, 2, [])
    assert wrong["differences"] == [
        {"step": 0, "said": "customer: oi", "expected": ["Idade?"], "came": ["Nome?"]},
        {"step": None, "said": "session", "expected": "completed", "came": "active"},
    ]
    assert odd["mistake"] == "steps.0: nothing to tap: Sim"
    assert ran.body["coverage"] == {
        "nodes": 3,
        "ports": 3,
        "nodes_missed": [],
        "ports_missed": [["q", "invalid"]],
    }


async def test_a_version_is_run_as_it_was_published(api: Api) -> None:
    flow = await make_flow(api)
    await make_test(api, flow)
    nodes = [*NODES[:2], {"id": "fim", "type": "end", "data": {"content": "Tchau!"}}]
    changed = await api.put(f"/flows/{flow}", {"canvas_data": {"nodes": nodes, "edges": EDGES}})
    assert changed.status == 200, changed.body

    draft = await api.post("/flow-tests/run", {"flow_id": flow})
    version = await api.post("/flow-tests/run", {"flow_id": flow, "version": 1})
    none = await api.post("/flow-tests/run", {"flow_id": flow, "version": 9})

    assert (draft.body["passed"], version.body["passed"], none.status) == (False, True, 404)


async def test_jumps_lead_to_the_flows_that_are_published(api: Api) -> None:
    other = await make_flow(
        api,
        [NODES[0], {"id": "b", "type": "message", "data": {"content": "Aqui."}}],
        edges=[{"id": "1", "source": "start", "target": "b"}],
    )
    jump = [NODES[0], {"id": "j", "type": "jump", "data": {"to_flow": other, "mode": "goto"}}]
    flow = await make_flow(api, jump, edges=[{"id": "1", "source": "start", "target": "j"}])
    await make_test(
        api, flow, steps=[{"customer": "oi", "bot": ["Aqui.", "(the session ends: completed)"]}]
    )

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert ran.body["passed"] is True, ran.body


@pytest.mark.parametrize(
    ("story", "field"),
    [
        ({"steps": []}, "story.steps"),
        ({"steps": "oi"}, "story.steps"),
        ({"flows": {}}, "story.flows"),
    ],
)
async def test_what_is_no_story_is_refused_by_its_field(
    api: Api, story: dict[str, Any], field: str
) -> None:
    refused = await make_test(api, await make_flow(api), **story)

    assert refused.status == 422
    assert refused.body["errors"][0]["field"] == field


async def test_names_are_a_flows_own_and_flows_with_mistakes_do_not_run(api: Api) -> None:
    flow, broken = await make_flow(api), (await api.post("/flows", {"name": "B"})).body["id"]

    await make_test(api, flow)
    twice = await make_test(api, flow)
    run = await api.post("/flow-tests/run", {"flow_id": broken})

    assert (twice.status, twice.body["code"]) == (409, "flow_test_exists")
    assert (run.status, run.body["code"]) == (422, "flow_has_errors")
