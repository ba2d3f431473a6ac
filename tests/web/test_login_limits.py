"""Guessing passwords is slow from one place and at one account, and never takes the server's processor."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.web import passwords
from recado.web.attempts import Logins
from recado.web.setup import ensure_admin
from tests.web.api import Api, make_api

EMAIL, PASSWORD = "ana@padaria.com.br", "pão de queijo"


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        await pool.execute("truncate users, workspaces cascade")
        await ensure_admin(pool, EMAIL, PASSWORD)
        yield api.nobody()


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Lets no password be hashed until the event is set."""
    gate = threading.Event()
    monkeypatch.setattr(passwords, "_matches", lambda stored, password: gate.wait(30) and False)
    yield gate
    gate.set()


def test_one_place_may_not_try_many_addresses() -> None:
    logins = Logins()
    tries = [logins.take(f"{n}@x.com", "10.0.0.1", 0.0) for n in range(Logins.PER_HOST)]

    assert set(tries) == {None}
    assert logins.take("new@x.com", "10.0.0.1", 1.0) == 899
    assert logins.take("new@x.com", "10.0.0.2", 1.0) is None


def test_many_places_may_not_try_one_address_for_ever() -> None:
    logins = Logins()
    tries = [logins.take(EMAIL, f"10.0.{n}.1", 0.0) for n in range(Logins.PER_EMAIL)]

    assert set(tries) == {None}
    assert logins.take(EMAIL, "10.1.0.1", 1.0) == 899
    assert logins.take("bia@x.com", "10.1.0.1", 1.0) is None


def test_the_addresses_of_one_ipv6_line_are_one_place() -> None:
    logins = Logins()
    for n in range(Logins.PER_HOST):
        logins.take(f"{n}@x.com", f"2001:db8:0:1::{n:x}", 0.0)

    assert logins.take("new@x.com", "2001:db8:0:1:ffff::1", 1.0) == 899
    assert logins.take("new@x.com", "2001:db8:0:2::1", 1.0) is None


def test_who_signs_in_is_not_counted() -> None:
    logins = Logins()
    for n in range(Logins.PER_HOST * 2):
        assert logins.take(EMAIL, "10.0.0.1", float(n) / 100) is None
        logins.succeeded(EMAIL, "10.0.0.1")

    assert logins.take(EMAIL, "10.0.0.1", 3.0) is None


@pytest.mark.asyncio
async def test_when_too_many_wait_for_their_password_the_next_is_told_to_come_back(
    api: Api, held_up: threading.Event
) -> None:
    room = passwords.LINE.most
    body = {"password": PASSWORD}
    waiting = [
        asyncio.create_task(api.post("/auth/login", {**body, "email": f"{n}@x.com"}))
        for n in range(room)
    ]
    async with asyncio.timeout(30):
        while passwords.LINE.count < room:  # noqa: ASYNC110 - they come in over HTTP
            await asyncio.sleep(0.01)

    refused = await api.post("/auth/login", {**body, "email": "last@x.com"})
    held_up.set()
    answers = await asyncio.gather(*waiting)

    assert (refused.status, refused.code) == (503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert {answer.status for answer in answers} == {401}
    assert passwords.LINE.count == 0


@pytest.mark.asyncio
async def test_who_was_told_to_come_back_has_not_lost_an_attempt(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = {"email": EMAIL, "password": PASSWORD}
    with monkeypatch.context() as patch:
        patch.setattr(passwords.LINE, "most", 0)
        refused = [await api.post("/auth/login", credentials) for _ in range(12)]

    answer = await api.post("/auth/login", credentials)

    assert {each.status for each in refused} == {503}
    assert answer.status == 200
