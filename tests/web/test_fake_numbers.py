"""Numbers beside the fake Meta: what it lends, and when that ends."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio
READY = {"phone_number_id": "106540352242922", "access_token": "EAAG-secret-token"}


@pytest_asyncio.fixture
async def fake(pool: Pool) -> AsyncIterator[Api]:
    """An API beside which the fake Meta runs."""
    async with make_api(pool, fake_meta=True) as api:
        yield api


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    new = {"phone_number": "+55 11 99999-9999", "connection_type": "official"}
    answer = await api.post("/whatsapp/", {**new, **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body
    return made


async def test_beside_the_fake_meta_a_number_without_a_token_works_at_once(fake: Api) -> None:
    bot = (await fake.post("/chatbots", {"name": "Padaria"})).body

    number = await make(fake, default_chatbot_id=bot["id"], is_active=True)

    assert (number["is_fake"], number["status"], number["is_active"]) == (True, "connected", True)
    assert (number["insecure"], number["has_access_token"]) == (False, True)
    assert number["phone_number_id"].isdigit()
    assert fake.registered is not None
    told = fake.registered[-1]
    assert told.phone_number_id == number["phone_number_id"]
    assert (told.access_token, told.app_secret) == ("fake-token", "fake-secret")
    assert told.webhook_url == number["webhook_url"]
    graph = await fake.pool.fetchval("select graph_url from whatsapp_numbers")
    assert graph == "http://127.0.0.1:8025"


async def test_the_fake_lends_each_number_an_id_of_its_own(fake: Api) -> None:
    numbers = [await make(fake, phone_number=f"11 98888-000{n}") for n in range(3)]

    assert len({number["phone_number_id"] for number in numbers}) == 3


async def test_a_real_token_ends_what_the_fake_lent(fake: Api) -> None:
    number = await make(fake)

    real = await fake.put(f"/whatsapp/{number['id']}", {"access_token": "EAAG"})

    assert (real.body["is_fake"], real.body["has_access_token"]) == (False, True)
    assert (real.body["phone_number_id"], real.body["has_app_secret"]) == (None, False)
    assert real.body["status"] == "disconnected"


async def test_a_number_with_a_token_of_its_own_stays_off_the_fake(fake: Api) -> None:
    number = await make(fake, **READY)

    assert number["is_fake"] is False
    assert fake.registered == []


async def test_a_qrcode_number_gets_nothing_of_the_fakes(fake: Api) -> None:
    number = await make(fake, connection_type="qrcode")

    assert (number["is_fake"], number["has_access_token"]) == (False, False)
