"""Calendars: what the engine cannot read is refused with its place; names are a workspace's own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store import worlds
from recado.store.calendars import MOST_CALENDARS
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio

SHOP = {
    "timezone": "America/Sao_Paulo",
    "hours": {"monday": [{"from": "09:00", "to": "18:00"}]},
    "holidays": {
        "country": "BR",
        "state": "SP",
        "municipal": [{"date": "01-25", "name": "Cidade"}],
    },
    "closed": [{"date": "2026-12-24", "to": "2027-01-02", "name": "Recesso"}],
    "open": [{"date": "2026-12-20", "hours": [{"from": "10:00", "to": "24:00"}]}],
}


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, name: str = "Loja", **definition: Any) -> dict[str, Any]:
    answer = await api.post("/calendars", {"name": name, "definition": {**SHOP, **definition}})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def test_a_calendar_is_kept_as_it_was_given(api: Api) -> None:
    made = await make(api)

    found = await api.get(f"/calendars/{made['id']}")

    assert found.body == made
    assert (found.body["name"], found.body["definition"]) == ("Loja", SHOP)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timezone": "Lua/Norte"}, "definition"),
        ({"cor": 1}, "definition"),
        ({"hours": {"monday": [{"from": "9h", "to": "18:00"}]}}, "definition.hours.*.0.from"),
        ({"holidays": {"country": "XX"}}, "definition.holidays"),
        ({"closed": [{"date": "ontem"}]}, "definition.closed.0.date"),
    ],
)
async def test_what_the_engine_cannot_read_is_refused_with_its_place(
    api: Api, change: dict[str, Any], field: str
) -> None:
    made = await make(api, "Outra")
    definition = {**SHOP, **change}

    posted = await api.post("/calendars", {"name": "Loja", "definition": definition})
    put = await api.put(f"/calendars/{made['id']}", {"definition": definition})

    assert (posted.status, posted.code, posted.fields()) == (422, "bad_calendar", [field])
    assert (put.status, put.code, put.fields()) == (422, "bad_calendar", [field])
    assert (await api.get(f"/calendars/{made['id']}")).body == made


async def test_a_calendar_that_is_too_large_is_refused(api: Api) -> None:
    days = [{"date": f"2026-01-{day:02}", "name": "x" * 190} for day in range(1, 32)] * 3

    answer = await api.post("/calendars", {"name": "Loja", "definition": {**SHOP, "closed": days}})

    assert (answer.status, answer.fields()) == (422, ["definition"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_touches_only_what_is_given(api: Api, method: str) -> None:
    made = await make(api)
    path = f"/calendars/{made['id']}"

    renamed = await api.request(method, path, body={"name": "Filial"})
    replaced = await api.request(method, path, body={"definition": {"timezone": "UTC"}})

    assert (renamed.body["name"], renamed.body["definition"]) == ("Filial", SHOP)
    assert (replaced.body["name"], replaced.body["definition"]) == ("Filial", {"timezone": "UTC"})


async def test_what_was_read_can_be_put_back(api: Api) -> None:
    made = await make(api)

    answer = await api.put(f"/calendars/{made['id']}", made)

    assert {**answer.body, "updated_at": None} == {**made, "updated_at": None}


async def test_a_name_is_there_once_in_a_workspace(api: Api) -> None:
    await make(api)
    other = await make(api, "Filial")

    posted = await api.post("/calendars", {"name": "Loja", "definition": SHOP})
    put = await api.put(f"/calendars/{other['id']}", {"name": "Loja"})
    elsewhere = await make(await api.stranger())

    assert (posted.status, posted.code, posted.fields()) == (409, "calendar_exists", ["name"])
    assert (put.status, put.code) == (409, "calendar_exists")
    assert elsewhere["name"] == "Loja"


async def test_there_is_an_end_to_calendars(api: Api) -> None:
    await api.pool.execute(
        """insert into calendars (id, workspace_id, name, definition)
           select gen_random_uuid(), $1, n::text, '{}' from generate_series(1, $2::int) n""",
        api.workspace_id,
        MOST_CALENDARS,
    )

    answer = await api.post("/calendars", {"name": "Loja", "definition": SHOP})

    assert (answer.status, answer.code) == (409, "too_many_calendars")


async def test_lists_show_only_ones_own_and_a_deleted_one_is_gone(api: Api) -> None:
    made, kept = await make(api), await make(api, "Filial")
    await make(await api.stranger())

    assert (await api.delete(f"/calendars/{made['id']}")).status == 204

    listed = await api.get("/calendars")
    assert [calendar["id"] for calendar in listed.body["items"]] == [kept["id"]]
    assert listed.body["total"] == 1


async def test_a_flow_sees_the_calendars_of_its_own_workspace_by_name(api: Api) -> None:
    await make(api)
    await make(await api.stranger(), "Alheia")
    number = await api.post("/whatsapp", {"phone_number": "1", "connection_type": "official"})
    id = number.body["id"]

    async with api.pool.acquire() as db:
        [line] = (await worlds.lines(db, [id])).values()

    assert line.calendars == {"Loja": SHOP}
