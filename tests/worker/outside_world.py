"""The world outside, on this machine: a web server that remembers what it was asked and answers when the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import web

from recado.calls.allow import Allow
from recado.calls.egress import Egress
from recado.calls.script import Scripts
from recado.store import calls as store
from recado.store.calls import Calling
from recado.store.ids import new_id
from recado.worker.call import Calls
from recado.worker.caller import Caller
from recado.worker.outside import Outside
from tests.worker.flows import Document, bye, flow, say
from tests.worker.stage import VAULT, Stage, run_until_idle
from tests.worker.talk import said

HERE = ("127.0.0.1",)


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str

    @property
    def key(self) -> str:
        """What tells a repetition."""
        return self.headers["Idempotency-Key"]


Answer = Callable[[Asked], web.Response]


def in_transit(_: Asked) -> web.Response:
    """The usual answer."""
    return web.json_response({"status": "em trânsito"})


@dataclass
class World:
    """The server; `open` says whether it answers yet."""

    url: str = ""
    answer: Answer = in_transit
    asked: list[Asked] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.Response:
        """Remembers a request, and answers it as soon as the world is open."""
        asked = Asked(
            request.method,
            request.path,
            request.raw_path.partition("?")[2],
            dict(request.headers),
            await request.text(),
        )
        self.asked.append(asked)
        self._came.set()
        await self.open.wait()
        return self.answer(asked)

    async def was_asked(self, count: int) -> None:
        """Waits until so many requests have come."""
        async with asyncio.timeout(20):
            while len(self.asked) < count:
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    """Serves on a free port."""
    world = World()
    world.open.set()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", world.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield world
    world.open.set()
    await runner.cleanup()


@dataclass
class Phone:
    """The call loop of one process, its clock in `now`; the call loops of others are made by `another`."""

    stage: Stage
    outside: Outside
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    now: float = 1_000.0
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.calls = self.another()

    def another(self, **options: Any) -> Calls:
        """Makes the loop of another process."""
        given = {"owner": new_id(), "ring": self.rung.set, "monotonic": lambda: self.now}
        caller = options.pop("caller", Caller(self.stage.pool, VAULT, self.outside))
        return Calls(self.stage.pool, caller, **{**given, **options})

    async def work(self, calls: Calls | None = None) -> None:
        """Makes calls until none is left and none is under way."""
        calls = calls or self.calls
        while True:
            self.rung.clear()
            if await calls.step():
                continue
            if not calls.under_way:
                return
            await asyncio.wait_for(self.rung.wait(), 20)

    async def tick(self, calls: Calls | None = None) -> None:
        """Does a round so much later that it looks around."""
        self.now += 10
        await (calls or self.calls).step()


@asynccontextmanager
async def open_phone(stage: Stage, folder: Path) -> AsyncIterator[Phone]:
    """Opens the ways out of a process that may call this machine."""
    outside = Outside(Egress(Allow.parse(HERE)), Scripts(), None, folder)
    yield Phone(stage, outside)
    await outside.close()


def api(id: str, url: str, **data: Any) -> Document:
    """A node that calls a service."""
    return {"id": id, "type": "api_call", "data": {"url": url, "save_to": "resposta", **data}}


def tracking(url: str, **data: Any) -> Document:
    """A flow that asks a service about an order at once and says what it answered."""
    return flow(
        api("api", f"{url}/pedidos/7", **data),
        say("ok", "Situação: {{resposta.status}}"),
        say("bad", "Não consegui consultar."),
        bye(),
        edges="start>api api:success>ok api:error>bad ok>bye bad>bye",
    )


async def begun(stage: Stage, document: dict[str, Any] | None = None, text: str = "oi") -> UUID:
    """A conversation whose flow has come to its call."""
    if document:
        await stage.publish(document)
    ana = await stage.customer(f"55119{new_id().int % 10**8:08}")
    await stage.hears(ana, text)
    await run_until_idle(stage.turns().step)
    return ana


async def answered(stage: Stage, phone: Phone, ana: UUID) -> list[str]:
    """What the bot has said once the calls are made and their results taken up."""
    await phone.work()
    await run_until_idle(stage.turns().step)
    return await said(stage, ana)


async def claimed(stage: Stage, owner: UUID) -> list[Calling]:
    """Marks calls as another process does before it makes them."""
    async with stage.pool.acquire() as db:
        found, _ = await store.claim(db, owner, limit=50, most=50, scripts=2, busy={})
    return found
