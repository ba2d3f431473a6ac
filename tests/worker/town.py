"""A whole town on one machine: our webhook on a port, a fake Meta that posts to it, and workers as tests start them."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from recado.config import Settings
from recado.store.pool import Pool
from recado.web.webhook import Receiver, webhook_routes
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import FakeNumber
from recado.worker.run import Worker
from tests.worker.stage import VAULT, Stage

ROOT = Path(__file__).parents[2]


@dataclass
class Town:
    """The stage, Meta, and the database that everything shares. Without a worker, the receiver notifies."""

    stage: Stage
    meta: FakeMeta
    url: str
    workers: list[Worker] = field(default_factory=list)

    async def worker(self, *roles: str) -> Worker:
        """Starts a worker in this process."""
        settings = Settings(graph_url=self.meta.url, unknown_wait=5, egress_allow=("127.0.0.1",))
        given = frozenset(roles or ("turn", "send", "call", "settle"))
        worker = Worker(self.stage.pool, VAULT, settings=settings, url=self.url, roles=given)
        await worker.start()
        self.workers.append(worker)
        return worker

    async def process(self) -> asyncio.subprocess.Process:
        """Starts a worker in a process of its own and waits until it works."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.worker.one_worker", self.url, self.meta.url),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"working\n"
        return process

    def texts(self, customer: str) -> list[str]:
        """Lists what a customer got."""
        return [sent.text for sent in self.meta.sent_to(customer)]

    async def got(self, customer: str, count: int) -> list[str]:
        """Waits until a customer got so many messages."""
        await self.meta.wait_for(lambda: len(self.texts(customer)) >= count)
        return self.texts(customer)


async def kill(process: asyncio.subprocess.Process, how: int = signal.SIGKILL) -> int:
    """Ends a process that a test has started; gives its exit code."""
    process.send_signal(how)
    return await asyncio.wait_for(process.wait(), 15)


@asynccontextmanager
async def open_town(stage: Stage, pool: Pool, url: str) -> AsyncIterator[Town]:
    """Builds the town; every worker started in it is drained at the end."""
    receiver = Receiver(pool, VAULT, wake_turns=None, wake_statuses=None)
    app = Starlette(routes=webhook_routes(receiver))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/whatsapp/webhook"
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        receiver.start()
        meta = FakeMeta([_number(address)])
        await meta.start()
        town = Town(stage, meta, url)
        yield town
        for worker in town.workers:
            await worker.drain()
        await meta.stop()
        await receiver.stop()
        server.should_exit = True
        await serving


def _number(webhook_url: str) -> Any:
    return FakeNumber(
        phone_number_id="100",
        waba_id="200",
        display_phone_number="+55 11 90000-0000",
        access_token="token",
        webhook_url=webhook_url,
    )
