"""Whether a number sends, for people to see, and how they let it go on."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store import alerts, holds
from recado.store.alerts import NewAlert
from recado.store.holds import Hold, Kind, as_metas
from recado.store.ids import new_id
from recado.store.listen import OUTBOX
from recado.store.pool import Pool, connect
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio

OK = {"state": "ok", "until": None, "reason": None, "code": None, "detail": None}
STOPPED: dict[str, tuple[Kind, str]] = {
    "number_stopped": ("number_stopped", "stopped"),
    "account_stopped": ("account_stopped", "stopped"),
    "number_unauthorized": ("token", "held"),
}


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def make(api: Api, phone: str = "+55 11 99999-9999", **fields: Any) -> UUID:
    made = {"phone_number": phone, "connection_type": "official", **fields}
    answer = await api.post("/whatsapp", made)
    assert answer.status == 201, answer.body
    return UUID(answer.body["id"])


async def hold(api: Api, number: UUID, kind: Kind, seconds: float | None, **more: Any) -> None:
    about = Hold(kind, seconds, "why", more.pop("code", None), more.pop("account", ""))
    async with api.pool.acquire() as db:
        await holds.hold(db, {number: about}, accounts={})


async def sending(api: Api, number: UUID) -> dict[str, Any]:
    answer = await api.get(f"/whatsapp/{number}")
    told: dict[str, Any] = answer.body["health"]["sending"]
    return told


async def complain(api: Api, kind: str, number: UUID) -> None:
    async with api.pool.acquire() as db:
        alert = NewAlert(api.workspace_id, kind, "critical", str(number), {})
        await alerts.raise_alerts(db, [alert])


async def open_alerts(api: Api) -> list[str]:
    rows = await api.pool.fetch("select kind from alerts where resolved_at is null")
    return [row["kind"] for row in rows]


async def test_a_number_that_may_send_says_so_and_how_fast(api: Api) -> None:
    number = await make(api)
    told = await sending(api, number)

    await api.pool.execute("""update whatsapp_numbers set health = '{"coexistence": true}'""")
    together = await api.get(f"/whatsapp/{number}")
    await api.put(f"/whatsapp/{number}", {"limits": {"messages_per_second": None}})

    assert told == {**OK, "messages_per_second": 80}
    assert together.body["health"]["coexistence"] is True
    assert together.body["health"]["sending"]["messages_per_second"] == 20
    assert together.body["limits"] == {"messages_per_second": 80}
    assert (await sending(api, number))["messages_per_second"] is None


@pytest.mark.parametrize(
    ("kind", "seconds", "state", "ends"),
    [
        ("rate", 60, "held", True),
        ("maintenance", 60, "held", True),
        ("token", None, "held", False),
        ("number_stopped", None, "stopped", False),
        ("number_stopped", 14_400, "stopped", True),
        ("account_stopped", None, "stopped", False),
    ],
)
async def test_a_number_that_is_held_says_why_and_until_when(
    api: Api, kind: Kind, seconds: float | None, state: str, *, ends: bool
) -> None:
    number = await make(api)
    await hold(api, number, kind, seconds, code=131048)

    told = await sending(api, number)

    assert (told["state"], told["until"] is not None) == (state, ends)
    assert (told["reason"], told["code"], told["detail"]) == (kind, 131048, "why")


async def test_a_hold_that_is_over_is_not_told(api: Api) -> None:
    number = await make(api)
    await hold(api, number, "rate", 60)

    await api.pool.execute("update number_senders set held_until = clock_timestamp()")

    assert (await sending(api, number))["state"] == "ok"


async def test_an_open_breaker_is_told_as_long_as_somebody_sends(api: Api) -> None:
    number, owner = await make(api), new_id()
    await api.pool.execute(
        "insert into number_senders values ($1, $2, 1, clock_timestamp() + interval '15 s')",
        number,
        owner,
    )
    async with api.pool.acquire() as db:
        await holds.tell_breakers(db, owner, [(number, 20.0, "connect_timeout")])

    told = await sending(api, number)
    await api.pool.execute("update number_senders set until = clock_timestamp()")

    assert (told["state"], told["reason"]) == ("breaker_open", "graph_unreachable")
    assert told["detail"] == "connect_timeout"
    assert told["until"] is not None
    assert (await sending(api, number))["state"] == "ok"


@pytest.mark.parametrize("alert", STOPPED)
async def test_a_person_lets_a_number_go_on(api: Api, alert: str) -> None:
    number = await make(api)
    kind, state = STOPPED[alert]
    await hold(api, number, kind, None)
    await complain(api, alert, number)
    before = (await sending(api, number))["state"]

    answer = await api.post(f"/whatsapp/{number}/resume")

    assert (answer.status, before) == (200, state)
    assert answer.body["health"]["sending"] == {**OK, "messages_per_second": 80}
    assert await open_alerts(api) == []


async def test_a_stopped_account_goes_on_with_all_its_numbers_of_the_workspace(api: Api) -> None:
    number = await make(api, whatsapp_business_account_id="200")
    sister = await make(api, "+55 11 99999-0001", whatsapp_business_account_id="200")
    alone = await make(api, "+55 11 99999-0002", whatsapp_business_account_id="200")
    other = await api.stranger()
    theirs = await make(other, whatsapp_business_account_id="200")
    for each in (number, sister, theirs):
        await hold(api, each, "account_stopped", None)
    await hold(api, alone, "number_stopped", None)

    await api.post(f"/whatsapp/{sister}/resume")

    states = [(await sending(api, each))["state"] for each in (number, sister, alone)]
    assert states == ["ok", "ok", "stopped"]
    assert (await sending(other, theirs))["state"] == "stopped"


async def test_to_let_a_number_go_on_takes_an_editor(api: Api) -> None:
    number = await make(api)
    await hold(api, number, "number_stopped", None)

    await api.pool.execute("update memberships set role = 'agent'")
    refused = await api.post(f"/whatsapp/{number}/resume")
    await api.pool.execute("update memberships set role = 'editor'")
    allowed = await api.post(f"/whatsapp/{number}/resume")

    assert (refused.status, allowed.status) == (403, 200)


async def test_a_new_token_lets_the_number_go_on_at_once(api: Api, database_url: str) -> None:
    number = await make(api, access_token="old", phone_number_id="100")
    token = await api.pool.fetchval("select access_token_id from whatsapp_numbers")
    await hold(api, number, "token", None, code=190, account=as_metas(token, "100"))
    await complain(api, "number_unauthorized", number)
    heard: list[str] = []
    listener = await connect(database_url, application_name="test")
    await listener.add_listener(OUTBOX, lambda *_: heard.append("woken"))

    await api.put(f"/whatsapp/{number}", {"display_name": "Loja"})
    renamed = (await sending(api, number))["state"], list(heard)
    await api.put(f"/whatsapp/{number}", {"access_token": "new"})
    await listener.fetchval("select 1")

    assert renamed == ("held", [])
    assert (await sending(api, number))["state"] == "ok"
    assert heard == ["woken"]
    assert await open_alerts(api) == []
    await listener.close()


async def test_a_new_token_does_not_lift_a_stop(api: Api) -> None:
    number = await make(api, access_token="old", phone_number_id="100")
    await hold(api, number, "number_stopped", None)

    await api.put(f"/whatsapp/{number}", {"access_token": "new"})

    assert (await sending(api, number))["state"] == "stopped"
