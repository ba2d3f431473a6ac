"""The bundled PostgreSQL: started when the first process needs it, stopped when the last one ends.

Processes that use one data folder share its server: the first starts it under a lock, each holds a shared lock while
it uses it, and the last to leave stops it. The server has a session of its own, so Ctrl-C in our terminal does not
reach it, and a killed process leaves a server behind that the next one takes over. A server that ends although it
is in use (killed for its memory, say) is started again by its users.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import structlog

from recado.store import postgres_process
from recado.store.postgres_binaries import EmbeddedError, copy_for, find_binaries
from recado.store.postgres_cluster import (
    Cluster,
    drop_socket_folder,
    drop_stale_locks,
    make_cluster,
    open_cluster,
    password,
    running_pid,
    running_socket_folder,
    socket_folder,
)

if sys.platform != "win32":
    import fcntl

_DATABASE = "recado"
_LOOK = 1.0  # seconds

_log = structlog.get_logger(__name__)


class Server:
    """A running server that this process uses until `stop`."""

    def __init__(
        self,
        cluster: Cluster,
        url: str,
        *,
        users: int,
        child: subprocess.Popen[bytes] | None,
        pg_bin: Path | None = None,
    ) -> None:
        self.cluster = cluster
        self.url = url
        self._users = users
        self._child = child
        self._pg_bin = pg_bin
        self._starting: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Gives the server's process id; None when it has ended."""
        return running_pid(self.cluster)

    async def keep(self) -> None:
        """Starts the server again whenever it has ended, until this is cancelled.

        A start that has begun goes on even then, for `stop` to wait for: half a start would leave a server behind.
        """
        while True:
            await asyncio.sleep(_LOOK)
            try:
                if self.pid is None:
                    _log.error("postgres_ended", log=str(self.cluster.log))
                    self._starting = asyncio.create_task(self._start_again())
                    await asyncio.shield(self._starting)
            except Exception as problem:  # noqa: BLE001 - nobody else would start it
                _log.critical("postgres_does_not_start", reason=repr(problem)[:500])

    async def _start_again(self) -> None:
        """Starts it unless another user has."""
        if self._child is not None:
            self._child.poll()  # reaps it
        async with _locked(self.cluster):
            if not await _runs(self.cluster):
                self._child = await _start(self.cluster, self._pg_bin, {})
        _log.info("postgres_is_back")

    async def stop(self) -> None:
        """Stops the server, unless another process uses it still; calling it again does nothing."""
        if self._users < 0:
            return
        if self._starting is not None:
            await asyncio.wait([self._starting])
        async with _locked(self.cluster):
            try:
                if _only_user(self._users):
                    await postgres_process.stop(self.cluster)
                    drop_socket_folder(self.cluster)
            finally:
                os.close(self._users)
                self._users = -1
        if self._child is not None:
            self._child.poll()  # reaps it


async def start(
    data_dir: Path, *, pg_bin: Path | None = None, settings: Mapping[str, str] | None = None
) -> Server:
    """Starts the server of a data folder, or joins the one that runs; `settings` only count for a new cluster."""
    if sys.platform == "win32":
        raise EmbeddedError("On Windows, RECADO_DATABASE_URL must name a PostgreSQL server.")
    cluster = open_cluster(data_dir)
    async with _locked(cluster):
        child = None
        if not await _runs(cluster):
            child = await _start(cluster, pg_bin, settings or {})
        folder, secret = running_socket_folder(cluster), password(cluster)
        await _make_database(postgres_process.url_of(folder, secret, "postgres"))
        users = _open(cluster, "users")
        fcntl.flock(users, fcntl.LOCK_SH)
    url = postgres_process.url_of(folder, secret, _DATABASE)
    return Server(cluster, url, users=users, child=child, pg_bin=pg_bin)


@asynccontextmanager
async def embedded(data_dir: Path, *, pg_bin: Path | None = None) -> AsyncIterator[str]:
    """Gives the URL of a data folder's server while the block runs."""
    server = await start(data_dir, pg_bin=pg_bin)
    keeping = asyncio.create_task(server.keep())
    try:
        yield server.url
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await server.stop()


async def _runs(cluster: Cluster) -> bool:
    """Tells whether a server runs and answers; waits for one that is just starting, recovering or stopping."""
    deadline = time.monotonic() + postgres_process.PATIENCE
    while running_pid(cluster) is not None:
        folder = running_socket_folder(cluster)
        if await postgres_process.answers(
            postgres_process.url_of(folder, password(cluster), "postgres")
        ):
            return True
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"The PostgreSQL of {cluster.data_dir} does not answer: see {cluster.log}."
            )
        await asyncio.sleep(0.05)
    return False


async def _start(
    cluster: Cluster, pg_bin: Path | None, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    binaries = await asyncio.to_thread(find_binaries, pg_bin, cluster_major=cluster.major)
    if os.getuid() == 0:
        binaries = await asyncio.to_thread(copy_for, binaries, uid=cluster.uid, gid=cluster.gid)
    secret, folder = password(cluster), socket_folder(cluster)
    if cluster.major is None:
        await asyncio.to_thread(make_cluster, cluster, binaries, secret=secret, settings=settings)
    drop_stale_locks(cluster)
    command = postgres_process.command_line(cluster, binaries.postgres, folder)
    url = postgres_process.url_of(folder, secret, "postgres")
    return await postgres_process.launch(cluster, command, url)


async def _make_database(url: str) -> None:
    """Makes our database when it is missing: the process that started the server may have been killed before."""
    connection = await asyncpg.connect(url)
    try:
        found = "select 1 from pg_database where datname = $1"
        if not await connection.fetchval(found, _DATABASE):
            await connection.execute(f"create database {_DATABASE}")
    finally:
        await connection.close()


@asynccontextmanager
async def _locked(cluster: Cluster) -> AsyncIterator[None]:
    """Keeps other processes from starting or stopping this folder's server meanwhile."""
    lock = _open(cluster, "lock")
    deadline = time.monotonic() + 2 * postgres_process.PATIENCE
    try:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Another process keeps {cluster.data_dir}/postgres.lock.")
            await asyncio.sleep(0.02)
        yield
    finally:
        os.close(lock)


def _open(cluster: Cluster, kind: str) -> int:
    return os.open(cluster.data_dir / f"postgres.{kind}", os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _only_user(users: int) -> bool:
    """Turns our shared lock into the only one, which fails while anybody else holds it."""
    return _try_lock(users)
