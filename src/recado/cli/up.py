"""Runs a server for trying things out: with a WhatsApp of its own, and a demo bot on it."""

from contextlib import AsyncExitStack

from recado.cli import demo_templates
from recado.cli.demo import ensure_demo
from recado.cli.fake import info
from recado.cli.listening import listen
from recado.cli.only_one import only_one
from recado.cli.own_fake import beside, remember_numbers, start_fake
from recado.cli.serving import (
    Base,
    announce,
    based,
    ensure_owner,
    speak,
    started,
    stop_on_signals,
)
from recado.config import Settings
from recado.web.app import FakeMetaInfo
from recado.whatsapp.fake import FakeMeta
from recado.worker.run import ROLES

FAKE_PATH = "/api/v1/whatsapp/webhook"


async def up(settings: Settings) -> None:
    """Runs everything with a fake WhatsApp and a demo bot until a signal comes."""
    speak(settings)
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(settings.data_dir))
        base = await stack.enter_async_context(based(settings))
        fake = await start_fake(settings)
        stack.push_async_callback(fake.stop)
        listening = listen(settings.host, settings.port, reuse_port=False)
        helper = info(fake.url, beside(fake))
        await _prepare_demo(base, fake, helper, port=listening.getsockname()[1])
        serving = started(base, roles=ROLES | {"web"}, listening=listening, fake_meta=helper)
        stop = await stack.enter_async_context(serving)
        await announce(base, f"Talk to the demo bot: {fake.url}/", listening)
        await stop.wait()


async def fake_only(settings: Settings) -> None:
    """Runs the fake Meta alone; numbers are added through its control address."""
    speak(settings)
    fake = await start_fake(settings)
    stop = stop_on_signals()
    print(f"The fake WhatsApp is at {fake.url}/", flush=True)
    try:
        await stop.wait()
    finally:
        await fake.stop()


async def _prepare_demo(base: Base, fake: FakeMeta, helper: FakeMetaInfo, *, port: int) -> None:
    await ensure_demo(base.pool, base.vault, helper)
    demo_templates.approve(fake, helper.waba_id)
    webhook_url = f"http://127.0.0.1:{port}{FAKE_PATH}"
    await remember_numbers(fake, base.pool, base.vault, webhook_url=webhook_url)
    await ensure_owner(base)
