"""A shop on a real Recado of one process or more: its number, its flow, its customers, a way to Meta that can be closed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from recado.store.pool import Db, connect
from recado.whatsapp.fake import FakeMeta
from tests.e2e.kill.archive import Thread, dry, threads
from tests.e2e.kill.beside import beside
from tests.e2e.kill.crowd import Crowd
from tests.e2e.kill.gate import Gate, gate
from tests.e2e.kill.letters import Letter, letter
from tests.e2e.kill.office import ADMIN, Office, shop_number
from tests.e2e.kill.process import Recado
from tests.e2e.kill.script import flow
from tests.e2e.kill.verdict import Verdict, judge

GAPS = (0.0, *[0.1] * 2_000)


@dataclass
class Shop:
    """A number with its flow, served by one process or more."""

    meta: FakeMeta
    gates: list[Gate]
    db: Db
    http: aiohttp.ClientSession
    processes: list[Recado]

    @property
    def gate(self) -> Gate:
        """The way to Meta, where all processes have the same."""
        return self.gates[0]

    def says(self, phone: str, text: str) -> Letter:
        """Writes what a customer says."""
        return letter(self.meta, next(iter(self.meta.world.numbers.values())), {phone: text})

    async def post(self, letter: Letter, process: int = 0) -> int:
        """Posts a webhook to one of the processes."""
        return await letter.post(self.http, self.processes[process].url)

    async def hears(self, phone: str, count: int) -> list[str]:
        """Waits until a customer has so many messages; gives them."""
        await self.meta.wait_for(lambda: len(self.meta.sent_to(phone)) >= count)
        return [sent.text for sent in self.meta.sent_to(phone)]

    async def thread(self, phone: str) -> Thread:
        """Reads a conversation."""
        return (await threads(self.db))[phone]

    async def turns(self, count: int) -> None:
        """Waits until so many turns have been committed."""
        async with asyncio.timeout(20):
            while await self.db.fetchval("select count(*) from journal") < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def judge(self, crowd: Crowd) -> Verdict:
        """Waits until everything has come to rest, and judges."""
        await self.meta.idle()
        await dry(self.db)
        crowd.hear_the_rest()
        return await judge(self.db, crowd)

    async def talk(self, crowd: Crowd, *, at_once: int) -> Verdict:
        """Lets a crowd talk to its end; judges."""
        async with beside(crowd.count()):
            await crowd.patiently(crowd.talk(at_once=at_once))
            return await self.judge(crowd)

    async def sender(self) -> Recado:
        """Finds the process that sends for the number."""
        pid = await self.db.fetchval(
            "select pid from workers w join number_senders s on s.owner = w.id"
        )
        (found,) = [each for each in self.processes if each.process.pid == pid]
        return found


@asynccontextmanager
async def open_shop(
    database_url: str,
    data_dir: Path,
    processes: Sequence[dict[str, Any]] = ({},),
    *,
    own_gates: bool = False,
) -> AsyncIterator[Shop]:
    """Starts the processes on one database, then sets the shop up; `own_gates` gives each a way to Meta of its own."""
    async with AsyncExitStack() as stack:
        meta = FakeMeta(gaps=GAPS)
        await meta.start()
        stack.push_async_callback(meta.stop)
        ways = [
            await stack.enter_async_context(gate(meta))
            for _ in range(len(processes) if own_gates else 1)
        ]
        settings = {
            "RECADO_DATABASE_URL": database_url,
            "RECADO_DATA_DIR": str(data_dir),
            "RECADO_UNKNOWN_WAIT": "2",
            "RECADO_LOG_LEVEL": "debug",
        }
        running = [
            Recado({**settings, **ADMIN, "RECADO_GRAPH_URL": ways[n % len(ways)].url}, **more)
            for n, more in enumerate(processes)
        ]
        for recado in running:
            stack.push_async_callback(recado.end)
            await recado.start()
        number = shop_number(running[0].url)
        meta.add_number(number)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await (await Office.sign_in(http, running[0].url)).open_shop(flow(), number)
        db = await connect(database_url, application_name="recado test")
        stack.push_async_callback(db.close)
        yield Shop(meta, ways, db, http, running)
