"""`validate` and `fix` of a draft: what a remedy may do by itself, what only by its code, and who was faster."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.engine.fixes import Mended, mend
from recado.store.pool import Pool
from recado.web import flow_checks
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio

# Its port, its type and its field are misspelt; one edge hangs in the air, one field is too much, one title too long.
BROKEN: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "hi", "type": "message", "data": {"contents": "Olá!"}},
        {"id": "x", "type": "end", "data": {"cor": "azul"}},
        {
            "id": "q",
            "type": "interactive_buttons",
            "data": {"content": "?", "buttons": [{"id": "a", "title": "Um título longo demais"}]},
        },
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "hi", "sourceHandle": "nextt"},
        {"id": "2", "source": "hi", "target": "q"},
        {"id": "3", "source": "q", "target": "x"},
        {"id": "3", "source": "q", "target": "nada", "sourceHandle": "a"},
    ],
}


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, draft: dict[str, Any] = BROKEN) -> str:
    """Makes a flow whose draft is as it stands, without what reading would repair."""
    flow_id = str((await api.post("/flows", {"name": "Menu"})).body["id"])
    raw = {"format": "recado/1", "name": "Menu", "nodes": draft["nodes"], "edges": draft["edges"]}
    await api.pool.execute("update flows set draft = $2 where id = $1", flow_id, raw)
    return flow_id


async def drawn(api: Api, flow_id: str) -> dict[str, Any]:
    canvas: dict[str, Any] = (await api.get(f"/flows/{flow_id}")).body["canvas_data"]
    return canvas


def by_code(problems: list[dict[str, Any]]) -> dict[str, Any]:
    return {problem["code"]: problem["fix"] for problem in problems}


async def test_every_remedy_says_whether_it_loses_something(api: Api) -> None:
    flow_id = await make(api)

    answer = await api.post(f"/flows/{flow_id}/validate")

    found = by_code(answer.body["problems"])
    assert not answer.body["publishable"]
    assert answer.body["complete"] is False
    assert {code: fix["loses"] for code, fix in found.items() if fix} == {
        "edge_id_twice": False,
        "edge_to_nowhere": True,
        "misspelt_field": False,
        "misspelt_port": False,
        "text_too_long": True,
        "unknown_field": True,
    }
    assert found["misspelt_port"]["changes"] == [
        {
            "op": "set",
            "path": ["edges", 0, "sourceHandle"],
            "id": "1",
            "was": "nextt",
            "value": "next",
        }
    ]


async def test_without_codes_only_what_loses_nothing_is_mended(api: Api) -> None:
    flow_id = await make(api)

    answer = await api.post(f"/flows/{flow_id}/fix", {})

    assert answer.status == 200
    assert sorted(answer.body["fixed"]) == [
        "edge_id_twice",
        "misspelt_field",
        "misspelt_port",
    ]
    assert {p["code"] for p in answer.body["problems"]} == {
        "edge_to_nowhere",
        "unknown_field",
        "text_too_long",
    }
    assert (answer.body["revision"], answer.body["publishable"]) == (2, False)
    canvas = await drawn(api, flow_id)
    assert [(edge["id"], edge["target"]) for edge in canvas["edges"]] == [
        ("1", "hi"),
        ("2", "q"),
        ("3", "x"),
        ("3-2", "nada"),
    ]
    assert canvas["nodes"][1]["data"] == {"content": "Olá!"}
    assert canvas["nodes"][2]["data"] == {"cor": "azul"}


async def test_what_loses_something_is_made_by_its_code(api: Api) -> None:
    flow_id = await make(api)

    answer = await api.post(f"/flows/{flow_id}/fix", {"codes": ["unknown_field"]})

    assert answer.body["fixed"] == ["unknown_field"]
    canvas = await drawn(api, flow_id)
    assert canvas["nodes"][2]["data"] == {}
    assert canvas["nodes"][3]["data"] == BROKEN["nodes"][3]["data"]
    assert len(canvas["edges"]) == 4


async def test_a_click_can_be_kept_to_one_node(api: Api) -> None:
    islands = [{"id": id, "type": "end", "data": {"cor": 1}} for id in ("a", "b")]
    flow_id = await make(api, {"nodes": [BROKEN["nodes"][0], *islands], "edges": []})

    answer = await api.post(f"/flows/{flow_id}/fix", {"codes": ["unknown_field"], "node": "b"})

    assert answer.body["fixed"] == ["unknown_field"]
    canvas = await drawn(api, flow_id)
    assert [node["data"] for node in canvas["nodes"]] == [{}, {"cor": 1}, {}]


async def test_no_codes_and_unknown_codes_save_nothing(api: Api) -> None:
    flow_id = await make(api)

    for codes in ([], ["no_such_code"]):
        answer = await api.post(f"/flows/{flow_id}/fix", {"codes": codes})

        assert (answer.status, answer.body["fixed"], answer.body["revision"]) == (200, [], 1)
    assert len((await drawn(api, flow_id))["edges"]) == 4


async def test_a_stale_revision_is_refused(api: Api) -> None:
    flow_id = await make(api)

    answer = await api.post(f"/flows/{flow_id}/fix", {"revision": 7})

    assert (answer.status, answer.code, answer.body["params"]) == (
        409,
        "stale_revision",
        {"current": 1},
    )
    assert (await api.post(f"/flows/{flow_id}/fix", {"revision": 1})).status == 200


async def test_who_saves_while_a_flow_is_mended_neither_waits_nor_is_written_over(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slowly(*args: Any, **rest: Any) -> Mended:
        begun.set()
        assert go.wait(30)
        return mend(*args, **rest)

    monkeypatch.setattr(flow_checks, "mend", slowly)
    flow_id = await make(api)
    fixing = asyncio.create_task(api.post(f"/flows/{flow_id}/fix", {}))
    assert await asyncio.to_thread(begun.wait, 30)

    saved = await api.put(f"/flows/{flow_id}", {"name": "Outro"})
    go.set()
    answer = await fixing

    assert saved.status == 200
    assert (answer.status, answer.code) == (409, "stale_revision")
    flow = (await api.get(f"/flows/{flow_id}")).body
    assert (flow["name"], flow["revision"]) == ("Outro", saved.body["revision"])


async def test_only_who_may_edit_may_fix(api: Api) -> None:
    flow_id = await make(api)
    reader, stranger = await api.join("viewer"), await api.stranger()

    assert (await reader.post(f"/flows/{flow_id}/validate")).status == 200
    assert (await reader.post(f"/flows/{flow_id}/fix", {})).status == 403
    assert (await stranger.post(f"/flows/{flow_id}/fix", {})).status == 404
    assert len((await drawn(api, flow_id))["edges"]) == 4


async def test_the_language_of_the_names_is_the_one_asked_for(api: Api) -> None:
    flow_id = await make(api)

    for language, label in (("pt-BR", "Cortar o texto"), ("en", "Cut the text")):
        answer = await api.request(
            "POST", f"/flows/{flow_id}/validate", headers={"Accept-Language": language}
        )

        assert by_code(answer.body["problems"])["text_too_long"]["label"] == label
