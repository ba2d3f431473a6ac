"""Numbers: what is stored, what is shown, what is kept secret, when one is active."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.config import Settings
from recado.store import secrets
from recado.store.pool import Pool
from tests.web.api import PUBLIC_URL, VAULT, Api, make_api

pytestmark = pytest.mark.asyncio
NEW: dict[str, Any] = {"phone_number": "+55 11 99999-9999", "connection_type": "official"}
READY = {"phone_number_id": "106540352242922", "access_token": "EAAG-secret-token"}


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/whatsapp/", {**NEW, **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def chatbot(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/chatbots", {"name": "Padaria", **fields})
    made: dict[str, Any] = answer.body
    return made


async def test_phone_and_connection_type_are_enough(api: Api) -> None:
    number = await make(api)

    assert number["phone_number"] == "+55 11 99999-9999"
    assert number["phone_e164"] == "+5511999999999"
    assert number["is_active"] is False
    assert number["status"] == "disconnected"
    assert number["insecure"] is True
    assert number["webhook_url"] == f"{PUBLIC_URL}/api/v1/whatsapp/webhook"
    assert len(number["webhook_verify_token"]) >= 32
    assert number["limits"] == {"messages_per_second": 80}


@pytest.mark.parametrize("typed", ["(11) 99999-9999", "5511999999999", "+55 (11) 99999 9999"])
async def test_a_number_is_the_same_in_any_spelling(api: Api, typed: str) -> None:
    await make(api)

    again = await api.post("/whatsapp", {**NEW, "phone_number": typed})

    assert (again.status, again.code) == (409, "number_exists")
    assert again.fields() == ["phone_number"]


async def test_two_workspaces_may_have_the_same_phone_but_not_the_same_meta_id(api: Api) -> None:
    await make(api, phone_number_id="1065")
    other = await api.stranger()

    same_phone = await other.post("/whatsapp", NEW)
    same_id = await other.put(f"/whatsapp/{same_phone.body['id']}", {"phone_number_id": "1065"})

    assert same_phone.status == 201
    assert (same_id.status, same_id.code) == (409, "phone_number_id_taken")


async def test_text_without_digits_is_no_phone(api: Api) -> None:
    answer = await api.post("/whatsapp", {**NEW, "phone_number": "padaria"})

    assert (answer.status, answer.code) == (422, "invalid_phone")


async def test_secrets_are_stored_sealed_and_never_shown(api: Api) -> None:
    number = await make(api, app_secret="app-secret-value", access_token="EAAG-secret-token")

    shown = await api.get(f"/whatsapp/{number['id']}")
    rows = await api.pool.fetch("select id, purpose, ciphertext from secrets")
    async with api.pool.acquire() as db:
        opened = await secrets.reveal(db, VAULT, [row["id"] for row in rows])

    assert "secret" not in str(shown.body).replace("has_app_secret", "")
    assert (shown.body["has_app_secret"], shown.body["has_access_token"]) == (True, True)
    assert shown.body["insecure"] is False
    assert sorted(opened.values()) == ["EAAG-secret-token", "app-secret-value"]
    assert all(b"secret" not in row["ciphertext"] for row in rows)


async def test_a_new_secret_replaces_the_old_one_and_null_clears_it(api: Api) -> None:
    number = await make(api, app_secret="first")
    path = f"/whatsapp/{number['id']}"

    changed = await api.put(path, {"app_secret": "second"})
    after_change = await api.pool.fetchval("select count(*) from secrets")
    cleared = await api.put(path, {"app_secret": None})

    assert changed.body["has_app_secret"] is True
    assert after_change == 1
    assert cleared.body["has_app_secret"] is False
    assert await api.pool.fetchval("select count(*) from secrets") == 0


async def test_put_changes_only_what_is_given_and_null_clears(api: Api) -> None:
    number = await make(api, display_name="Loja", away_message="Volto já", away_mode="replace")

    changed = await api.put(f"/whatsapp/{number['id']}/", {"display_name": None})

    assert changed.body["display_name"] is None
    assert changed.body["away_message"] == "Volto já"
    assert changed.body["away_mode"] == "replace"


async def test_what_was_read_can_be_put_back(api: Api) -> None:
    number = await make(api, display_name="Loja", **READY)

    answer = await api.put(f"/whatsapp/{number['id']}", number)

    assert answer.status == 200, answer.body
    same = {key: value for key, value in answer.body.items() if key != "updated_at"}
    assert same == {key: value for key, value in number.items() if key != "updated_at"}
    stored = await api.pool.fetchval("select webhook_url from whatsapp_numbers")
    assert stored is None


async def test_what_was_read_can_be_put_back_with_a_chatbot_and_the_number_answers(
    api: Api,
) -> None:
    number, bot = await make(api), await chatbot(api)
    path = f"/whatsapp/{number['id']}"

    linked = await api.put(path, {**number, "default_chatbot_id": bot["id"]})
    switched_off = await api.put(path, {"is_active": False})

    assert (linked.status, linked.body["is_active"]) == (200, True)
    assert switched_off.body["is_active"] is False


async def test_a_number_has_an_address_of_its_own_for_those_who_paste_it_at_meta(api: Api) -> None:
    number = await make(api)
    editor = await api.join("editor")

    seen = await editor.get(f"/whatsapp/{number['id']}")

    token = await api.pool.fetchval("select webhook_token from whatsapp_numbers")
    assert number["webhook_own_url"] == f"{PUBLIC_URL}/api/v1/whatsapp/webhook/{token}"
    assert seen.body["webhook_own_url"] is None


async def test_limits_can_be_lifted(api: Api) -> None:
    number = await make(api, limits={"messages_per_second": None})

    assert number["limits"] == {"messages_per_second": None}


async def test_a_number_is_active_as_soon_as_it_has_a_chatbot(api: Api) -> None:
    number, bot = await make(api), await chatbot(api)

    linked = await api.put(f"/whatsapp/{number['id']}", {"default_chatbot_id": bot["id"]})

    assert linked.body["is_active"] is True
    seen = await api.get(f"/chatbots/{bot['id']}")
    assert seen.body["whatsapp_number_ids"] == [number["id"]]


async def test_a_fallback_makes_numbers_active_and_an_explicit_no_stays(api: Api) -> None:
    number, off = await make(api), await make(api, phone_number="11 98888-7777", is_active=False)

    await chatbot(api, is_fallback=True)

    assert (await api.get(f"/whatsapp/{number['id']}")).body["is_active"] is True
    assert (await api.get(f"/whatsapp/{off['id']}")).body["is_active"] is False


async def test_activating_names_everything_that_is_missing(api: Api) -> None:
    answer = await api.post("/whatsapp", {**NEW, "is_active": True})

    assert (answer.status, answer.code) == (422, "number_not_ready")
    assert answer.fields() == ["is_active"]
    assert answer.body["params"]["missing"] == [
        "default_chatbot_id",
        "phone_number_id",
        "access_token",
    ]
    assert await api.pool.fetchval("select count(*) from whatsapp_numbers") == 0


async def test_a_number_with_everything_can_be_activated(api: Api) -> None:
    bot = await chatbot(api)

    number = await make(api, **READY, default_chatbot_id=bot["id"], is_active=True)

    assert (number["is_active"], number["status"]) == (True, "connected")


async def test_a_flows_id_is_refused_with_the_name_of_its_chatbot(api: Api) -> None:
    number, bot = await make(api), await chatbot(api)
    flow = (await api.post("/flows", {"name": "F", "chatbot_id": bot["id"]})).body
    lone = (await api.post("/flows", {"name": "G"})).body
    path = f"/whatsapp/{number['id']}"

    owned = await api.put(path, {"default_chatbot_id": flow["id"]})
    unowned = await api.put(path, {"default_chatbot_id": lone["id"]})
    unknown = await api.put(path, {"default_chatbot_id": number["id"]})

    assert (owned.status, owned.code) == (422, "flow_id_for_chatbot")
    assert owned.body["params"]["chatbot_id"] == bot["id"]
    assert "Padaria" in owned.body["detail"]
    assert (unowned.status, unowned.code) == (422, "flow_id_without_chatbot")
    assert (unknown.status, unknown.code) == (422, "unknown_reference")


async def test_another_workspaces_chatbot_is_no_chatbot(api: Api) -> None:
    number = await make(api)
    foreign = await chatbot(await api.stranger())

    answer = await api.put(f"/whatsapp/{number['id']}", {"default_chatbot_id": foreign["id"]})

    assert (answer.status, answer.code) == (422, "unknown_reference")


async def test_the_verify_token_is_for_owners_and_admins(api: Api) -> None:
    number = await make(api)
    path = f"/whatsapp/{number['id']}"
    admin, editor = await api.join("admin"), await api.join("editor")

    seen = await editor.get(path)
    put_back = await editor.put(path, seen.body)
    set_by_editor = await editor.put(path, {"webhook_verify_token": "chosen-token"})
    rotated_by_editor = await editor.post(f"{path}/verify-token")
    rotated = await admin.post(f"{path}/verify-token")
    chosen = await admin.put(path, {"webhook_verify_token": "chosen-token"})

    assert seen.body["webhook_verify_token"] is None
    assert put_back.status == 200
    assert (set_by_editor.status, set_by_editor.code) == (403, "verify_token_is_admins")
    assert rotated_by_editor.status == 403
    assert rotated.body["webhook_verify_token"] not in (None, number["webhook_verify_token"])
    assert chosen.body["webhook_verify_token"] == "chosen-token"


async def test_an_unknown_field_is_refused_with_the_likely_name(api: Api) -> None:
    answer = await api.post("/whatsapp", {**NEW, "displayName": "Loja"})

    assert answer.status == 422
    assert answer.fields() == ["displayName"]
    assert "display_name" in answer.body["errors"][0]["message"]


async def test_deleting_takes_the_secrets_along(api: Api) -> None:
    number = await make(api, app_secret="a", access_token="b")

    gone = await api.delete(f"/whatsapp/{number['id']}")

    assert gone.status == 204
    assert (await api.get(f"/whatsapp/{number['id']}")).status == 404
    assert await api.pool.fetchval("select count(*) from secrets") == 0


async def test_lists_page_in_the_order_of_making(api: Api) -> None:
    made = [await make(api, phone_number=f"11 98888-000{n}") for n in range(3)]

    first = await api.get("/whatsapp/", limit=2)
    second = await api.get("/whatsapp/", limit=2, cursor=first.body["next"])

    assert [n["id"] for n in first.body["items"]] == [n["id"] for n in made[:2]]
    assert [n["id"] for n in second.body["items"]] == [made[2]["id"]]
    assert (first.body["total"], second.body["next"]) == (3, None)


async def test_without_a_public_address_the_one_that_was_called_counts(pool: Pool) -> None:
    async with make_api(pool, settings=Settings()) as api:
        number = await make(api)

        assert number["webhook_url"] == f"{api.url}/api/v1/whatsapp/webhook"
