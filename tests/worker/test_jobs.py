"""The background jobs: put into the queue by their schedule, run once, retried, and ended with the process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.partitions import months_after
from recado.store.pool import UNAVAILABLE, Db, Pool
from recado.worker import jobs

pytestmark = pytest.mark.asyncio
PATIENCE = 30
# Whichever notices first: the connection that ends, or the statement that was under way.
LOST = (asyncpg.PostgresError, *UNAVAILABLE)
NOW = datetime(2033, 5, 20, 3, 17, tzinfo=UTC)


@pytest_asyncio.fixture
async def db(pool: Pool) -> AsyncIterator[Db]:
    """One connection to the test's database."""
    async with pool.acquire() as db:
        yield db


async def test_maintenance_makes_partitions_and_forgets_what_is_old(db: Db) -> None:
    await db.execute(
        "insert into inbox_seen values ('1', 'old', '2033-05-11'), ('1', 'new', '2033-05-12')"
    )
    for days in (8, 6):
        await _post(db, "stored", NOW - timedelta(days=days))

    counts = await jobs.maintain(db, NOW, stop=asyncio.Event())

    assert counts == {"partitions": 6, "seen": 1, "posts": 1, "sessions": 0, "sign_ins": 0}
    assert await db.fetchval("select array_agg(key) from inbox_seen") == ["new"]


async def test_maintenance_goes_on_while_batches_are_full(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)
    await db.execute(
        "insert into inbox_seen select '1', n::text, '2033-01-01' from generate_series(1, 7) n"
    )

    counts = await jobs.maintain(db, NOW, stop=asyncio.Event())

    assert counts["seen"] == 7


async def test_a_process_that_stops_leaves_the_rest_to_the_next_run(db: Db) -> None:
    await db.execute("insert into inbox_seen values ('1', 'old', '2033-01-01')")
    stop = asyncio.Event()
    stop.set()

    counts = await jobs.maintain(db, NOW, stop=stop)

    assert counts["seen"] == 0
    assert await db.fetchval("select count(*) from inbox_seen") == 1


async def test_a_due_schedule_runs_its_job_once_though_two_processes_work(
    database_url: str, pool: Pool
) -> None:
    await _make_due(database_url, pool)
    stop = asyncio.Event()

    workers = [
        asyncio.create_task(jobs.run_jobs(database_url, pool=pool, stop=stop)) for _ in range(2)
    ]
    await _until(lambda: _finished(pool, jobs.MAINTAIN))
    stop.set()
    await asyncio.wait_for(asyncio.gather(*workers), PATIENCE)

    assert await _finished(pool, jobs.MAINTAIN) == 1
    month = months_after(datetime.now(UTC).date(), 2)
    assert await pool.fetchval("select to_regclass($1)", f"messages_{month:%Y_%m}") is not None
    assert await pool.fetchval("select count(*) from inbox_seen") == 0


async def test_a_failing_job_is_kept_and_tried_again(
    database_url: str, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def fail_once(db: Db, now: datetime, *, stop: asyncio.Event) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("disk full")

    monkeypatch.setattr(jobs, "maintain", fail_once)
    monkeypatch.setattr(jobs, "FIRST_PAUSE", timedelta(milliseconds=1))
    await _make_due(database_url, pool)
    stop = asyncio.Event()

    worker = asyncio.create_task(jobs.run_jobs(database_url, pool=pool, stop=stop))
    await _until(lambda: _finished(pool, jobs.MAINTAIN))
    stop.set()
    await asyncio.wait_for(worker, PATIENCE)

    assert tries == 2


async def test_a_lost_database_ends_the_loop_with_an_error(database_url: str, pool: Pool) -> None:
    stop = asyncio.Event()
    worker = asyncio.create_task(jobs.run_jobs(database_url, pool=pool, stop=stop))

    await _until(lambda: pool.fetchval("select count(*) from pgqueuer_schedules"))
    await pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'recado jobs'"
    )

    with pytest.raises(LOST):
        await asyncio.wait_for(worker, PATIENCE)


async def _until(count: Callable[[], Awaitable[int]]) -> None:
    """Waits for the first row of something that is counted."""
    async with asyncio.timeout(PATIENCE):
        while await count() == 0:  # noqa: ASYNC110 - the event is in the database
            await asyncio.sleep(0.02)


async def _make_due(url: str, pool: Pool) -> None:
    """Enters the daily schedule as a process that ended long ago left it."""
    await pool.execute(
        "insert into pgqueuer_schedules (expression, entrypoint, next_run) values ($1, $2, now() - interval '1 hour')",
        jobs.DAILY,
        jobs.MAINTAIN,
    )
    await pool.execute("insert into inbox_seen values ('1', 'old', $1)", date(2020, 1, 1))


async def _finished(pool: Pool, name: str) -> int:
    count: int = await pool.fetchval(
        "select count(*) from pgqueuer_log where entrypoint = $1 and status = 'successful'", name
    )
    return count


async def _post(db: Db, outcome: str, at: datetime) -> None:
    await db.execute(
        "insert into webhook_log (id, outcome, body, received_at) values ($1, $2, '', $3)",
        new_id(),
        outcome,
        at,
    )
