"""Templates: synced from Meta account by account, listed with filters, and nobody else's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from recado.config import Settings
from recado.store.pool import Pool
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.fake_records import FakeNumber, FakeTemplate
from tests.web.api import PUBLIC_URL, Api, make_api

pytestmark = pytest.mark.asyncio

PADARIA = FakeNumber(
    phone_number_id="100",
    waba_id="200",
    display_phone_number="+55 11 4000-0001",
    access_token="EAA1",
)
CLINICA = FakeNumber(
    phone_number_id="101",
    waba_id="201",
    display_phone_number="+55 11 4000-0002",
    access_token="EAA2",
)
ORDER = FakeTemplate(
    name="pedido",
    language="pt_BR",
    components=(
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Olá {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Certo"}]},
    ),
)


@dataclass
class Office:
    """Two numbers of a workspace, each of an account of its own at a fake Meta."""

    api: Api
    meta: FakeMeta
    padaria: str
    clinica: str

    async def sync(self) -> list[dict[str, Any]]:
        """Syncs all accounts; gives the report."""
        answer = await self.api.post("/templates/sync")
        assert answer.status == 200, answer.body
        accounts: list[dict[str, Any]] = answer.body["accounts"]
        return accounts

    async def names(self, path: str = "/templates", **query: Any) -> list[str]:
        """Lists templates by name."""
        answer = await self.api.get(path, **query)
        assert answer.status == 200, answer.body
        assert answer.body["total"] == len(answer.body["items"])
        return [template["name"] for template in answer.body["items"]]


async def register(api: Api, number: FakeNumber) -> str:
    answer = await api.post(
        "/whatsapp",
        {
            "phone_number": number.display_phone_number,
            "connection_type": "official",
            "phone_number_id": number.phone_number_id,
            "whatsapp_business_account_id": number.waba_id,
            "access_token": number.access_token,
        },
    )
    assert answer.status == 201, answer.body
    made: str = answer.body["id"]
    return made


@pytest_asyncio.fixture
async def office(pool: Pool) -> AsyncIterator[Office]:
    meta = FakeMeta([PADARIA, CLINICA])
    await meta.start()
    settings = Settings(public_url=PUBLIC_URL, graph_url=meta.url)
    async with make_api(pool, settings=settings) as api:
        padaria, clinica = await register(api, PADARIA), await register(api, CLINICA)
        yield Office(api, meta, padaria, clinica)
    await meta.stop()


async def test_a_sync_keeps_what_meta_lists(office: Office) -> None:
    office.meta.add_template("200", ORDER)

    report = await office.sync()

    listed = (await office.api.get(f"/whatsapp/{office.padaria}/templates")).body["items"]
    (order,) = [template for template in listed if template["name"] == "pedido"]
    assert report == [
        {"whatsapp_business_account_id": "200", "synced": 2, "removed": 0, "problem": None},
        {"whatsapp_business_account_id": "201", "synced": 1, "removed": 0, "problem": None},
    ]
    assert (order["language"], order["status"], order["category"]) == (
        "pt_BR",
        "APPROVED",
        "UTILITY",
    )
    assert order["components"] == list(ORDER.components)
    assert order["values"] == {
        "header": "image",
        "header_values": [],
        "body_values": ["1"],
        "buttons": [{"kind": "quick_reply", "title": "Certo", "needs_value": False}],
    }


async def test_a_template_keeps_its_id_while_meta_changes_it(office: Office) -> None:
    office.meta.add_template("200", ORDER)
    await office.sync()
    (before,) = (await office.api.get("/templates", q="pedido")).body["items"]
    office.meta.add_template(
        "200", FakeTemplate(name="pedido", language="pt_BR", status="PAUSED", quality="RED")
    )

    await office.sync()

    (after,) = (await office.api.get("/templates", q="pedido")).body["items"]
    assert after["id"] == before["id"]
    assert (after["status"], after["quality"], after["components"]) == ("PAUSED", "RED", [])
    assert after["synced_at"] > before["synced_at"]


async def test_what_is_gone_at_meta_is_gone_here(office: Office) -> None:
    office.meta.add_template("200", ORDER)
    await office.sync()
    del office.meta.world.templates("200")["pedido", "pt_BR"]

    report = await office.sync()

    assert [account["removed"] for account in report] == [1, 0]
    assert await office.names() == ["hello_world", "hello_world"]


async def test_one_numbers_sync_leaves_other_accounts_alone(office: Office) -> None:
    office.meta.add_template("200", ORDER)
    office.meta.add_template("201", ORDER)

    answer = await office.api.post(f"/whatsapp/{office.clinica}/templates/sync")

    assert [each["whatsapp_business_account_id"] for each in answer.body["accounts"]] == ["201"]
    assert await office.names(f"/whatsapp/{office.padaria}/templates") == []
    assert await office.names(f"/whatsapp/{office.clinica}/templates") == ["hello_world", "pedido"]


async def test_an_account_that_fails_keeps_what_it_had_and_the_others_are_synced(
    office: Office,
) -> None:
    office.meta.add_template("200", ORDER)
    await office.sync()
    office.meta.add_template("201", ORDER)
    office.meta.fail(Fault(kind="error", code=80007, on="message_templates", number="200"))

    first, second = await office.sync()

    assert (first["synced"], first["problem"]["code"]) == (0, 80007)
    assert first["problem"]["message"]
    assert (second["synced"], second["problem"]) == (2, None)
    assert len(await office.names()) == 4


async def test_a_dead_token_and_a_meta_that_is_away_are_reported(office: Office) -> None:
    await office.api.put(f"/whatsapp/{office.padaria}", {"access_token": "EAAold"})
    (dead, _) = await office.sync()
    await office.meta.stop()
    (_, away) = await office.sync()

    assert dead["problem"]["code"] == 190
    assert (away["problem"]["code"], away["problem"]["message"]) == (None, "connect")


async def test_without_an_account_there_is_nothing_to_sync(office: Office) -> None:
    bare = await office.api.post("/whatsapp", {"phone_number": "1", "connection_type": "official"})
    id = bare.body["id"]

    synced = await office.api.post(f"/whatsapp/{id}/templates/sync")

    assert (synced.status, synced.body) == (200, {"accounts": []})
    assert await office.names(f"/whatsapp/{id}/templates") == []


async def test_lists_are_filtered(office: Office) -> None:
    office.meta.add_template("200", ORDER)
    office.meta.add_template(
        "200", FakeTemplate(name="pedido_enviado", language="en_US", status="PENDING")
    )
    await office.sync()
    padaria, clinica = office.padaria, office.clinica

    assert await office.names(q="PEDIDO") == ["pedido", "pedido_enviado"]
    assert await office.names(q="%") == []
    assert await office.names(status="pending") == ["pedido_enviado"]
    assert await office.names(language="en_US", q="pedido") == ["pedido_enviado"]
    assert await office.names(whatsapp_number_id=padaria, q="pedido", status="APPROVED") == [
        "pedido"
    ]
    assert await office.names(whatsapp_number_id=clinica) == ["hello_world"]
    assert await office.names(whatsapp_business_account_id="201") == ["hello_world"]
    assert await office.names(whatsapp_number_id=clinica, whatsapp_business_account_id="200") == []


async def test_lists_have_pages(office: Office) -> None:
    office.meta.add_template("200", ORDER)
    await office.sync()

    first = (await office.api.get("/templates", limit=2)).body
    second = (await office.api.get("/templates", limit=2, cursor=first["next"])).body

    assert (first["total"], second["total"]) == (3, 3)
    ids = [template["id"] for template in [*first["items"], *second["items"]]]
    assert len(set(ids)) == 3
    assert second["next"] is None


async def test_nobody_sees_the_templates_of_others(office: Office) -> None:
    await office.sync()
    stranger = await office.api.stranger()

    assert (await stranger.get("/templates")).body["items"] == []
    assert (await stranger.get("/templates", whatsapp_number_id=office.padaria)).status == 404
    assert (await stranger.post("/templates/sync")).body == {"accounts": []}


async def test_who_only_reads_may_not_sync(office: Office) -> None:
    viewer = await office.api.join("viewer")

    assert (await viewer.get("/templates")).status == 200
    assert (await viewer.post("/templates/sync")).status == 403
