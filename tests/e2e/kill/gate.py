"""Stands between Recado and Meta: counts the requests under way for each customer, and can hold them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from recado.whatsapp.fake import FakeMeta


class Gate:
    """A way to Meta that a test can close.

    `came` counts the messages that came; `most` is the largest number of requests for one customer at a time.
    """

    def __init__(self, meta: FakeMeta, http: aiohttp.ClientSession) -> None:
        self._meta = meta
        self._http = http
        self._open = asyncio.Event()
        self._open.set()
        self._changed = asyncio.Condition()
        self._under_way: Counter[str] = Counter()
        self.url = ""
        self.came = 0
        self.most = 0
        self.most_of_all = 0

    def close(self) -> None:
        """Holds every request that comes from now on."""
        self._open.clear()

    def open(self) -> None:
        """Lets everything through."""
        self._open.set()

    @property
    def under_way(self) -> int:
        """Counts the requests that have come and are not answered."""
        return self._under_way.total()

    async def wait_for(self, count: int, *, within: float = 20) -> None:
        """Waits until so many requests are under way."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: self.under_way >= count), within)

    async def pass_on(self, request: web.Request) -> web.Response:
        """Takes a request to Meta and brings her answer back; read receipts are for nobody, and are not held."""
        body = await request.json()
        if "to" not in body:
            return await self._bring(request, body)
        customer = str(body["to"])
        self.came += 1
        await self._count(customer, 1)
        try:
            await self._open.wait()
            return await self._bring(request, body)
        finally:
            await self._count(customer, -1)

    async def _bring(self, request: web.Request, body: Any) -> web.Response:
        headers = {"Authorization": request.headers["Authorization"]}
        address = self._meta.url + request.path
        async with self._http.post(address, json=body, headers=headers) as answer:
            content = await answer.read()
            return web.Response(status=answer.status, body=content, content_type="application/json")

    async def _count(self, customer: str, change: int) -> None:
        async with self._changed:
            self._under_way[customer] += change
            self.most = max(self.most, self._under_way[customer])
            self.most_of_all = max(self.most_of_all, self.under_way)
            self._changed.notify_all()


@asynccontextmanager
async def gate(meta: FakeMeta) -> AsyncIterator[Gate]:
    """Opens a way to Meta."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        made = Gate(meta, http)
        app = web.Application()
        app.router.add_post("/{path:.+}", made.pass_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            made.open()
            await runner.cleanup()
