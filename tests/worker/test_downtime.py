"""Time that passes while nobody runs: Meta's statuses wait with us, so it must not count against a doubt."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker.settle import Settler
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import run_until_idle, set_up

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        desk.meta.say(ANA, "oi")
        yield desk


async def test_a_doubt_that_ran_out_while_nobody_ran_waits_anew_for_its_status(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.work()
    await desk.stage.pass_time(3_600)
    await desk.stage.sql("update number_senders set until = clock_timestamp()")

    await desk.work(after := desk.new_sender())
    await desk.stage.hears_status(id, "sent", wamid=desk.meta.sent_to(ANA)[0].wamid)
    await run_until_idle(Settler(desk.stage.pool, freed=lambda _: None).step)
    await desk.work(after)

    fate = await desk.stage.fate(id)
    assert (fate["status"], fate["double_wamid"]) == ("sent", None)
    assert desk.texts() == ["Olá"]


async def test_a_doubt_without_a_status_is_resent_once_the_wait_is_over_in_the_next_life(
    desk: Desk,
) -> None:
    desk.meta.fail(Fault(kind="reset_before", count=1))
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "Olá")
    await desk.work()
    await desk.stage.pass_time(3_600)
    await desk.stage.sql("update number_senders set until = clock_timestamp()")

    await desk.work(after := desk.new_sender())
    before = desk.texts()
    await desk.stage.pass_time(31)
    await desk.work(after)

    assert (before, desk.texts()) == ([], ["Olá"])
