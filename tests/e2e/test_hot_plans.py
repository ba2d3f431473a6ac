"""What every message runs finds its rows by indexes, in the partitions that they are in, however much else is there.

Nothing is copied here: a conversation is held and the API is asked, and PostgreSQL tells how it ran the statements.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from recado.store.embedded import Server
from recado.store.history import list_log
from recado.store.paging import COUNT_LIMIT
from recado.store.pool import Pool, create_pool
from recado.worker.sweep import sweep
from tests.e2e.crowd import crowd, is_large, whole
from tests.e2e.plans import Run, explain_everything, runs_since
from tests.web.api import make_api
from tests.worker.stage import ASK_NAME, Stage, set_up
from tests.worker.town import Town, open_town

pytestmark = pytest.mark.asyncio

ANA, BIA = "5511912345678", "5511955554444"
A_FEW = 100  # rows; of each large table there are 20,000
READ = f"""select bool_and(m.status = 'read') from messages m
             join conversations v on v.id = m.conversation_id join contacts c on c.id = v.contact_id
            where m.direction = 'out' and c.phone = '{BIA}'"""
TOUCHED = {"inbox", "inbox_seen", "outbox", "conversations", "conversation_states", "contacts"}


@asynccontextmanager
async def crowded(
    pool: Pool, server: Server, url: str, *, plans: str
) -> AsyncIterator[tuple[Town, list[Run]]]:
    """Gives a town with a crowd in its database; when the block ends, the list has all that ran in it."""
    stage, runs = await set_up(pool, ASK_NAME), list[Run]()
    async with open_town(stage, pool, url) as town:
        await town.worker()
        town.meta.say(ANA, "oi")
        await town.got(ANA, 1)
        await town.meta.idle()
    await _one_of_each(stage)
    async with pool.acquire() as db:
        await crowd(db)
        await explain_everything(db, plans=plans)
    explained = await create_pool(url, min_size=1, max_size=8)
    begin = server.cluster.log.stat().st_size
    async with open_town(replace(stage, pool=explained), explained, url) as town:
        yield town, runs
    await explained.close()
    runs += runs_since(server.cluster.log, begin)


async def _one_of_each(stage: Stage) -> None:
    """Leaves a message in either direction waiting, so that there is one of them to multiply."""
    conversation = await stage.value("select id from conversations")
    await stage.hears(conversation, "Ana")
    await stage.says(conversation, "Até logo")


@pytest.mark.parametrize("plans", ["auto", "force_generic_plan"])
async def test_a_message_its_answer_and_its_statuses(
    pool: Pool, postgres_server: Server, database_url: str, plans: str
) -> None:
    async with crowded(pool, postgres_server, database_url, plans=plans) as (town, runs):
        await town.worker()
        for count, text in enumerate(("oi", "Bia", "30"), start=1):
            town.meta.say(BIA, text)
            await town.got(BIA, count)
        await town.meta.idle()
        await Stage(pool, town.stage.workspace, town.stage.number).until(READ)

    assert {visit.table for run in runs for visit in run.visits} >= TOUCHED
    for run in runs:
        assert_by_index(run)
        assert len(run.tables("messages")) <= 1, run.statement


@pytest.mark.parametrize("plans", ["auto", "force_generic_plan"])
async def test_what_time_does_to_a_long_queue(
    pool: Pool, postgres_server: Server, database_url: str, plans: str
) -> None:
    async with crowded(pool, postgres_server, database_url, plans=plans) as (town, runs):
        numbers = await pool.fetch("select distinct number_id as id from outbox")
        held = {row["id"]: 1_000 for row in numbers}
        async with town.stage.pool.acquire() as db:
            await sweep(db, held, [], unknown_wait=30)

    assert len(held) == 2
    assert "outbox" in {visit.table for run in runs for visit in run.visits}
    for run in runs:
        assert_by_index(run)


async def test_what_people_look_at(pool: Pool, postgres_server: Server, database_url: str) -> None:
    async with crowded(pool, postgres_server, database_url, plans="auto") as (town, runs):
        thread = await pool.fetchval("select id from conversations limit 1")
        async with make_api(town.stage.pool) as api:
            one = await api.join("viewer", workspace_id=town.stage.workspace)
            for path in ("", f"/{thread}", f"/{thread}/messages", f"/{thread}/journal"):
                assert (await one.get(f"/conversations{path}")).status == 200, path
        async with town.stage.pool.acquire() as db:
            for flow in (None, town.stage.flow):
                assert await list_log(
                    db, town.stage.workspace, flow_id=flow, contact_ids=None, limit=50, before=None
                )

    assert {visit.table for run in runs for visit in run.visits} >= {"conversations"}
    for run in runs:
        assert_little(run, most=COUNT_LIMIT + A_FEW)  # a list is counted up to a limit


def assert_by_index(run: Run) -> None:
    """Fails where a large table is read from end to end, or more of it than a few rows."""
    for visit in run.visits:
        if is_large(visit.table) and visit.rows:
            assert visit.how != "Seq Scan", (visit, run.statement)
    assert_little(run, most=A_FEW)


def assert_little(run: Run, *, most: int) -> None:
    """Fails where much of a large table, its partitions together, is read."""
    read = Counter[str]()
    for visit in run.visits:
        if is_large(visit.table):
            read[whole(visit.table)] += round(visit.rows)
    assert all(rows <= most for rows in read.values()), (read, run.statement)
