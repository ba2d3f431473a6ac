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

from recado.store.pool import Db, connect
from recado.store.postgres_cluster import open_cluster, password, running_socket_folder
from recado.store.postgres_process import url_of
from recado.whatsapp.fake import FakeMeta
from tests.e2e.kill.crowd import Crowd
from tests.e2e.kill.killing import Killer, plan
from tests.e2e.kill.office import ADMIN, Office, shop_number
from tests.e2e.kill.process import Database, Recado
from tests.e2e.kill.script import flow, scripts
from tests.e2e.kill.verdict import LEFT, Verdict, judge

CONVERSATIONS, KILLS, AT_ONCE = 200, 20, 60
GAPS = (0.0, *[0.25] * 2_000)  # Meta tries again soon, so that the test need not wait
GIVEN_UP = """select c.phone, m.id from messages m
                join conversations v on v.id = m.conversation_id join contacts c on c.id = v.contact_id
               where m.direction = 'out' and m.status = 'unknown'
                 and not exists (select from outbox o where o.id = m.id)"""

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(400)]


async def test_every_message_gets_its_turn_though_the_server_is_killed_twenty_times(
    tmp_path: Path,
) -> None:
    seed = int(os.environ.get("RECADO_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"\nRECADO_SEED={seed}")
    luck = random.Random(seed)
    async with _meta() as meta:
        recado = _installation(tmp_path, meta)
        meta.add_number(shop_number(recado.url))
        try:
            await _run(recado, meta, tmp_path, luck)
        except BaseException:
            print(recado.tail())
            raise
        finally:
            recado.strike()
            Database(tmp_path).strike()


async def _run(recado: Recado, meta: FakeMeta, data_dir: Path, luck: random.Random) -> None:
    crowd = Crowd(meta, scripts(CONVERSATIONS, luck), life=lambda: recado.starts)
    killer = Killer(meta, crowd, recado, Database(data_dir))
    kills = plan(KILLS, crowd.total, luck)
    await recado.start()
    async with aiohttp.ClientSession() as http:
        office = await Office.sign_in(http, recado.url)
        await office.open_shop(flow(), shop_number(recado.url))

    async with _beside(crowd.count()), _beside(_excuse(crowd, data_dir)):
        killing = asyncio.create_task(killer.carry_out(kills))
        await crowd.talk(at_once=AT_ONCE)
        await killing
        await meta.idle()
        await _dry(data_dir)
    crowd.hear_the_rest()
    async with _database(data_dir) as db:
        verdict = await judge(db, crowd.customers, meta.deliveries.kept)
    code = await recado.stop()

    _report(verdict, recado, killer)
    assert not verdict.complaints, "\n".join(verdict.complaints)
    assert len(killer.done) == KILLS
    assert sum(kill.database for kill in killer.done) == KILLS // 2
    assert code == 0


def _report(verdict: Verdict, recado: Recado, killer: Killer) -> None:
    """Prints the figures of the proof."""
    with_database = sum(kill.database for kill in killer.done)
    mid_send = sum(kill.mid_send for kill in killer.done)
    print(
        f"kills {len(killer.done)} (with PostgreSQL {with_database}, in the middle of a send {mid_send}),"
        f" starts {recado.starts}\n"
        f"turns {verdict.turns}, answers {verdict.answers}, lost {verdict.lost}, doubled {verdict.doubled},"
        f" reordered {verdict.reordered}, unknown {verdict.unknown}\n"
        f"adopted by a status {recado.events['send_adopted']},"
        f" sent again after a doubt {recado.events['send_again_after_doubt']},"
        f" overtaken on Meta's side {verdict.overtaken}"
    )


@asynccontextmanager
async def _meta() -> AsyncIterator[FakeMeta]:
    meta = FakeMeta(gaps=GAPS)
    await meta.start()
    try:
        yield meta
    finally:
        await meta.stop()


def _installation(data_dir: Path, meta: FakeMeta) -> Recado:
    return Recado(
        {
            "RECADO_DATA_DIR": str(data_dir),
            "RECADO_GRAPH_URL": meta.url,
            "RECADO_UNKNOWN_WAIT": "1",
            **ADMIN,
        }
    )


@asynccontextmanager
async def _beside(work: "asyncio._CoroutineLike[None]") -> AsyncIterator[None]:
    """Runs something beside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _database(data_dir: Path) -> AsyncIterator[Db]:
    """Connects to the bundled database beside the server, without keeping it alive."""
    cluster = open_cluster(data_dir)
    url = url_of(running_socket_folder(cluster), password(cluster), "recado")
    db = await connect(url, application_name="recado test")
    try:
        yield db
    finally:
        await db.close()


async def _excuse(crowd: Crowd, data_dir: Path) -> None:
    """Tells customers, until cancelled, about answers that nobody may send again: they would wait for ever."""
    customers = {customer.script.phone: customer for customer in crowd.customers}
    while True:
        await asyncio.sleep(0.5)
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with _database(data_dir) as db:
                for row in await db.fetch(GIVEN_UP):
                    customers[row["phone"]].excuse(row["id"])


async def _dry(data_dir: Path) -> None:
    """Waits until nothing waits any more in the database."""
    async with asyncio.timeout(60), _database(data_dir) as db:
        while any(row[0] for row in await db.fetch(LEFT)):
            await asyncio.sleep(0.05)
