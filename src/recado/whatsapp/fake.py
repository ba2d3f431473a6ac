"""A Meta that runs on this machine: for tests, demos and `recado fake-meta`.

It takes what the Cloud API takes, refuses what it refuses, and posts signed webhooks until they
are answered 200. Start at `FakeMeta`; its parts are the `fake_*.py` files beside this one.
"""

import ipaddress
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from recado.whatsapp.fake_answers import Handler, in_metas_words
from recado.whatsapp.fake_control import Control
from recado.whatsapp.fake_faults import Fault, FaultPlan
from recado.whatsapp.fake_graph import Graph
from recado.whatsapp.fake_handshake import handshake
from recado.whatsapp.fake_page import Page, webhook_state
from recado.whatsapp.fake_records import FakeMedia, FakeNumber, FakeTemplate, Sent, customer_key
from recado.whatsapp.fake_traffic import Traffic
from recado.whatsapp.fake_watch import Watchers
from recado.whatsapp.fake_webhooks import GAPS, Deliveries, Delivery
from recado.whatsapp.fake_world import FakeOptions, FakeWorld

T = TypeVar("T")
_BODY = 4 << 20  # Meta's webhooks reach 3 MB; no outgoing body comes near


class FakeMeta:
    """The Graph API, WhatsApp's customers and their phones, in one small server.

    `say`, `tap`, `send`, `send_file` and `deliver` play the customers; `sent_to` and `wait_for`
    look at what the business answered; `faults` decides what goes wrong.
    """

    def __init__(
        self,
        numbers: Sequence[FakeNumber] = (),
        *,
        options: FakeOptions | None = None,
        gaps: Sequence[float] = GAPS,
        hold: float = 1.0,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world = FakeWorld(options, clock=clock)
        self.faults = FaultPlan(seed)
        self.watchers = Watchers()
        self.deliveries = Deliveries(
            self.faults, gaps=gaps, hold=hold, now=self.world.now, changed=self._delivery_changed
        )
        self.traffic = Traffic(self.world, self.faults, self.deliveries, self.watchers)
        self.say = self.traffic.say
        self.tap = self.traffic.tap
        self.send = self.traffic.send
        self.send_file = self.traffic.send_file
        self.deliver = self.traffic.deliver
        self.url = ""
        self._runner: web.AppRunner | None = None
        for number in numbers:
            self.world.add_number(number)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens and gives the port; port 0 takes a free one."""
        await self.deliveries.open()
        self._runner = web.AppRunner(self._app(host), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return port

    async def stop(self) -> None:
        """Stops listening and drops the webhooks still on their way."""
        self.watchers.close()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.deliveries.close()

    def add_number(self, number: FakeNumber) -> None:
        """Adds a business number, or replaces the one with the same id."""
        self.world.add_number(number)

    def add_template(self, waba_id: str, template: FakeTemplate) -> None:
        """Adds a message template to a WABA."""
        self.world.add_template(waba_id, template)

    def add_media(self, media: FakeMedia) -> None:
        """Keeps a file as if its number had uploaded it."""
        self.world.add_media(media)

    def fail(self, *faults: Fault) -> None:
        """Puts faults in force."""
        self.faults.add(*faults)

    def advance(self, seconds: float) -> None:
        """Moves the clock ahead, for instance past the 24 hour window."""
        self.world.advance(seconds)

    def sent_to(self, customer: str, *, number: str | None = None) -> list[Sent]:
        """Lists what the business sent to a customer, oldest first."""
        key = customer_key(customer)
        return [
            sent
            for sent in self.world.sent.values()
            if sent.to == key and number in (None, sent.phone_number_id)
        ]

    async def wait_for(self, predicate: Callable[[], T], *, within: float = 20.0) -> T:
        """Waits until a predicate gives something true, asking after each change; gives it back."""
        return await self.watchers.until(predicate, within=within)

    async def idle(self) -> None:
        """Waits until every webhook has its 200 or was given up."""
        await self.deliveries.idle()

    async def verify(self, phone_number_id: str) -> bool:
        """Performs Meta's GET verification of a number's webhook; says whether it passed."""
        number = self.world.numbers[phone_number_id]
        return await handshake(number.webhook_url or "", number.verify_token or "")

    def _app(self, host: str) -> web.Application:
        app = web.Application(
            client_max_size=_BODY, middlewares=[_guard(local=_is_loopback(host)), in_metas_words]
        )
        graph, control, page = Graph(self.traffic), Control(self.traffic), Page(self.traffic)
        app.add_routes([*control.routes(), *page.routes(), *graph.routes()])
        return app

    def _delivery_changed(self, delivery: Delivery) -> None:
        self.watchers.tell(
            delivery.phone_number_id,
            delivery.customer,
            lambda: {"event": "webhook", "wamid": delivery.wamid, **webhook_state(delivery)},
        )


def _guard(*, local: bool) -> Middleware:
    """Keeps other web pages of the same browser from steering the fake."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        if path == "/" or path.startswith("/_fake"):
            origin = request.headers.get("Origin")
            foreign = origin is not None and urlsplit(origin).netloc != request.host
            # On a loopback address any other name is a DNS rebinding.
            rebound = local and not _is_loopback(urlsplit(f"//{request.host}").hostname or "")
            if foreign or rebound:
                return web.Response(status=403, text="other sites may not use this page\n")
        return await handler(request)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
