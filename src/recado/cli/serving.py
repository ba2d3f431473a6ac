"""Puts a server together: database, migrations, web and workers, and takes it apart again within ten seconds.

Stopping: claiming and listening end at once; requests under way get four seconds and sends in flight seven and a half,
side by side; the pool and the bundled database close last. What was not finished is found again by the next start.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import asyncpg
import structlog

from recado.cli import memory
from recado.cli.fake import find_fake
from recado.cli.listening import Server, listen, metrics_on_their_port, served
from recado.cli.logs import set_up_logs
from recado.config import Settings, SettingsError, secret_key, unknown_settings
from recado.store.embedded import embedded
from recado.store.migrate import migrate
from recado.store.pool import UNAVAILABLE, Pool, create_pool
from recado.store.secrets import Vault
from recado.web.app import FakeMetaInfo, create_app
from recado.web.receiver import Receiver
from recado.web.setup import ensure_admin, first_run_token
from recado.worker.run import ROLES, Worker

log = structlog.get_logger(__name__)

GRACE = 7.5  # seconds for what is under way
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Base:
    """What every role stands on."""

    settings: Settings
    url: str
    pool: Pool
    vault: Vault


async def serve(settings: Settings, *, roles: frozenset[str], reuse_port: bool) -> None:
    """Runs this process's roles until a signal comes."""
    speak(settings)
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(based(settings))
        await ensure_owner(base)
        listening = (
            listen(settings.host, settings.port, reuse_port=reuse_port) if "web" in roles else None
        )
        fake = await find_fake(settings.graph_url) if listening else None
        serving = started(base, roles=roles, listening=listening, fake_meta=fake)
        stop = await stack.enter_async_context(serving)
        await announce(base, f"Recado is running: {', '.join(sorted(roles))}.", listening)
        await stop.wait()


async def migrate_only(settings: Settings) -> None:
    """Brings the schema up to date."""
    speak(settings)
    async with database(settings) as url:
        changed = await migrate(url)
    print("The schema was brought up to date." if changed else "The schema is up to date.")


@asynccontextmanager
async def based(settings: Settings) -> AsyncIterator[Base]:
    """Gives what the roles stand on, the database migrated, while the block runs."""
    vault = Vault(secret_key(settings))
    make_sqlite_folder(settings)
    async with database(settings) as url:
        await migrate(url)
        pool = await create_pool(url, min_size=2, max_size=settings.pool_size)
        try:
            yield Base(settings, url, pool, vault)
        finally:
            await _close(pool)


def make_sqlite_folder(settings: Settings) -> None:
    """Makes the folder for the SQLite files of connections; without it everything else works."""
    try:
        (settings.data_dir / "sqlite").mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        log.warning("no_sqlite_folder", reason=problem.strerror)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """Gives the URL of the database that the settings name, the bundled one while the block runs."""
    if settings.database_url is None:
        async with embedded(settings.data_dir, pg_bin=settings.pg_bin) as url:
            yield url
        return
    url = settings.database_url.get_secret_value()
    try:
        await (await asyncpg.connect(url, timeout=10)).close()
    except (asyncpg.PostgresError, *UNAVAILABLE) as problem:
        raise SettingsError(
            f"RECADO_DATABASE_URL must lead to a PostgreSQL that answers: {problem or 'no answer'}."
        ) from None
    yield url


@asynccontextmanager
async def started(
    base: Base,
    *,
    roles: frozenset[str],
    listening: socket.socket | None,
    fake_meta: FakeMetaInfo | None,
) -> AsyncIterator[asyncio.Event]:
    """Starts the roles; gives the event that a signal sets; stops web and workers side by side when the block ends."""
    stop = stop_on_signals()
    worker = None
    endings: list[Callable[[], Awaitable[None]]] = []
    if base.settings.metrics_port is not None:
        endings.append(metrics_on_their_port(base.pool, base.settings))
    if roles & ROLES:
        worker = Worker(
            base.pool, base.vault, settings=base.settings, url=base.url, roles=roles & ROLES
        )
        await worker.start()
        endings.append(partial(worker.drain, GRACE))
    if listening is not None:
        endings.append(await _web(base, worker, roles, listening, fake_meta))
    memory.settle()
    try:
        yield stop
    finally:
        await asyncio.gather(*(_in_time(ending()) for ending in endings))


async def _in_time(ending: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(ending, GRACE + 0.5)
    except TimeoutError:
        log.warning("stopped_in_the_middle")


async def _web(
    base: Base,
    worker: Worker | None,
    roles: frozenset[str],
    listening: socket.socket,
    fake_meta: FakeMetaInfo | None,
) -> Callable[[], Awaitable[None]]:
    """Starts to serve; gives what ends it."""
    receiver = Receiver(
        base.pool,
        base.vault,
        wake_turns=worker.wake_turns if worker and "turn" in roles else None,
        wake_statuses=worker.wake_settle if worker and "settle" in roles else None,
    )
    receiver.start()
    app = create_app(base.pool, base.vault, base.settings, receiver=receiver, fake_meta=fake_meta)
    server = Server(served(app, receiver=receiver))
    serving = asyncio.create_task(server.serve(sockets=[listening]))

    async def close() -> None:
        # Requests that are cut off now are Meta's to repeat; uvicorn would print a traceback for each.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.should_exit = True
        await serving
        await receiver.stop(within=GRACE)
        await app.state.serving.scripts.close()

    return close


async def ensure_owner(base: Base) -> None:
    """Makes the owner that the settings name, unless there is one."""
    email, password = base.settings.admin_email, base.settings.admin_password
    if email and password:
        await ensure_admin(base.pool, email, password.get_secret_value())


async def announce(base: Base, line: str, listening: socket.socket | None) -> None:
    """Prints that the server runs, where its API is, and how to sign in for the first time."""
    lines = [line]
    if listening is not None:
        host, port = listening.getsockname()[:2]
        api = base.settings.public_url or f"http://{host}:{port}"
        lines.append(f"The API is at {api}/api/v1/")
        if (token := await first_run_token(base.pool)) is not None:
            lines.append(
                "To sign in for the first time, POST /api/v1/setup with "
                f'{{"token": "{token}", "name": ..., "email": ..., "password": ...}}'
            )
    print("\n" + "\n".join(lines) + "\n", flush=True)


def stop_on_signals() -> asyncio.Event:
    """Gives an event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        loop.add_signal_handler(name, stop.set)
    return stop


def speak(settings: Settings) -> None:
    """Sets the logs up, and prints a warning for each variable that is no setting."""
    set_up_logs(settings.log_level)
    for warning in unknown_settings():
        print(warning, flush=True)


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), timeout=1.5)
    except TimeoutError:
        pool.terminate()
