"""What turns keep in memory of flows, when there is more of it than they may keep."""

import pytest

from recado.store.pool import Pool
from recado.worker import standing
from tests.worker.stage import ASK_NAME, run_until_idle, set_up

pytestmark = pytest.mark.asyncio


async def test_a_batch_keeps_what_it_needs_however_little_may_be_kept(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "SHELVES_KEPT", 1)
    stage = await set_up(pool, ASK_NAME)
    turns = stage.turns()
    ana, bia = await stage.customer(), await stage.customer("5511912340000")
    await stage.hears(ana, "Oi")
    await run_until_idle(turns.step)
    assert stage.flow
    await stage.publish_again(stage.flow, ASK_NAME)

    await stage.hears(ana, "Ana")
    await stage.hears(bia, "Oi")
    await turns.step()

    assert await stage.value("select count(*) from inbox") == 0
    assert await stage.value("select count(distinct flow_version_id) from conversation_states") == 2
