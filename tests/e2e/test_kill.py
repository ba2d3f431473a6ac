"""kill -9 at twenty random moments of two hundred conversations: nothing lost, nothing twice, nothing out of order.

RECADO_SEED=n repeats a run: the same scripts, the same moments, the same victims.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from recado.store.pool import UNAVAILABLE
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_faults import Fault
from tests.e2e.kill.archive import bundled, dry, given_up
from tests.e2e.kill.beside import beside
from tests.e2e.kill.crowd import Crowd
from tests.e2e.kill.killing import Kill, Killer, plan
from tests.e2e.kill.office import ADMIN, Office, shop_number
from tests.e2e.kill.process import Database, Recado
from tests.e2e.kill.script import flow, scripts
from tests.e2e.kill.verdict import Verdict, judge

CONVERSATIONS, KILLS, AT_ONCE = 200, 20, 60
GAPS = (0.0, *[0.25] * 2_000)  # Meta tries again soon, so that the test need not wait
UNKNOWN_WAIT = 2
# A status comes a quarter of a second after a start, long before a doubt ends: second copies need a machine that stalls.
DOUBLED_AT_MOST = KILLS // 4
# Requests take a while, so that there are some under way at each death, and a few get lost before Meta has them.
FAULTS = (
    Fault(kind="delay", ms=30, probability=0.3),
    Fault(kind="delay_answer", ms=30, probability=0.3),
    Fault(kind="reset_before", probability=0.01),
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(600)]


async def test_every_message_gets_its_turn_though_the_server_is_killed_twenty_times(
    tmp_path: Path,
) -> None:
    seed = int(os.environ.get("RECADO_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"\nRECADO_SEED={seed}")
    async with _meta(seed) as meta, _installation(tmp_path, meta) as recado:
        verdict, done = await _run(recado, meta, tmp_path, random.Random(seed))

        code = await recado.stop()

    _report(verdict, recado, done)
    assert not verdict.complaints, "\n".join(verdict.complaints)
    assert verdict.doubled <= DOUBLED_AT_MOST
    assert len(done) == KILLS
    assert sum(kill.database for kill in done) == KILLS // 2
    assert code == 0


async def _run(
    recado: Recado, meta: FakeMeta, data_dir: Path, luck: random.Random
) -> tuple[Verdict, list[Kill]]:
    """Lets the crowd talk while the killer works; judges when everything has come to rest."""
    crowd = Crowd(meta, scripts(CONVERSATIONS, luck), life=lambda: recado.starts)
    killer = Killer(meta, crowd, recado, Database(data_dir))
    kills = plan(KILLS, crowd.total, luck)
    async with aiohttp.ClientSession() as http:
        office = await Office.sign_in(http, recado.url)
        await office.open_shop(flow(), shop_number(recado.url))

    async with (
        beside(crowd.count()),
        beside(_excuse(crowd, data_dir)),
        asyncio.TaskGroup() as group,
    ):
        talking = group.create_task(crowd.talk(at_once=AT_ONCE))
        await killer.carry_out(kills)
        await crowd.patiently(talking)
    await meta.idle()
    async with bundled(data_dir) as db:
        await dry(db)
        crowd.hear_the_rest()
        return await judge(db, crowd, meta.deliveries.kept), killer.done


def _report(verdict: Verdict, recado: Recado, done: list[Kill]) -> None:
    """Prints the figures of the proof."""
    with_database = sum(kill.database for kill in done)
    mid_send = sum(kill.mid_send for kill in done)
    adopted, again = recado.events["send_adopted"], recado.events["send_again_after_doubt"]
    print(f"kills {len(done)}: with PostgreSQL {with_database}, in the middle of a send {mid_send}")
    print(f"starts {recado.starts}, {verdict}")
    print(f"adopted by a status {adopted}, sent again after a doubt {again}")


@asynccontextmanager
async def _meta(seed: int) -> AsyncIterator[FakeMeta]:
    meta = FakeMeta(gaps=GAPS, seed=seed)
    meta.fail(*FAULTS)
    await meta.start()
    try:
        yield meta
    finally:
        await meta.stop()


@asynccontextmanager
async def _installation(data_dir: Path, meta: FakeMeta) -> AsyncIterator[Recado]:
    """Starts a server with the bundled database, which lives as long as the block at most."""
    settings = {
        "RECADO_DATA_DIR": str(data_dir),
        "RECADO_GRAPH_URL": meta.url,
        "RECADO_UNKNOWN_WAIT": str(UNKNOWN_WAIT),
    }
    recado = Recado({**settings, **ADMIN})
    meta.add_number(shop_number(recado.url))
    try:
        await recado.start()
        yield recado
    except BaseException:
        print(recado.tail())
        raise
    finally:
        await recado.end()
        Database(data_dir).strike()


async def _excuse(crowd: Crowd, data_dir: Path) -> None:
    """Tells customers about answers that nobody may send again, which they would wait for in vain."""
    customers = {customer.script.phone: customer for customer in crowd.customers}
    while True:
        await asyncio.sleep(0.5)
        with suppress(asyncpg.PostgresError, *UNAVAILABLE):
            async with bundled(data_dir) as db:
                for phone, message in await given_up(db):
                    customers[phone].excuse(message)
