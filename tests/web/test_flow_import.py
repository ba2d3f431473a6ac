"""POST /flows/import: any dialect, the report, a trial that makes nothing, and polite refusals."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.web.edge import MAX_IMPORT
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio
FLOWS = Path(__file__).parents[1] / "engine" / "dialects" / "flows"
BAKERY: dict[str, Any] = json.loads((FLOWS / "01_padaria_botoes_handoff.json").read_text("utf-8"))


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def test_a_flow_of_elsewhere_becomes_one_of_ours_with_a_report(api: Api) -> None:
    answer = await api.post("/flows/import", BAKERY)

    flow = (await api.get(f"/flows/{answer.body['flow']['id']}")).body
    assert (flow["name"], flow["chatbot_id"], flow["is_published"]) == (
        "Padaria - menu",
        None,
        False,
    )
    assert len(flow["canvas_data"]["nodes"]) == 9
    assert answer.body["publishable"] is True
    notes = answer.body["report"]["lost"]
    assert "Confira se aqui existe a equipe “Balcão”, ou escolha outra." in [
        note["message"] for note in notes
    ]


async def test_a_trial_makes_nothing(api: Api) -> None:
    answer = await api.post("/flows/import", BAKERY, dry_run="true")

    assert answer.body["flow"] is None
    assert len(answer.body["document"]["nodes"]) == 9
    assert (await api.get("/flows")).body["total"] == 0


async def test_the_name_may_be_another(api: Api) -> None:
    answer = await api.post("/flows/import", BAKERY, name="Menu novo")

    assert answer.body["flow"]["name"] == "Menu novo"


async def test_what_must_still_be_made_is_a_problem(api: Api) -> None:
    raw = json.loads((FLOWS / "03_pedido_api_script_ia.json").read_text("utf-8"))

    answer = await api.post("/flows/import", raw, dry_run="true")

    errors = {p["node"] for p in answer.body["problems"] if p["severity"] == "error"}
    assert errors == {"node-3", "node-6"}
    assert answer.body["publishable"] is False


async def test_what_is_exported_is_imported_unchanged(api: Api) -> None:
    made = (await api.post("/flows/import", BAKERY)).body["flow"]
    exported = (await api.get(f"/flows/{made['id']}/export")).body

    again = (await api.post("/flows/import", exported)).body

    assert again["document"] == exported
    assert (again["report"]["changed"], again["report"]["lost"]) == ([], [])
    assert again["flow"]["id"] != made["id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"[]", 422, "no_object"),
        (b"{}", 422, "document_refused"),
        (b'{"nodes": {}}', 422, "document_refused"),
        (b'{"nodes": ' + b"[" * 500 + b"]" * 500 + b"}", 422, "document_refused"),
        (b'{"nodes": ' + b"[" * 500_000, 422, "too_deep"),
        (b'{"nodes": ["' + b"x" * 10_000_000 + b'"]}', 413, "body_too_large"),
    ],
    ids=["no_json", "list", "empty", "nodes", "deep", "deeper", "large"],
)
async def test_what_is_no_flow_is_refused(api: Api, body: bytes, status: int, code: str) -> None:
    answer = await api.request("POST", "/flows/import", data=body)

    assert (answer.status, answer.code) == (status, code)
    assert (await api.get("/flows")).body["total"] == 0


async def test_a_body_over_the_edge_is_refused_before_it_is_read(api: Api) -> None:
    answer = await api.request("POST", "/flows/import", data=b" " * (MAX_IMPORT + 1))

    assert (answer.status, answer.code) == (413, "body_too_large")


async def test_the_places_of_a_refusal_are_named(api: Api) -> None:
    answer = await api.post("/flows/import", {"nodes": [{"id": "a"}]})

    assert answer.fields() == ["nodes.0.type"]


async def test_a_viewer_imports_nothing(api: Api) -> None:
    viewer = await api.join("viewer")

    answer = await viewer.post("/flows/import", BAKERY)

    assert (answer.status, answer.code) == (403, "forbidden")


async def test_rules_for_silence_are_taken_by_a_save_too(api: Api) -> None:
    rules = {"enabled": True, "timeout_minutes": 30, "action": "close"}
    made = (await api.post("/flows", {"name": "F", "inactivity_settings": rules})).body

    changed = await api.put(f"/flows/{made['id']}", {"inactivity_settings": {**rules, "timeout_minutes": 10}})  # fmt: skip

    assert made["settings"] == {"inactivity": {"end_after": 1_800, "action": "close"}}
    assert changed.body["settings"] == {"inactivity": {"end_after": 600, "action": "close"}}
