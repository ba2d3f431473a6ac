"""Signing in: passwords, tokens, cookies with CSRF, the first run, roles."""

import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.web.setup import ensure_admin, first_run_token
from tests.web.api import PREFIX, Answer, Api, make_api

pytestmark = pytest.mark.asyncio
EMAIL, PASSWORD = "ana@padaria.com.br", "pão de queijo"


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


@pytest_asyncio.fixture
async def fresh(pool: Pool) -> AsyncIterator[Api]:
    """An installation where nobody can sign in yet."""
    async with make_api(pool) as api:
        await pool.execute("truncate users, workspaces cascade")
        yield api.nobody()


async def owner(api: Api) -> Api:
    await api.pool.execute("truncate users, workspaces cascade")
    await ensure_admin(api.pool, EMAIL, PASSWORD)
    return api.nobody()


async def log_in(api: Api, **changed: str) -> Answer:
    body = {"email": EMAIL, "password": PASSWORD, **changed}
    return await api.post("/auth/login", body)


async def test_a_right_password_opens_a_session(api: Api) -> None:
    nobody = await owner(api)

    answer = await log_in(nobody, email="  ANA@Padaria.com.br ")

    assert answer.status == 200
    assert answer.body["token_type"] == "bearer"
    assert answer.body["expires_in"] == 7 * 86_400
    headers = {"Authorization": f"Bearer {answer.body['access_token']}"}
    me = await nobody.request("GET", "/auth/me", headers=headers)
    assert me.body["user"]["email"] == EMAIL
    assert me.body["role"] == "owner"
    assert [place["name"] for place in me.body["workspaces"]] == ["Recado"]


@pytest.mark.parametrize(
    "wrong", [{"password": "pao de queijo"}, {"email": "bia@padaria.com.br"}, {"password": ""}]
)
async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    api: Api, wrong: dict[str, str]
) -> None:
    nobody = await owner(api)

    answer = await log_in(nobody, **wrong)

    assert (answer.status, answer.code) == (401, "bad_credentials")
    assert "Set-Cookie" not in answer.headers


async def test_tokens_and_passwords_are_stored_hashed(api: Api) -> None:
    nobody = await owner(api)
    token = (await log_in(nobody)).body["access_token"]

    rows = await api.pool.fetch("select * from sessions_web s join users u on u.id = s.user_id")

    kept = " ".join(str(value) for row in rows for value in row.values())
    assert rows
    assert token not in kept
    assert PASSWORD not in kept


async def test_too_many_attempts_are_refused_even_with_the_right_password(api: Api) -> None:
    nobody = await owner(api)
    tries = [await log_in(nobody, password="wrong") for _ in range(10)]

    answer = await log_in(nobody)

    assert {attempt.status for attempt in tries} == {401}
    assert (answer.status, answer.code) == (429, "too_many_attempts")
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    other = await log_in(nobody, email="bia@padaria.com.br")
    assert other.status == 401


async def test_the_cookie_opens_what_changes_nothing_and_the_rest_with_the_csrf_header(
    api: Api,
) -> None:
    nobody = await owner(api)
    session = await log_in(nobody)
    cookies = {"Cookie": f"recado_session={session.body['access_token']}"}
    with_header = {**cookies, "X-CSRF-Token": session.body["csrf_token"]}

    read = await nobody.request("GET", "/auth/me", headers=cookies)
    bare = await nobody.request("POST", "/chatbots", body={"name": "A"}, headers=cookies)
    forged = await nobody.request(
        "POST", "/chatbots", body={"name": "A"}, headers={**cookies, "X-CSRF-Token": "guess"}
    )
    made = await nobody.request("POST", "/chatbots", body={"name": "A"}, headers=with_header)

    assert read.status == 200
    assert (bare.status, bare.code) == (403, "csrf_missing")
    assert forged.status == 403
    assert made.status == 201


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    nobody = await owner(api)
    body = {"email": EMAIL, "password": PASSWORD}
    async with nobody.http.post(nobody.url + PREFIX + "/auth/login", json=body) as response:
        jar = SimpleCookie()
        for line in response.headers.getall("Set-Cookie"):
            jar.load(line)

    session, csrf = jar["recado_session"], jar["recado_csrf"]
    assert session["httponly"] is True
    assert session["samesite"] == "lax"
    assert session["secure"] is True  # the public address is https
    assert csrf["httponly"] == ""


async def test_logging_out_ends_the_session(api: Api) -> None:
    assert (await api.post("/auth/logout")).status == 204

    assert (await api.get("/auth/me")).status == 401


async def test_refreshing_changes_the_token(api: Api) -> None:
    answer = await api.post("/auth/refresh")

    assert (await api.get("/auth/me")).status == 401
    headers = {"Authorization": f"Bearer {answer.body['access_token']}"}
    assert (await api.nobody().request("GET", "/auth/me", headers=headers)).status == 200


async def test_a_session_that_is_over_opens_nothing(api: Api) -> None:
    await api.pool.execute("update sessions_web set expires_at = now() - interval '1 second'")

    assert (await api.get("/auth/me")).status == 401


async def test_the_workspace_header_chooses_among_ones_own_workspaces(api: Api) -> None:
    other = await api.stranger()
    await api.pool.execute(
        "insert into memberships (workspace_id, user_id, role) values ($1, $2, 'viewer')",
        other.workspace_id,
        api.user_id,
    )

    there = await api.request(
        "GET", "/auth/me", headers={"X-Workspace-Id": str(other.workspace_id)}
    )
    foreign = await other.request(
        "GET", "/auth/me", headers={"X-Workspace-Id": str(api.workspace_id)}
    )
    nonsense = await api.request("GET", "/auth/me", headers={"X-Workspace-Id": "padaria"})

    assert (there.body["workspace_id"], there.body["role"]) == (str(other.workspace_id), "viewer")
    assert (foreign.status, foreign.code) == (403, "not_a_member")
    assert nonsense.status == 400


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 201), ("admin", 201), ("editor", 201), ("agent", 403), ("viewer", 403)],
)
async def test_only_editors_and_above_change_things(api: Api, role: str, status: int) -> None:
    somebody = await api.join(role)

    made = await somebody.post("/chatbots", {"name": "A"})
    seen = await somebody.get("/chatbots")

    assert made.status == status
    assert seen.status == 200


async def test_the_first_run_is_set_up_once_with_the_printed_token(fresh: Api) -> None:
    assert (await fresh.get("/setup")).body == {"needed": True}
    token = await first_run_token(fresh.pool)
    body: dict[str, Any] = {
        "token": token,
        "email": EMAIL,
        "password": PASSWORD,
        "name": "Ana",
        "workspace_name": "Padaria",
    }

    wrong = await fresh.post("/setup", {**body, "token": "guess"})
    done = await fresh.post("/setup", body)
    again = await fresh.post("/setup", body)

    assert (wrong.status, wrong.code) == (403, "bad_setup_token")
    assert done.status == 201
    assert (again.status, again.code) == (409, "already_set_up")
    assert (await fresh.get("/setup")).body == {"needed": False}
    assert await first_run_token(fresh.pool) is None
    assert (await log_in(fresh)).status == 200


async def test_only_the_newest_token_sets_up(fresh: Api) -> None:
    old = await first_run_token(fresh.pool)
    await first_run_token(fresh.pool)

    body = {"token": old, "email": EMAIL, "password": PASSWORD, "name": "Ana"}

    assert (await fresh.post("/setup", body)).status == 403


async def test_two_set_ups_at_once_make_one_owner(fresh: Api) -> None:
    token = await first_run_token(fresh.pool)
    bodies = [
        {"token": token, "email": f"{name}@x.com", "password": PASSWORD, "name": name}
        for name in ("ana", "bia")
    ]

    answers = await asyncio.gather(*(fresh.post("/setup", body) for body in bodies))

    assert sorted(answer.status for answer in answers) == [201, 409]
    assert await fresh.pool.fetchval("select count(*) from users") == 1


async def test_of_many_first_starts_one_makes_the_owner(fresh: Api) -> None:
    made = await asyncio.gather(*(ensure_admin(fresh.pool, EMAIL, PASSWORD) for _ in range(3)))

    assert sorted(made) == [False, False, True]
    assert await fresh.pool.fetchval("select count(*) from workspaces") == 1
    assert await first_run_token(fresh.pool) is None


async def test_a_short_password_and_a_bad_address_are_named(fresh: Api) -> None:
    body = {"token": "x", "email": "ana", "password": "1234567", "name": " "}

    answer = await fresh.post("/setup", body)

    assert answer.status == 422
    assert sorted(answer.fields()) == ["email", "name", "password"]


async def test_a_form_of_another_site_cannot_sign_anybody_in(api: Api) -> None:
    nobody = await owner(api)
    body = b'{"email": "ana@padaria.com.br", "password": "p\\u00e3o de queijo"}'

    answer = await nobody.request(
        "POST", "/auth/login", data=body, headers={"Content-Type": "text/plain"}
    )

    assert answer.status == 422
