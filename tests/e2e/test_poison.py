"""A node that raises, and one that kills the process, in the real server: everybody else in the batch is answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from recado.store.pool import Db, connect
from recado.whatsapp.fake import FakeMeta
from tests.e2e.kill.beside import beside
from tests.e2e.kill.letters import payload
from tests.e2e.kill.office import ADMIN, Office, shop_number
from tests.e2e.kill.process import DidNotStart, Recado
from tests.worker.bad_nodes import flow_with

BOOM, *NEIGHBOURS = (f"551197000000{n}" for n in range(6))
APOLOGY = "Desculpe, ocorreu um erro. Tente novamente."
GAPS = (0.0, *[0.1] * 2_000)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


@dataclass
class Scene:
    """A server whose flow has the bad node, and what is left of its processes."""

    meta: FakeMeta
    recado: Recado
    db: Db
    office: Office
    deaths: list[int] = field(default_factory=list)

    async def supervise(self) -> None:
        """Starts the server again whenever it dies."""
        while True:
            self.deaths.append(await self.recado.bury())
            try:
                await self.recado.start()
            except DidNotStart:
                continue

    async def batch(self) -> None:
        """Lets everybody write in one webhook; one of them says boom."""
        number = self.meta.traffic.number(None)
        said = (
            dict.fromkeys(NEIGHBOURS[:2], "oi") | {BOOM: "boom"} | dict.fromkeys(NEIGHBOURS, "oi")
        )
        self.meta.deliver(payload(self.meta, number, said))
        await self.meta.wait_for(lambda: self.texts(BOOM), within=60)
        await self.meta.idle()
        async with asyncio.timeout(30):
            while await self.db.fetchval(  # noqa: ASYNC110 - the event is in the database
                "select exists (select from outbox) or exists (select from status_inbox)"
            ):
                await asyncio.sleep(0.05)

    def texts(self, phone: str) -> list[str]:
        """Lists what a customer got."""
        return [sent.text for sent in self.meta.sent_to(phone)]


@asynccontextmanager
async def open_scene(database_url: str, data_dir: Path, bad: str) -> AsyncIterator[Scene]:
    """Starts the server and publishes the flow with the bad node."""
    async with AsyncExitStack() as stack:
        meta = FakeMeta(gaps=GAPS)
        await meta.start()
        stack.push_async_callback(meta.stop)
        settings = {
            "RECADO_DATABASE_URL": database_url,
            "RECADO_DATA_DIR": str(data_dir),
            "RECADO_GRAPH_URL": meta.url,
            "RECADO_UNKNOWN_WAIT": "2",
        }
        recado = Recado({**settings, **ADMIN}, module="tests.e2e.kill.poison")
        stack.push_async_callback(recado.end)
        await recado.start()
        meta.add_number(number := shop_number(recado.url))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        office = await Office.sign_in(http, recado.url)
        await office.open_shop({"name": "Ruim", **flow_with(bad)}, number)
        db = await connect(database_url, application_name="recado test")
        stack.push_async_callback(db.close)
        yield Scene(meta, recado, db, office)


async def test_a_node_that_raises_is_parked_and_the_server_goes_on(
    database_url: str, tmp_path: Path
) -> None:
    async with open_scene(database_url, tmp_path, "raises") as scene, beside(scene.supervise()):
        await scene.batch()
        parked = await scene.db.fetch("select tries, parked_at, error from inbox")
        listed = await scene.office.get("/alerts")
        scene.meta.say(BOOM, "oi")
        await scene.meta.wait_for(lambda: len(scene.texts(BOOM)) > 1)

        assert [scene.texts(phone) for phone in NEIGHBOURS] == [["Oi!"]] * len(NEIGHBOURS)
        assert scene.texts(BOOM) == [APOLOGY, "Oi!"]
        assert [(row["tries"], row["error"]) for row in parked] == [(3, "RuntimeError")]
        assert [(each["kind"], each["count"]) for each in listed["items"]] == [("event_parked", 1)]
        assert scene.deaths == []


async def test_a_node_that_kills_the_process_is_parked_and_the_server_comes_back(
    database_url: str, tmp_path: Path
) -> None:
    async with open_scene(database_url, tmp_path, "kills") as scene, beside(scene.supervise()):
        await scene.batch()
        parked = await scene.db.fetch("select tries, parked_at from inbox")
        listed = await scene.office.get("/alerts")
        scene.meta.say(BOOM, "oi")
        await scene.meta.wait_for(lambda: len(scene.texts(BOOM)) > 1)

        assert [scene.texts(phone) for phone in NEIGHBOURS] == [["Oi!"]] * len(NEIGHBOURS)
        assert scene.texts(BOOM) == [APOLOGY, "Oi!"]
        assert [row["tries"] for row in parked] == [3]
        assert [(each["kind"], each["count"]) for each in listed["items"]] == [("event_parked", 1)]
        assert scene.deaths == [9] * 4  # in its batch once, unseen; then three times alone
