"""Background jobs on PgQueuer: what nobody waits for and needs no order among conversations.

A schedule only puts a job into the queue, once however many processes run this; whoever takes the job runs it, and
it is retried with growing pauses when it fails.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.applications import PgQueuer
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain.models import Job, Schedule
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

from recado.store import retention
from recado.store.burial import JOB as BURY
from recado.store.partitions import ensure_partitions
from recado.store.pool import Db, Pool, session_settings
from recado.worker.burial import bury

MAINTAIN, DAILY = "maintain", "17 3 * * *"  # UTC

SEEN_DAYS = 8  # Meta repeats a delivery for 7 days
POST_DAYS = 7
SESSION_DAYS = 30
BATCH = 5_000
TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
LOOK = timedelta(seconds=10)  # nothing rings when a pause is over

# The names of our migration. PgQueuer would read them from variables as common as FUNCTION or CHANNEL.
NAMES = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
)

_log = structlog.get_logger(__name__)


async def run_jobs(url: str, *, pool: Pool, stop: asyncio.Event) -> None:
    """Runs due jobs until `stop` is set and the job at hand has ended; raises when the database goes away.

    PgQueuer talks on a connection of its own, without our jsonb codec; the jobs work on the pool.
    """
    connection = await asyncpg.connect(url, server_settings=session_settings("recado jobs"))
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    queuer = build(connection, pool, stop)
    running = asyncio.create_task(
        queuer.run(dequeue_timeout=LOOK, shutdown_on_listener_failure=True)
    )
    try:
        await _first(running, stop, lost)
        queuer.shutdown.set()
        if not stop.is_set():
            running.cancel()  # without its connection it would notice at the next schedule only
        await asyncio.wait([running])
        if lost.is_set():
            raise ConnectionError("the connection of the background jobs was lost")
        await running
    finally:
        running.cancel()
        connection.terminate()


async def _first(running: asyncio.Task[None], *events: asyncio.Event) -> None:
    """Waits for the end of a task or one of the events."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait([running, *waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


def build(connection: Db, pool: Pool, stop: asyncio.Event) -> PgQueuer:
    """Registers the jobs and the schedule on a PgQueuer that speaks over `connection`."""
    jobs = queries(connection)
    queuer = PgQueuer(jobs.driver, channel=Channel(NAMES.channel), queries=jobs)

    async def maintain_now(_: Job) -> None:
        async with pool.acquire() as db:
            await maintain(db, datetime.now(UTC), stop=stop)

    async def bury_now(job: Job) -> None:
        async with pool.acquire() as db:
            await bury(db, UUID((job.payload or b"").decode()), stop=stop)

    queuer.entrypoint(BURY, concurrency_limit=1, executor_factory=_retrying)(bury_now)
    queuer.entrypoint(MAINTAIN, concurrency_limit=1, executor_factory=_retrying)(maintain_now)
    queuer.schedule(MAINTAIN, DAILY)(_enqueue(jobs, MAINTAIN))
    return queuer


def queries(connection: Db) -> Queries:
    """Speaks PgQueuer's SQL, with the names of our migration, over a plain asyncpg connection."""
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(NAMES),
        qbq=QueryQueueBuilder(NAMES),
        qbs=QuerySchedulerBuilder(NAMES),
    )


async def maintain(db: Db, now: datetime, *, stop: asyncio.Event) -> dict[str, int]:
    """Makes coming partitions and forgets what is too old; tells how much of each."""
    made = await ensure_partitions(db, now.date())
    seen_before = (now - timedelta(days=SEEN_DAYS)).date()
    posts_before, sessions_before = (
        now - timedelta(days=days) for days in (POST_DAYS, SESSION_DAYS)
    )
    counts = {
        "partitions": len(made),
        "seen": await _all(
            lambda: retention.forget_seen(db, before=seen_before, limit=BATCH), stop
        ),
        "posts": await _all(
            lambda: retention.forget_posts(db, before=posts_before, limit=BATCH), stop
        ),
        "sessions": await _all(
            lambda: retention.forget_sessions(db, before=sessions_before, limit=BATCH), stop
        ),
        "sign_ins": await _all(
            lambda: retention.forget_sign_ins(db, before=now, limit=BATCH), stop
        ),
    }
    await bury(db, stop=stop)  # what a stop or too many failures left
    _log.info("maintenance_done", **counts)
    return counts


async def _all(batch: Callable[[], Awaitable[int]], stop: asyncio.Event) -> int:
    """Repeats a batch until it is not full, or this process is to stop: the next run goes on from there."""
    total = 0
    while not stop.is_set():
        count = await batch()
        total += count
        if count < BATCH:
            break
    return total


def _enqueue(jobs: Queries, name: str) -> Callable[[Schedule], Awaitable[None]]:
    async def enqueue(_: Schedule) -> None:
        await jobs.enqueue(name, None, dedupe_key=name, on_conflict="skip")

    return enqueue


def _retrying(parameters: EntrypointExecutorParameters) -> DatabaseRetryEntrypointExecutor:
    return DatabaseRetryEntrypointExecutor(
        parameters, max_attempts=TRIES, initial_delay=FIRST_PAUSE, max_delay=LONGEST_PAUSE
    )
