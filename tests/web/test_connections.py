"""Connections: passwords come in and never out, names are unique, and a trial really connects."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from recado.config import Settings
from recado.store.pool import Pool
from recado.store.secrets import reveal
from tests.calls.databases import TcpDoor, socket_of
from tests.web.api import PUBLIC_URL, VAULT, Api, make_api

pytestmark = pytest.mark.asyncio

PASSWORD = "senha-do-banco-4711"
SERVER = {
    "name": "Loja",
    "kind": "postgresql",
    "host": "db.example.com",
    "port": 5433,
    "database": "loja",
    "username": "leitor",
    "password": PASSWORD,
}


@pytest_asyncio.fixture
async def api(pool: Pool, tmp_path: Path) -> AsyncIterator[Api]:
    settings = Settings(public_url=PUBLIC_URL, data_dir=tmp_path, egress_allow=("127.0.0.1",))
    async with make_api(pool, settings=settings) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/connections", {**SERVER, **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def password_of(api: Api, id: str) -> str | None:
    secret = await api.pool.fetchval("select password_id from connections where id = $1", id)
    async with api.pool.acquire() as db:
        return (await reveal(db, VAULT, [secret])).get(secret)


async def secrets_kept(api: Api) -> int:
    count: int = await api.pool.fetchval("select count(*) from secrets")
    return count


async def test_a_connection_is_kept_and_its_password_is_not_shown(api: Api) -> None:
    made = await make(api)

    found = await api.get(f"/connections/{made['id']}")
    listed = await api.get("/connections")

    assert found.body == made == listed.body["items"][0]
    shown = {key: made[key] for key in SERVER if key != "password"}
    assert shown == {key: value for key, value in SERVER.items() if key != "password"}
    assert (made["has_password"], made["tls"], made["allow_writes"]) == (True, True, False)
    assert PASSWORD not in str(made)
    assert await password_of(api, made["id"]) == PASSWORD


async def test_a_file_needs_nothing_but_its_name(api: Api) -> None:
    answer = await api.post("/connections", {"name": "A", "kind": "sqlite", "database": "a.db"})

    assert (answer.status, answer.body["host"], answer.body["has_password"]) == (201, None, False)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"kind": "sqlite", "database": "../a.db"}, "bad_file_name", "database"),
        ({"kind": "sqlite", "database": "a/b.db"}, "bad_file_name", "database"),
        ({"host": None}, "host_missing", "host"),
        ({"host": "db.example.com:5432"}, "bad_host", "host"),
        ({"host": "/var/run/postgresql"}, "bad_host", "host"),
        ({"host": "db example"}, "bad_host", "host"),
        ({"kind": "oracle"}, "invalid", "kind"),
        ({"port": 0}, "invalid", "port"),
        ({"database": ""}, "invalid", "database"),
        ({"cor": 1}, "invalid", "cor"),
    ],
)
async def test_what_could_never_work_is_refused(
    api: Api, fields: dict[str, Any], code: str, field: str
) -> None:
    made = await make(api)

    posted = await api.post("/connections", {**SERVER, "name": "B", **fields})
    put = await api.put(f"/connections/{made['id']}", {"password": PASSWORD, **fields})

    assert (posted.status, posted.code, posted.fields()) == (422, code, [field])
    assert (put.status, put.code, put.fields()) == (422, code, [field])
    assert (await api.get("/connections")).body["items"] == [made]


async def test_a_name_is_there_once_in_a_workspace(api: Api) -> None:
    await make(api)
    other = await make(api, name="Filial")

    posted = await api.post("/connections", SERVER)
    put = await api.put(f"/connections/{other['id']}", {"name": "Loja"})
    renamed = await api.put(f"/connections/{other['id']}", {"name": "Outra"})
    elsewhere = await make(await api.stranger())

    assert (posted.status, posted.code, posted.fields()) == (409, "connection_exists", ["name"])
    assert (put.status, put.code) == (409, "connection_exists")
    assert (renamed.status, renamed.body["name"]) == (200, "Outra")
    assert elsewhere["name"] == "Loja"


async def test_what_was_read_can_be_put_back(api: Api) -> None:
    made = await make(api)

    answer = await api.put(f"/connections/{made['id']}", made)

    assert {**answer.body, "updated_at": None} == {**made, "updated_at": None}
    assert await password_of(api, made["id"]) == PASSWORD


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_password_is_replaced_and_cleared_without_a_trace(api: Api, method: str) -> None:
    made = await make(api)
    path = f"/connections/{made['id']}"

    replaced = await api.request(method, path, body={"password": "outra-senha"})
    assert (replaced.body["has_password"], await secrets_kept(api)) == (True, 1)
    assert await password_of(api, made["id"]) == "outra-senha"

    cleared = await api.request(method, path, body={"password": None})
    assert (cleared.body["has_password"], await secrets_kept(api)) == (False, 0)


@pytest.mark.parametrize(
    "change",
    [{"host": "evil.example.com"}, {"port": 1}, {"kind": "mysql"}, {"tls": False}, {"port": None}],
)
async def test_who_leads_a_connection_elsewhere_must_know_the_password(
    api: Api, change: dict[str, Any]
) -> None:
    made = await make(api)
    path = f"/connections/{made['id']}"

    refused = await api.put(path, change)
    unchanged = await api.get(path)
    allowed = await api.put(path, {**change, "password": "nova-senha"})

    assert (refused.status, refused.code, refused.fields()) == (422, "password_again", ["password"])
    assert unchanged.body == made
    assert allowed.status == 200
    assert await password_of(api, made["id"]) == "nova-senha"


async def test_a_deleted_one_takes_its_password_with_it(api: Api) -> None:
    made, kept = await make(api), await make(api, name="Filial")

    assert (await api.delete(f"/connections/{made['id']}")).status == 204
    assert (await api.delete(f"/connections/{made['id']}")).status == 404

    listed = await api.get("/connections")
    assert ([each["id"] for each in listed.body["items"]], listed.body["total"]) == (
        [kept["id"]],
        1,
    )
    assert await secrets_kept(api) == 1


async def test_a_trial_really_asks_the_database(
    api: Api, empty_database_url: str, tmp_path: Path
) -> None:
    async with TcpDoor(socket_of(empty_database_url)).open() as door:
        made = await make(api, host="127.0.0.1", port=door.port, tls=False)
        answer = await api.post(f"/connections/{made['id']}/test")

    assert door.visits == 1
    assert (answer.status, answer.body["ok"], answer.body["error"]) == (200, False, "login_refused")
    assert "senha" in answer.body["message"]
    assert PASSWORD not in str(answer.body)


async def test_a_trial_of_a_file_reads_it(api: Api, tmp_path: Path) -> None:
    made = await make(api, kind="sqlite", database="loja.db", host=None)
    path = f"/connections/{made['id']}/test"
    (tmp_path / "sqlite").mkdir()

    missing = await api.post(path)
    sqlite3.connect(tmp_path / "sqlite" / "loja.db").execute(
        "create table t (x)"
    ).connection.close()
    there = await api.post(path)
    (tmp_path / "sqlite" / "loja.db").write_bytes(b"no database" * 100)
    broken = await api.post(path)

    assert (missing.body["ok"], missing.body["error"]) == (False, "file_missing")
    assert missing.body["message"] == (
        "não há um banco SQLite com esse nome na pasta sqlite da pasta de dados"
    )
    assert (there.body["ok"], there.body["error"], there.body["message"]) == (True, None, None)
    assert (broken.body["ok"], broken.body["error"]) == (False, "query_failed")


async def test_a_trial_goes_out_by_the_egress(api: Api) -> None:
    made = await make(api, host="10.0.0.1")

    answer = await api.request(
        "POST", f"/connections/{made['id']}/test", headers={"Accept-Language": "en"}
    )

    assert (answer.body["ok"], answer.body["error"]) == (False, "address_refused")
    assert "address is not allowed" in answer.body["message"]


async def test_too_many_trials_at_once_are_refused(api: Api) -> None:
    made = await make(api, host="10.0.0.1")
    trials = api.app.state.serving.trials
    for _ in range(3):
        await trials.acquire()

    busy = await api.post(f"/connections/{made['id']}/test")
    trials.release()
    free = await api.post(f"/connections/{made['id']}/test")

    assert (busy.status, busy.code) == (503, "busy")
    assert free.status == 200


async def test_only_editors_make_change_and_try(api: Api) -> None:
    made = await make(api)
    agent = await api.join("agent")
    path = f"/connections/{made['id']}"

    answers = [
        await agent.post("/connections", {**SERVER, "name": "B"}),
        await agent.put(path, {"name": "B"}),
        await agent.delete(path),
        await agent.post(f"{path}/test"),
    ]

    assert [answer.status for answer in answers] == [403] * 4
    assert (await agent.get(path)).status == 200
