"""A fake Meta, of this process or of another: it serves every number that has no access token of its own."""

import secrets as luck
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from recado.web.app import FakeMetaInfo, FakeNumber
from recado.whatsapp.fake_records import FakeNumber as MetaNumber

WABA_ID = "100000000000001"

Register = Callable[[FakeNumber], Awaitable[None]]


def info(url: str, register: Register) -> FakeMetaInfo:
    """Tells the API how to lend the fake's credentials to a number."""
    return FakeMetaInfo(
        graph_url=url,
        access_token=f"fake-{luck.token_hex(16)}",
        app_secret=None,  # so that webhooks posted by hand are believed
        waba_id=WABA_ID,
        register=register,
    )


async def find_fake(graph_url: str) -> FakeMetaInfo | None:
    """Finds a fake Meta of another process behind RECADO_GRAPH_URL; only an address of this machine is asked."""
    if urlsplit(graph_url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    try:
        timeout = ClientTimeout(total=1)
        async with (
            ClientSession(timeout=timeout) as http,
            http.get(f"{graph_url}/_fake/numbers") as answer,
        ):
            there = answer.status == 200
    except (ClientError, TimeoutError):
        return None
    return info(graph_url, _over_http(graph_url)) if there else None


def _over_http(url: str) -> Register:
    async def register(number: FakeNumber) -> None:
        body = msgspec.json.encode(as_meta_knows_it(number))
        timeout = ClientTimeout(total=5)
        async with (
            ClientSession(timeout=timeout) as http,
            http.post(f"{url}/_fake/numbers", data=body) as answer,
        ):
            answer.raise_for_status()

    return register


def as_meta_knows_it(number: FakeNumber) -> MetaNumber:
    """Gives a number as the fake keeps it."""
    return MetaNumber(
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        display_phone_number=number.phone_number,
        access_token=number.access_token,
        app_secret=number.app_secret,
        webhook_url=number.webhook_url,
        verify_token=number.webhook_verify_token,
        verified_name=number.display_name,
    )
