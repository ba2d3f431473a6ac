"""Flow tests over the API: kept with a flow, run against its draft or a version, with what they missed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.web import flow_test_runs
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


@pytest.mark.parametrize(
    ("language", "said"),
    [("pt-BR", "não há este passo: dance"), ("en", "no such step: dance")],
)
async def test_a_bad_story_is_refused_in_either_language(
    api: Api, language: str, said: str
) -> None:
    flow = await make_flow(api)
    body = {"flow_id": flow, "name": "x", "story": {"steps": [{"dance": 1}]}}

    answer = await api.request(
        "POST", "/flow-tests", body=body, headers={"Accept-Language": language}
    )

    assert (answer.status, answer.code) == (422, "bad_story")
    assert answer.body["errors"][0]["field"] == "story.steps.0"
    assert said in answer.body["detail"]


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
    assert odd["mistake"] == "step 1: nothing to tap: Sim"
    assert (odd["mistake_place"], good["mistake_place"]) == ("steps.0", None)
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
        ({"steps": [{"wait": "999999999 days"}]}, "story.steps.0"),
        (
            {"steps": [{"wait": "1 day", "and_at_that_moment": 5}]},
            "story.steps.0.and_at_that_moment",
        ),
        ({"steps": [{"customer_at_once": ["oi"] * 10_000}]}, "story.steps.0.customer_at_once"),
        ({"steps": [{"customer": "oi", "bots": []}]}, "story.steps.0.bots"),
        ({"pinned": {"a": {"eror": "timeout"}}}, "story.pinned.a.eror"),
        ({"contact": [1]}, "story.contact"),
        ({"at_the_end": {"sesion": "none"}}, "story.at_the_end.sesion"),
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
    assert (run.status, run.body["code"]) == (422, "flow_cannot_be_tested")


async def test_a_test_is_changed_only_to_what_can_be_told(api: Api) -> None:
    flow = await make_flow(api)
    test = (await make_test(api, flow)).body["id"]

    refused = await api.put(f"/flow-tests/{test}", {"story": {"steps": [{"dance": 1}]}})

    assert (refused.status, refused.fields()) == (422, ["story.steps.0"])


async def test_a_stored_story_that_cannot_be_told_is_no_error_of_ours(api: Api) -> None:
    flow = await make_flow(api)
    story = {"steps": [{"customer": "oi"}, {"customer_at_once": [{"x": 1}]}]}
    await api.pool.execute(
        "insert into flow_tests (id, workspace_id, flow_id, name, story) values ($1, $2, $3, 'x', $4)",
        new_id(),
        api.workspace_id,
        flow,
        story,
    )
    await make_test(api, flow)

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert ran.status == 200, ran.body
    mistakes = {test["name"]: test["mistake"] for test in ran.body["tests"]}
    assert mistakes == {"x": "step 2, customer_at_once.0.x: unknown field", "feliz": None}


async def test_a_run_is_in_the_world_of_the_workspace_and_the_chatbot(api: Api) -> None:
    menu = await make_flow(
        api,
        [NODES[0], {"id": "b", "type": "message", "data": {"content": "Menu."}}],
        edges=[{"id": "1", "source": "start", "target": "b"}],
    )
    settings = {"commands": {"menu": ["cardápio"], "menu_to": {"to_flow": menu}}}
    chatbot = await api.post(
        "/chatbots", {"name": "Bia", "variables": {"loja": "Centro"}, "settings": settings}
    )
    always = {"timezone": "UTC", "hours": {"monday": [{"from": "00:00", "to": "24:00"}]}}
    await api.post("/calendars", {"name": "Loja", "definition": always})
    await api.pool.execute(
        "update workspaces set timezone = 'Pacific/Kiritimati', locale = 'en' where id = $1",
        api.workspace_id,
    )
    hours = {"operation": "business_hours", "calendar": "Loja"}
    ask = {"content": "{{chatbot.name}}, {{chatbot.loja}}, {{today}}?", "variableName": "x"}
    flow = await make_flow(
        api,
        [
            NODES[0],
            {"id": "h", "type": "datetime", "data": hours},
            {"id": "q", "type": "question", "data": ask},
        ],
        edges=[
            {"id": "1", "source": "start", "target": "h"},
            {"id": "2", "source": "h", "sourceHandle": "open", "target": "q"},
        ],
        chatbot_id=chatbot.body["id"],
    )
    question = "Bia, Centro, 2026-11-24?"
    photo = {"customer_sends": "photo", "bot": ["For now I only understand text."]}
    await make_test(
        api,
        flow,
        steps=[
            {"customer": "oi", "bot": [question]},
            photo,
            {"customer": "cardápio", "bot": ["Menu.", "(the session ends: completed)"]},
        ],
    )
    own = {"commands": {"menu": ["opções"], "menu_to": {"to_flow": menu}}}
    steps = [
        {"customer": "oi"},
        {"customer": "opções", "bot": ["Menu.", "(the session ends: completed)"]},
    ]
    await make_test(api, flow, "as a story says", settings=own, steps=steps)

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert [(test["mistake"], test["differences"]) for test in ran.body["tests"]] == [
        (None, [])
    ] * 2


async def test_a_jump_to_the_flow_itself_stays_in_the_draft(api: Api) -> None:
    flow = await make_flow(api)
    nodes = [*NODES[:2], {"id": "j", "type": "jump", "data": {"to_flow": flow, "mode": "goto"}}]
    nodes[1] = {**nodes[1], "data": {**nodes[1]["data"], "content": "Novo?"}}
    edges = [EDGES[0], {"id": "2", "source": "q", "target": "j"}]
    await api.put(f"/flows/{flow}", {"canvas_data": {"nodes": nodes, "edges": edges}})
    steps = [{"customer": "oi", "bot": ["Novo?"]}, {"customer": "Ana", "bot": ["Novo?"]}]
    await make_test(api, flow, steps=steps, at_the_end={"session": "active"})

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert ran.body["passed"] is True, ran.body


async def test_when_the_time_is_over_the_rest_is_not_run(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = await make_flow(api)
    await make_test(api, flow)
    monkeypatch.setattr(flow_test_runs, "MOST_SECONDS", 0.0)

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert (ran.body["passed"], ran.body["tests"][0]["passed"]) == (False, False)
    assert (ran.body["tests"][0]["not_run"], ran.body["tests"][0]["mistake"]) == (True, None)


async def test_a_script_that_goes_on_is_cut_short_with_the_run(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = {"code": "while (true) {}", "timeout": 10}
    flow = await make_flow(
        api,
        [NODES[0], {"id": "s", "type": "script", "data": endless}],
        edges=[{"id": "1", "source": "start", "target": "s"}],
    )
    await make_test(api, flow, steps=[{"customer": "oi"}])
    monkeypatch.setattr(flow_test_runs, "MOST_SECONDS", 0.5)

    ran = await api.post("/flow-tests/run", {"flow_id": flow})

    assert ran.body["tests"][0]["not_run"] is True, ran.body


async def test_who_only_reads_does_not_run_scripts(api: Api) -> None:
    flow = await make_flow(api)
    await make_test(api, flow)
    viewer, editor = await api.join("viewer"), await api.join("editor")

    refused = await viewer.post("/flow-tests/run", {"flow_id": flow})
    ran = await editor.post("/flow-tests/run", {"flow_id": flow})

    assert (refused.status, ran.status) == (403, 200)
