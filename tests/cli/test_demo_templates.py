"""The demo's templates: what Recado begins with is what its fake Meta would tell it in a sync."""

import pytest

from recado.cli import demo_templates
from recado.engine.template_checks import KnownButton, read_template
from recado.store import templates as store
from recado.store.pool import Pool
from recado.store.templates import Wanted
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.templates import list_templates
from tests.worker.desk import NUMBER
from tests.worker.stage import set_up


@pytest.mark.asyncio
async def test_what_is_kept_is_what_a_sync_would_find(pool: Pool) -> None:
    stage = await set_up(pool)
    meta = FakeMeta([NUMBER])
    await meta.start()
    demo_templates.approve(meta, NUMBER.waba_id)
    async with pool.acquire() as db, GraphClient() as client:
        await demo_templates.keep(db, stage.workspace, NUMBER.waba_id)
        kept = await store.list_templates(db, stage.workspace, Wanted(), limit=10)
        account = Account(NUMBER.phone_number_id, NUMBER.access_token, graph_url=meta.url)
        listed = await list_templates(client, account, NUMBER.waba_id)
    await meta.stop()

    assert isinstance(listed, list)
    ours = {each.name: each for each in listed if each.name != "hello_world"}
    assert [(each.name, each.status) for each in kept] == [
        ("lembrete_consulta", "APPROVED"),
        ("pedido_enviado", "APPROVED"),
    ]
    for each in kept:
        seen = ours[each.name]
        assert (each.meta_id, each.language, each.parameter_format, each.components) == (
            seen.id,
            seen.language,
            seen.parameter_format,
            seen.components,
        )


def test_the_demo_shows_both_kinds_of_values() -> None:
    reminder, sent = (
        read_template(
            each.name,
            each.language,
            status=each.status,
            parameter_format=each.parameter_format,
            components=list(each.components),
        )
        for each in demo_templates.TEMPLATES
    )

    assert (reminder.body_values, sent.body_values) == (("1", "2"), ("nome", "pedido"))
    assert sent.buttons == (KnownButton("url", "Acompanhar", needs_value=True),)
