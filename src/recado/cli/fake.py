"""Puts the fake Meta beside the server: it serves every number that has no access token of its own."""

import secrets as luck
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from recado.config import Settings, SettingsError
from recado.store import secrets
from recado.store.fake_numbers import claim_for_fake
from recado.store.pool import Pool
from recado.store.secrets import Vault
from recado.web.app import FakeMetaInfo, FakeNumber
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import FakeNumber as MetaNumber
from recado.whatsapp.fake_world import FakeOptions

WABA_ID = "100000000000001"

Register = Callable[[FakeNumber], Awaitable[None]]


async def start_fake(settings: Settings) -> FakeMeta:
    """Starts the fake Meta on its port."""
    # Webhooks posted by hand are not seen by the fake: who never wrote through it may be answered all the same.
    fake = FakeMeta(options=FakeOptions(strangers=True))
    try:
        await fake.start("127.0.0.1", settings.fake_meta_port)
    except OSError as problem:
        await fake.stop()
        raise SettingsError(
            f"RECADO_FAKE_META_PORT must be a free port, and {settings.fake_meta_port} is taken."
        ) from problem
    return fake


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


async def remember_numbers(fake: FakeMeta, pool: Pool, vault: Vault, *, webhook_url: str) -> None:
    """Teaches a fake that was just started the numbers that it served before."""
    async with pool.acquire() as db:
        numbers = await claim_for_fake(db, graph_url=fake.url)
        ids = [id for n in numbers for id in (n.access_token_id, n.app_secret_id) if id]
        opened = await secrets.reveal(db, vault, ids)
    for number in numbers:
        fake.add_number(
            MetaNumber(
                phone_number_id=number.phone_number_id,
                waba_id=number.waba_id or WABA_ID,
                display_phone_number=number.phone_number,
                access_token=opened[number.access_token_id],
                app_secret=opened.get(number.app_secret_id) if number.app_secret_id else None,
                webhook_url=number.webhook_url or webhook_url,
                verify_token=number.webhook_verify_token,
                verified_name=number.display_name or number.phone_number,
            )
        )


def beside(fake: FakeMeta) -> Register:
    """Registers numbers with a fake of this process."""

    async def register(number: FakeNumber) -> None:
        fake.add_number(_as_meta_knows_it(number))

    return register


def _over_http(url: str) -> Register:
    async def register(number: FakeNumber) -> None:
        body = msgspec.json.encode(_as_meta_knows_it(number))
        timeout = ClientTimeout(total=5)
        async with (
            ClientSession(timeout=timeout) as http,
            http.post(f"{url}/_fake/numbers", data=body) as answer,
        ):
            answer.raise_for_status()

    return register


def _as_meta_knows_it(number: FakeNumber) -> MetaNumber:
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
