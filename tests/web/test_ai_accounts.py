"""AI accounts: keys come in and never out, what was used today is shown, and a trial really asks."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.config import Settings
from recado.store import ai_usage
from recado.store.ai_usage import Used
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.store.secrets import reveal
from tests.calls.fake_openai import KEY, fake_openai
from tests.web.api import PUBLIC_URL, VAULT, Api, make_api

pytestmark = pytest.mark.asyncio

ACCOUNT = {
    "name": "Bia",
    "base_url": "https://api.openai.com/v1",
    "model": "gpt-4o-mini",
    "key": KEY,
    "daily_tokens": 100_000,
}
NOTHING = {"calls": 0, "tokens_in": 0, "tokens_out": 0}


@pytest_asyncio.fixture
async def api(pool: Pool, tmp_path: Path) -> AsyncIterator[Api]:
    settings = Settings(public_url=PUBLIC_URL, data_dir=tmp_path, egress_allow=("127.0.0.1",))
    async with make_api(pool, settings=settings) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/ai-accounts", {**ACCOUNT, **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def key_of(api: Api, id: str) -> str | None:
    secret = await api.pool.fetchval("select key_id from ai_accounts where id = $1", id)
    async with api.pool.acquire() as db:
        return (await reveal(db, VAULT, [secret])).get(secret)


async def test_an_account_is_kept_and_its_key_is_not_shown(api: Api) -> None:
    made = await make(api)

    found = await api.get(f"/ai-accounts/{made['id']}")
    listed = await api.get("/ai-accounts")

    assert found.body == made == listed.body["items"][0]
    shown = {key: value for key, value in ACCOUNT.items() if key != "key"}
    assert shown == {key: made[key] for key in shown}
    assert (made["has_key"], made["daily_tokens_per_contact"]) == (True, None)
    assert made["used_today"] == NOTHING
    assert KEY not in str(made)
    assert await key_of(api, made["id"]) == KEY


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"base_url": "ftp://api.example.com"}, "bad_base_url", "base_url"),
        ({"base_url": "api.example.com/v1"}, "bad_base_url", "base_url"),
        ({"base_url": "https://user:pass@api.example.com"}, "bad_base_url", "base_url"),
        ({"base_url": "https://api.example.com/v1?key=x"}, "bad_base_url", "base_url"),
        ({"base_url": "https://api.example.com/v1#x"}, "bad_base_url", "base_url"),
        ({"key": "sk-x\r\nX-Evil: 1"}, "invalid", "key"),
        ({"key": "abc"}, "invalid", "key"),
        ({"model": ""}, "invalid", "model"),
        ({"daily_tokens": 0}, "invalid", "daily_tokens"),
        ({"chave": "x"}, "invalid", "chave"),
    ],
)
async def test_what_could_never_work_is_refused(
    api: Api, fields: dict[str, Any], code: str, field: str
) -> None:
    made = await make(api)

    posted = await api.post("/ai-accounts", {**ACCOUNT, "name": "B", **fields})
    put = await api.put(f"/ai-accounts/{made['id']}", {"key": KEY, **fields})

    assert (posted.status, posted.code, posted.fields()) == (422, code, [field])
    assert (put.status, put.code, put.fields()) == (422, code, [field])
    assert (await api.get("/ai-accounts")).body["items"] == [made]


async def test_a_name_is_there_once_in_a_workspace(api: Api) -> None:
    await make(api)
    other = await make(api, name="Leo")

    posted = await api.post("/ai-accounts", ACCOUNT)
    put = await api.put(f"/ai-accounts/{other['id']}", {"name": "Bia"})
    renamed = await api.put(f"/ai-accounts/{other['id']}", {"name": "Ana"})
    elsewhere = await make(await api.stranger())

    assert (posted.status, posted.code, posted.fields()) == (409, "ai_account_exists", ["name"])
    assert (put.status, put.code) == (409, "ai_account_exists")
    assert (renamed.status, renamed.body["name"]) == (200, "Ana")
    assert elsewhere["name"] == "Bia"


async def test_what_was_read_can_be_put_back(api: Api) -> None:
    made = await make(api)

    answer = await api.put(f"/ai-accounts/{made['id']}", made)

    assert {**answer.body, "updated_at": None} == {**made, "updated_at": None}
    assert await key_of(api, made["id"]) == KEY


async def test_who_leads_an_account_elsewhere_must_know_the_key(api: Api) -> None:
    made = await make(api)
    path, evil = f"/ai-accounts/{made['id']}", {"base_url": "https://evil.example.com/v1"}

    refused = await api.put(path, evil)
    unchanged = await api.get(path)
    allowed = await api.put(path, {**evil, "key": "sk-novo"})

    assert (refused.status, refused.code, refused.fields()) == (422, "key_again", ["key"])
    assert unchanged.body == made
    assert (allowed.status, await key_of(api, made["id"])) == (200, "sk-novo")


async def test_a_deleted_one_takes_its_key_with_it(api: Api) -> None:
    made = await make(api)
    await api.put(f"/ai-accounts/{made['id']}", {"key": "sk-novo"})

    assert (await api.delete(f"/ai-accounts/{made['id']}")).status == 204

    assert (await api.get("/ai-accounts")).body["total"] == 0
    assert await api.pool.fetchval("select count(*) from secrets") == 0


async def test_what_was_used_today_is_counted(api: Api) -> None:
    assert api.workspace_id is not None
    made, other = await make(api), await make(api, name="Leo")
    account = UUID(made["id"])
    contacts = [new_id(), new_id()]
    for contact in contacts:
        await api.pool.execute(
            "insert into contacts (id, workspace_id) values ($1, $2)", contact, api.workspace_id
        )
    used = [Used(api.workspace_id, account, each, 20, 7) for each in (*contacts, contacts[0])]
    async with api.pool.acquire() as db:
        await ai_usage.add(db, used)
    await api.pool.execute(
        """insert into ai_usage (workspace_id, day, account_id, contact_id, calls, tokens_in)
           select workspace_id, day - $1::interval, account_id, contact_id, 5, 500 from ai_usage""",
        timedelta(days=1),
    )

    listed = await api.get("/ai-accounts")

    today = {each["id"]: each["used_today"] for each in listed.body["items"]}
    assert today == {
        made["id"]: {"calls": 3, "tokens_in": 60, "tokens_out": 21},
        other["id"]: NOTHING,
    }


async def test_a_trial_really_asks_the_model(api: Api) -> None:
    async with fake_openai() as fake:
        made = await make(api, base_url=fake.base_url)
        wrong = await make(api, name="B", base_url=fake.base_url, key="sk-errada-1234")

        good = await api.post(f"/ai-accounts/{made['id']}/test")
        bad = await api.post(f"/ai-accounts/{wrong['id']}/test")

    assert (good.status, good.body["ok"], good.body["error"]) == (200, True, None)
    assert fake.heard[0].body["model"] == ACCOUNT["model"]
    assert (bad.body["ok"], bad.body["error"]) == (False, "bad_status")
    assert bad.body["message"]
    assert "sk-errada" not in str(bad.body)


async def test_a_trial_goes_out_by_the_egress(api: Api) -> None:
    made = await make(api, base_url="http://169.254.169.254/latest")

    answer = await api.post(f"/ai-accounts/{made['id']}/test")

    assert (answer.body["ok"], answer.body["error"]) == (False, "address_refused")


async def test_only_editors_make_change_and_try(api: Api) -> None:
    made = await make(api)
    agent = await api.join("agent")
    path = f"/ai-accounts/{made['id']}"

    answers = [
        await agent.post("/ai-accounts", {**ACCOUNT, "name": "B"}),
        await agent.put(path, {"name": "B"}),
        await agent.delete(path),
        await agent.post(f"{path}/test"),
    ]

    assert [answer.status for answer in answers] == [403] * 4
    assert (await agent.get(path)).status == 200
