"""A language model's service as tests need it: OpenAI's chat completions over HTTP, answering as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "sk-test-0123456789"


@dataclass
class Heard:
    """One request: its JSON and its headers, names in small letters."""

    body: dict[str, Any]
    headers: dict[str, str]

    def roles(self) -> list[tuple[str, str]]:
        """Gives who says what."""
        return [(each["role"], each["content"]) for each in self.body["messages"]]


@dataclass
class FakeOpenAI:
    """Answers by `mode`; `text` is what the model says."""

    mode: str = "ok"
    text: str = "Olá!"
    base_url: str = ""
    heard: list[Heard] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answers one request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard = Heard(await request.json(), headers)
        self.heard.append(heard)
        if headers.get("authorization") != f"Bearer {KEY}" and self.mode != "open":
            # As OpenAI does, which quotes the key.
            return error(401, f"Incorrect API key provided: {headers.get('authorization')}.")
        return await MODES.get(self.mode, FakeOpenAI.ok)(self, heard)

    async def ok(self, heard: Heard) -> web.StreamResponse:
        """Says the text."""
        return completion({"role": "assistant", "content": self.text})

    async def slow(self, heard: Heard) -> web.StreamResponse:
        """Says nothing until it may."""
        await self.release.wait()
        return await self.ok(heard)

    async def old(self, heard: Heard) -> web.StreamResponse:
        """Knows no schema and no temperature, and calls the limit something else."""
        for name in ("max_tokens", "response_format", "temperature"):
            if name in heard.body:
                return error(400, f"Unsupported parameter: '{name}'.", param=name)
        return await self.ok(heard)

    async def echo(self, heard: Heard) -> web.StreamResponse:
        """Says what it was sent."""
        text = f"{heard.headers.get('authorization')} {json.dumps(heard.body['messages'])}"
        return completion({"role": "assistant", "content": text})


def completion(
    message: dict[str, Any], *, ended: str = "stop", usage: object = "counted"
) -> web.Response:
    """Makes the answer of a model."""
    counted = {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}
    return web.json_response(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "fake",
            "choices": [{"index": 0, "message": message, "finish_reason": ended}],
            "usage": counted if usage == "counted" else usage,
        }
    )


def error(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> web.Response:
    """Makes an error as OpenAI words it."""
    body = {"error": {"message": message, "type": "error", "param": param, "code": code}}
    return web.json_response(body, status=status)


def _fixed(
    make: Callable[[FakeOpenAI], web.Response],
) -> Callable[[FakeOpenAI, Heard], Awaitable[web.StreamResponse]]:
    async def answer(fake: FakeOpenAI, heard: Heard) -> web.StreamResponse:
        return make(fake)

    return answer


MODES: dict[str, Callable[[FakeOpenAI, Heard], Awaitable[web.StreamResponse]]] = {
    "slow": FakeOpenAI.slow,
    "old": FakeOpenAI.old,
    "echo": FakeOpenAI.echo,
    "cut": _fixed(lambda fake: completion({"content": fake.text}, ended="length")),
    "refusal": _fixed(lambda _: completion({"content": None, "refusal": "I cannot help with that."})),
    "filtered": _fixed(lambda _: completion({"content": "x"}, ended="content_filter")),
    "blocked": _fixed(lambda _: error(400, "Blocked.", code="content_filter")),
    "parts": _fixed(
        lambda fake: completion({"content": [{"type": "text", "text": fake.text}, {"type": "x"}]})
    ),
    "nonsense": _fixed(lambda _: web.Response(text="<html>busy</html>", content_type="text/html")),
    "list": _fixed(lambda _: web.json_response([1, 2])),
    "no_choice": _fixed(lambda _: web.json_response({"choices": []})),
    "odd_choice": _fixed(lambda _: web.json_response({"choices": [7], "usage": 3})),
    "odd_usage": _fixed(
        lambda fake: completion({"content": fake.text}, usage={"prompt_tokens": 10**18, "completion_tokens": "many"})
    ),
    "deep": _fixed(
        lambda _: web.Response(text='{"choices":' + "[" * 100_000, content_type="application/json")
    ),
    "429": _fixed(lambda _: error(429, "Rate limit reached.")),
    "500": _fixed(lambda _: error(500, "The server had an error.")),
    "redirect": _fixed(
        lambda _: web.Response(status=307, headers={"Location": "http://127.0.0.2:1/v1/chat/completions"})
    ),
}  # fmt: skip


@asynccontextmanager
async def fake_openai() -> AsyncIterator[FakeOpenAI]:
    """Serves while the block runs."""
    fake = FakeOpenAI()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server
    assert isinstance(server, asyncio.Server)
    fake.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield fake
    finally:
        fake.release.set()
        await runner.cleanup()
