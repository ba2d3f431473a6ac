"""Puts a fake Meta beside the server, in this process."""

from recado.cli.fake import WABA_ID, Register, as_meta_knows_it
from recado.config import Settings, SettingsError
from recado.store import secrets
from recado.store.fake_numbers import claim_for_fake
from recado.store.pool import Pool
from recado.store.secrets import Vault
from recado.web.app import FakeNumber
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_records import FakeNumber as MetaNumber
from recado.whatsapp.fake_world import FakeOptions


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
        fake.add_number(as_meta_knows_it(number))

    return register
