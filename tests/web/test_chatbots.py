"""Chatbots: numbers and flows seen from their side, one fallback, A/B shares."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/chatbots/", {"name": "Padaria", **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def flow(api: Api, **fields: Any) -> str:
    answer = await api.post("/flows", {"name": "F", **fields})
    return str(answer.body["id"])


async def number(api: Api, phone: str) -> str:
    answer = await api.post("/whatsapp", {"phone_number": phone, "connection_type": "official"})
    return str(answer.body["id"])


async def test_a_name_is_enough(api: Api) -> None:
    bot = await make(api)

    assert bot["is_active"] is True
    assert bot["is_fallback"] is False
    assert (bot["flow_id"], bot["whatsapp_number_ids"], bot["ab_test_flows"]) == (None, [], [])
    assert (bot["variables"], bot["settings"]) == ({}, {})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_touches_only_what_is_given(api: Api, method: str) -> None:
    bot = await make(
        api, description="Pães", variables={"loja": "Centro"}, settings={"burst": "each"}
    )
    path = f"/chatbots/{bot['id']}"

    answer = await api.request(method, path, body={"description": None, "variables": None})

    assert (answer.body["description"], answer.body["variables"]) == (None, {})
    assert answer.body["settings"] == {"burst": "each"}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"session_ttl": "x"}, "settings.session_ttl"),
        ({"session_ttl": -1}, "settings.session_ttl"),
        ({"on_error": {"then": "dance"}}, "settings.on_error.then"),
        ({"on_error": {"word": "Oi"}}, "settings.on_error.word"),
        ({"sesion_ttl": 60}, "settings.sesion_ttl"),
    ],
)
async def test_settings_that_the_engine_cannot_read_are_refused_by_name(
    api: Api, settings: dict[str, Any], field: str
) -> None:
    answer = await api.post("/chatbots", {"name": "A", "settings": settings})

    assert (answer.status, answer.fields()) == (422, [field])


async def test_settings_that_the_engine_reads_are_kept(api: Api) -> None:
    settings = {"session_ttl": 3_600, "on_error": {"text": "Opa", "then": "handoff"}}
    settings |= {"read_receipts": False, "typing": True}

    bot = await make(api, settings=settings)

    assert bot["settings"] == settings


async def test_what_was_read_can_be_put_back(api: Api) -> None:
    flows = [await flow(api), await flow(api)]
    bot = await make(
        api,
        flow_id=flows[0],
        whatsapp_number_ids=[await number(api, "11 98888-0001")],
        ab_test_flows=[{"flow_id": id, "weight": 1} for id in flows],
        ab_test_enabled=True,
    )

    answer = await api.put(f"/chatbots/{bot['id']}", bot)

    assert answer.status == 200, answer.body
    assert {**answer.body, "updated_at": None} == {**bot, "updated_at": None}


async def test_there_is_one_fallback_and_it_is_named(api: Api) -> None:
    first = await make(api, name="Geral", is_fallback=True)
    second = await make(api)

    refused = await api.put(f"/chatbots/{second['id']}", {"is_fallback": True})
    again = await api.put(f"/chatbots/{first['id']}", {"is_fallback": True})
    elsewhere = await make(await api.stranger(), is_fallback=True)

    assert (refused.status, refused.code) == (409, "fallback_exists")
    assert refused.body["params"] == {"id": first["id"], "name": "Geral"}
    assert again.status == 200
    assert elsewhere["is_fallback"] is True


async def test_numbers_are_linked_from_either_side(api: Api) -> None:
    one, two = await number(api, "11 98888-0001"), await number(api, "11 98888-0002")
    bot = await make(api, whatsapp_number_ids=[one])

    moved = await api.put(f"/chatbots/{bot['id']}", {"whatsapp_number_ids": [two]})

    assert moved.body["whatsapp_number_ids"] == [two]
    assert (await api.get(f"/whatsapp/{one}")).body["default_chatbot_id"] is None
    assert (await api.get(f"/whatsapp/{two}")).body["default_chatbot_id"] == bot["id"]


async def test_a_foreign_number_cannot_be_linked(api: Api) -> None:
    foreign = await number(await api.stranger(), "11 98888-0001")

    answer = await api.post("/chatbots", {"name": "A", "whatsapp_number_ids": [foreign]})

    assert (answer.status, answer.code) == (422, "unknown_reference")
    assert answer.body["params"]["id"] == [foreign]
    assert await api.pool.fetchval("select count(default_chatbot_id) from whatsapp_numbers") == 0


async def test_the_main_flow_can_be_changed_and_cleared(api: Api) -> None:
    one, two = await flow(api), await flow(api)
    bot = await make(api, flow_id=one)
    path = f"/chatbots/{bot['id']}"

    changed = await api.put(path, {"flow_id": two})
    mains = [(await api.get(f"/flows/{id}")).body["is_main"] for id in (one, two)]
    cleared = await api.put(path, {"flow_id": None})

    assert (bot["flow_id"], changed.body["flow_id"], cleared.body["flow_id"]) == (one, two, None)
    assert mains == [False, True]


async def test_a_foreign_flow_cannot_be_the_main_one(api: Api) -> None:
    foreign = await flow(await api.stranger())

    answer = await api.post("/chatbots", {"name": "A", "flow_id": foreign})

    assert (answer.status, answer.fields()) == (422, ["flow_id"])


async def test_weights_are_made_percent(api: Api) -> None:
    one, two = await flow(api), await flow(api)
    shares = [
        {"flow_id": one, "weight": 3, "variant_name": "Curta"},
        {"flow_id": two, "weight": 1},
    ]

    bot = await make(api, ab_test_enabled=True, ab_test_flows=shares)

    assert {(s["flow_id"], s["weight"], s["variant_name"]) for s in bot["ab_test_flows"]} == {
        (one, 75.0, "Curta"),
        (two, 25.0, "B"),
    }
    assert bot["flow_id"] is None


@pytest.mark.parametrize("weights", [[], [1], [1, 0], [1, -1]])
async def test_a_test_needs_two_flows_with_weights_over_zero(
    api: Api, weights: list[float]
) -> None:
    shares = [{"flow_id": await flow(api), "weight": weight} for weight in weights]

    answer = await api.post(
        "/chatbots", {"name": "A", "ab_test_enabled": True, "ab_test_flows": shares}
    )

    assert answer.status == 422
    assert answer.fields()[0].startswith("ab_test_flows")


async def test_deleting_leaves_numbers_and_flows(api: Api) -> None:
    line = await number(api, "11 98888-0001")
    main = await flow(api)
    bot = await make(api, flow_id=main, whatsapp_number_ids=[line])

    assert (await api.delete(f"/chatbots/{bot['id']}")).status == 204

    assert (await api.get(f"/whatsapp/{line}")).body["default_chatbot_id"] is None
    assert (await api.get(f"/flows/{main}")).body["chatbot_id"] is None


async def test_lists_show_only_ones_own(api: Api) -> None:
    mine = await make(api)
    await make(await api.stranger())

    listed = await api.get("/chatbots/")

    assert [bot["id"] for bot in listed.body["items"]] == [mine["id"]]
    assert listed.body["total"] == 1


@pytest.mark.parametrize(
    ("settings", "field", "code"),
    [
        ({"session_ttl": "um dia"}, "settings.session_ttl", "int_type"),
        ({"session_ttl": -1}, "settings.session_ttl", "greater_than_equal"),
        ({"read_receipts": "sim"}, "settings.read_receipts", "bool_type"),
        ({"session_ttl": 31 * 86_400}, "settings.session_ttl", "less_than_equal"),
        ({"commands": 7}, "settings.commands", "dict_type"),
        ({"commands": {"restart": "menu"}}, "settings.commands.restart", "list_type"),
        ({"commands": {"stop": [""]}}, "settings.commands.stop.0", "string_too_short"),
        ({"commands": {"stop": ["a"] * 21}}, "settings.commands.stop", "too_long"),
        ({"commands": {"restrat": []}}, "settings.commands.restrat", "unknown_field_near"),
        ({"comands": {}}, "settings.comands", "unknown_field_near"),
        ({"burst": "todos"}, "settings.burst", "literal_error"),
        ({"on_error": {"then": "chora"}}, "settings.on_error.then", "literal_error"),
    ],
)
async def test_settings_must_make_sense_to_the_engine(
    api: Api, settings: dict[str, Any], field: str, code: str
) -> None:
    bot = await make(api)

    answer = await api.put(f"/chatbots/{bot['id']}", {"settings": settings})

    assert (answer.status, answer.code) == (422, "invalid")
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]


async def test_a_bad_setting_is_explained_in_the_readers_language(api: Api) -> None:
    bot, settings = await make(api), {"burst": "todos", "commands": {"restrat": []}}

    portuguese = await api.put(f"/chatbots/{bot['id']}", {"settings": settings})
    english = await api.request(
        "PUT",
        f"/chatbots/{bot['id']}",
        body={"settings": settings},
        headers={"Accept-Language": "en"},
    )

    assert [error["message"] for error in portuguese.body["errors"]] == [
        "Valores aceitos: each, fresh, merge, newest.",
        "Este campo não existe. Seria “restart”?",
    ]
    assert [error["message"] for error in english.body["errors"]] == [
        "Input should be each, fresh, merge, newest",
        "There is no such field. Did you mean “restart”?",
    ]


async def test_good_settings_are_kept_and_so_is_what_only_a_front_end_knows(api: Api) -> None:
    settings = {
        "session_ttl": 3_600,
        "commands": {"menu": ["início"], "menu_to": {"to_node": "inicio"}},
        "inactivity": {"remind_after": 600, "text": "Ainda aí?"},
        "languages": ["pt-BR"],
    }

    bot = await make(api, settings=settings)

    assert bot["settings"] == settings


async def test_settings_lead_to_flows_of_this_workspace(api: Api) -> None:
    flow = (await api.post("/flows", {"name": "Menu"})).body["id"]
    elsewhere = (await (await api.stranger()).post("/flows", {"name": "Menu"})).body["id"]

    answers = {
        target: await api.post(
            "/chatbots", {"name": "B", "settings": {"commands": {"menu_to": {"to_flow": target}}}}
        )
        for target in (flow, elsewhere, "menu")
    }

    assert [answer.status for answer in answers.values()] == [201, 422, 422]
    assert answers[elsewhere].fields() == ["settings.commands.menu_to.to_flow"]
    assert answers["menu"].code == "unknown_reference"
