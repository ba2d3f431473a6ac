"""Secrets of authors: written, replaced, deleted, named, and never shown."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store import secrets as store
from recado.store.pool import Pool
from recado.store.secrets import MOST_NAMED
from tests.web.api import VAULT, Api, make_api

pytestmark = pytest.mark.asyncio

VALUE = "s3cr3t-Ω-value"


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, name: str = "TOKEN", value: str = VALUE) -> dict[str, Any]:
    answer = await api.post("/secrets", {"name": name, "value": value})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def opened(api: Api, name: str = "TOKEN") -> str | None:
    """What a call of this workspace would find."""
    assert api.workspace_id
    async with api.pool.acquire() as db:
        return (await store.reveal_named(db, VAULT, api.workspace_id, [name])).get(name)


async def test_a_secret_is_kept_and_never_shown(api: Api) -> None:
    made = await make(api)

    answers = [
        await api.get("/secrets"),
        await api.get(f"/secrets/{made['id']}"),
        await api.put(f"/secrets/{made['id']}", made),
        await api.put(f"/secrets/{made['id']}", {"value": VALUE}),
        await api.post("/secrets", {"name": "TOKEN", "value": VALUE}),
        await api.post("/secrets", {"name": "no good", "value": VALUE}),
        await api.post("/secrets", {"name": "OTHER", "value": VALUE, "valor": VALUE}),
        await api.post("/secrets", {"name": "OTHER", "value": [VALUE]}),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200, 200, 409, 422, 422, 422]
    assert not any(VALUE in str(answer.body) for answer in answers)
    assert set(made) == {"id", "name", "created_at", "updated_at"}
    assert await opened(api) == VALUE


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_new_value_takes_the_place_of_the_old_one(api: Api, method: str) -> None:
    made = await make(api)

    answer = await api.request(method, f"/secrets/{made['id']}", body={"value": "another"})

    assert (answer.status, answer.body["id"], answer.body["name"]) == (200, made["id"], "TOKEN")
    assert answer.body["updated_at"] > made["updated_at"]
    assert await opened(api) == "another"


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("", VALUE, "name"),
        ("1TOKEN", VALUE, "name"),
        ("a-b", VALUE, "name"),
        ("TOKEN\n", VALUE, "name"),
        ("çedilha", VALUE, "name"),
        ("x" * 65, VALUE, "name"),
        ("TOKEN", "abc", "value"),
        ("TOKEN", "x" * 10_001, "value"),
        ("TOKEN", "abcd\x00", "value"),
    ],
)
async def test_what_cannot_be_named_or_masked_is_refused(
    api: Api, name: str, value: str, field: str
) -> None:
    answer = await api.post("/secrets", {"name": name, "value": value})

    assert (answer.status, answer.fields()) == (422, [field])


async def test_a_name_is_there_once_in_a_workspace(api: Api) -> None:
    await make(api)
    other = await api.stranger()

    again = await api.post("/secrets", {"name": "TOKEN", "value": "another"})
    elsewhere = await make(other, value="theirs")

    assert (again.status, again.code, again.fields()) == (409, "secret_exists", ["name"])
    assert elsewhere["name"] == "TOKEN"
    assert (await opened(api), await opened(other)) == (VALUE, "theirs")


async def test_a_deleted_one_is_gone_and_lists_show_only_ones_own(api: Api) -> None:
    made, kept = await make(api), await make(api, "KEPT")
    await make(await api.stranger(), "THEIRS")

    assert (await api.delete(f"/secrets/{made['id']}")).status == 204

    listed = await api.get("/secrets")
    assert [secret["name"] for secret in listed.body["items"]] == [kept["name"]]
    assert listed.body["total"] == 1
    assert await opened(api) is None


async def test_the_keys_of_numbers_are_not_among_them(api: Api) -> None:
    number = {"phone_number": "1", "connection_type": "official", "access_token": "EAAG-token"}
    assert (await api.post("/whatsapp", number)).status == 201
    id = await api.pool.fetchval("select id from secrets where purpose = 'access_token'")

    listed = await api.get("/secrets")
    changed = await api.put(f"/secrets/{id}", {"value": "another"})
    deleted = await api.delete(f"/secrets/{id}")

    assert listed.body["items"] == []
    assert (changed.status, deleted.status) == (404, 404)


async def test_who_may_only_look_makes_none(api: Api) -> None:
    made = await make(api)
    viewer = await api.join("viewer")

    answers = [
        await viewer.post("/secrets", {"name": "OTHER", "value": VALUE}),
        await viewer.put(f"/secrets/{made['id']}", {"value": "another"}),
        await viewer.delete(f"/secrets/{made['id']}"),
    ]

    assert [answer.status for answer in answers] == [403, 403, 403]
    assert await opened(api) == VALUE


async def test_there_is_an_end_to_secrets(api: Api) -> None:
    await api.pool.execute(
        """insert into secrets (id, workspace_id, purpose, name, key_id, nonce, ciphertext)
           select gen_random_uuid(), $1, 'author', 'S' || n, '', '', ''
             from generate_series(1, $2::int) n""",
        api.workspace_id,
        MOST_NAMED,
    )

    answer = await api.post("/secrets", {"name": "ONE_MORE", "value": VALUE})

    assert (answer.status, answer.code) == (409, "too_many_secrets")
