"""A fake Meta with a webhook that records what it gets, for the tests of the fake."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import FakeNumber
from recado.whatsapp.fake_world import FakeOptions
from recado.whatsapp.signature import verify

ANA = "5511987654321"
NUMBER = FakeNumber(
    phone_number_id="100000000000001",
    waba_id="200000000000001",
    display_phone_number="+55 11 4000-1234",
    access_token="EAAtoken",
    app_secret="app-secret",
    verify_token="verify-me",
    verified_name="Padaria",
)
OTHER = FakeNumber(
    phone_number_id="100000000000002",
    waba_id="200000000000002",
    display_phone_number="+55 21 4000-4321",
    access_token="EAAother",
)


@dataclass(frozen=True)
class Post:
    """One webhook post as it came."""

    body: bytes
    signature: str | None

    @property
    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["entry"][0]["changes"][0]["value"]
        return found

    @property
    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.value.get("messages", [])
        return found

    @property
    def statuses(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.value.get("statuses", [])
        return found


@dataclass
class Webhook:
    """The business's server: records posts and answers what it is told to, else 200."""

    posts: list[Post] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    url: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    challenge: Callable[[str], str] = str

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.posts.append(Post(body, request.headers.get("X-Hub-Signature-256")))
        self.came.set()
        return web.Response(status=self.answers.popleft() if self.answers else 200)

    async def get(self, request: web.Request) -> web.Response:
        if request.query["hub.verify_token"] != "verify-me":
            return web.Response(status=403)
        return web.Response(text=self.challenge(request.query["hub.challenge"]))

    def statuses(self) -> list[str]:
        return [status["status"] for post in self.posts for status in post.statuses]

    def all_signed(self) -> bool:
        return all(verify("app-secret", post.body, post.signature) for post in self.posts)


@dataclass
class Stage:
    """A running fake, its webhook, and a client that calls it as a business does."""

    fake: FakeMeta
    webhook: Webhook
    client: aiohttp.ClientSession

    async def post(
        self, body: object, *, number: str = NUMBER.phone_number_id, token: str = "EAAtoken"
    ) -> tuple[int, Any]:
        """Posts a body to `/messages`; gives the HTTP status and the JSON."""
        url = f"{self.fake.url}/v25.0/{number}/messages"
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.post(url, json=body, headers=headers) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else None

    async def get(self, path: str, *, token: str = "EAAtoken") -> tuple[int, Any]:
        """Reads a path of the Graph API."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.get(f"{self.fake.url}{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Calls the fake's own side."""
        url = f"{self.fake.url}/_fake{path}"
        async with self.client.request(method, url, json=body) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def on_stage(
    options: FakeOptions | None = None,
    *,
    gaps: Sequence[float] = (0.0, 0.0, 0.0),
    hold: float = 5.0,
    clock: Callable[[], float] = lambda: 1_800_000_000.0,
) -> AsyncIterator[Stage]:
    """Starts a fake with two numbers, of which the first has a webhook."""
    webhook = Webhook()
    app = web.Application()
    app.add_routes([web.post("/hook", webhook.post), web.get("/hook", webhook.get)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    webhook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    number = msgspec.structs.replace(NUMBER, webhook_url=webhook.url)
    fake = FakeMeta([number, OTHER], options=options, gaps=gaps, hold=hold, clock=clock)
    await fake.start()
    async with aiohttp.ClientSession() as client:
        yield Stage(fake, webhook, client)
    await fake.stop()
    await runner.cleanup()


def text(words: str = "olá", **more: object) -> dict[str, Any]:
    """Makes a text message for Ana."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": f"+{ANA}",
        "type": "text",
        "text": {"body": words},
        **more,
    }
