"""The bundled server's process: launched until it really answers, asked to stop with growing force."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import asyncpg
import structlog

from recado.store.postgres_binaries import EmbeddedError
from recado.store.postgres_cluster import Cluster, plain_environment, running_pid

PATIENCE = (
    600.0  # seconds: crash recovery on a slow disk may take minutes, and must not be cut short
)
_RETRY = 10.0  # seconds: orphans of a killed server need a while to let go of its memory
_SLOW = 5.0  # seconds until the wait is worth a line in the log
_SMALL_SHM = 256 * 1024 * 1024  # bytes; containers often have 64 MB
_LONGEST_LOG = 16 * 1024 * 1024
_STOPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
_NOT_YET = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)

_log = structlog.get_logger(__name__)


def url_of(folder: Path, secret: str, database: str) -> str:
    """Gives the URL of a database behind the socket in `folder`."""
    return (
        f"postgresql://recado:{quote(secret, safe='')}@/{database}"
        f"?host={quote(str(folder), safe='')}&port=5432"
    )


def command_line(cluster: Cluster, postgres: str, folder: Path) -> list[str]:
    """Gives the command that serves a cluster on the socket in `folder`, and nowhere else."""
    name, _ = cluster.as_owner(cluster.folder)
    command = [postgres, "-D", name, "-k", str(folder), "-p", "5432", "-c", "listen_addresses="]
    command += ["-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"]
    if sys.platform == "linux" and _shared_memory_is_small():
        command += ["-c", "dynamic_shared_memory_type=mmap"]
    return command


async def launch(cluster: Cluster, command: list[str], url: str) -> subprocess.Popen[bytes]:
    """Launches until the server answers; while orphans of the last one hold its memory, again and again."""
    deadline = time.monotonic() + _RETRY
    while True:
        process, before = _spawn(cluster, command)
        if await _comes_up(cluster, process, url):
            return process
        said = _said_since(cluster.log, before)
        if not _passes(said) or time.monotonic() > deadline:
            last = " ".join(said.splitlines()[-3:])
            raise EmbeddedError(f"PostgreSQL did not start: {last} (see {cluster.log})")
        await asyncio.sleep(0.2)


async def answers(url: str) -> bool:
    """Makes a real connection; a wrong password is an error to show, anything else is 'not yet'."""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except _NOT_YET:
        return False
    except asyncpg.InvalidPasswordError as problem:
        raise EmbeddedError(
            "The password in postgres.password is not the server's: restore that file."
        ) from problem
    await connection.close()
    return True


async def stop(cluster: Cluster) -> None:
    """Stops a cluster's server: fast first, then at once (it recovers at the next start), then by force."""
    pid = running_pid(cluster)
    if pid is None:
        return
    for number, patience in _STOPS:
        _signal(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if running_pid(cluster) is None:
                return
            await asyncio.sleep(0.01)
        _log.warning("postgres_does_not_stop", pid=pid, signal=number.name)
    raise EmbeddedError(f"PostgreSQL (process {pid}) does not stop.")


def _spawn(cluster: Cluster, command: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """Starts the program in a session of its own; gives it, and where its part of the log begins."""
    if cluster.log.exists() and cluster.log.stat().st_size > _LONGEST_LOG:
        cluster.log.rename(cluster.log.with_suffix(".log.1"))
    _, owner = cluster.as_owner(cluster.folder)
    with cluster.log.open("ab") as log:
        begins = log.tell()  # before the launch: the program shares our place in the file
        process = subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=plain_environment(),
            start_new_session=True,
            **owner,
        )
        return process, begins


async def _comes_up(cluster: Cluster, process: subprocess.Popen[bytes], url: str) -> bool:
    """Waits for a real connection; tells whether one was made before the server ended."""
    begun, slow, up = time.monotonic(), False, False
    try:
        while process.poll() is None and not (up := await answers(url)):
            waited = time.monotonic() - begun
            if waited > _SLOW and not slow:
                slow = True
                _log.info("postgres_starts_slowly", log=str(cluster.log))
            if waited > PATIENCE:
                raise EmbeddedError(f"PostgreSQL runs but does not answer: see {cluster.log}.")
            await asyncio.sleep(0.02)
    finally:
        if not up:
            process.send_signal(signal.SIGINT)
    return up


def _said_since(log: Path, before: int) -> str:
    with log.open("rb") as file:
        file.seek(before)
        return file.read().decode(errors="replace")


def _passes(said: str) -> bool:
    return "pre-existing shared memory block" in said or "another postmaster" in said


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _shared_memory_is_small() -> bool:
    try:
        return shutil.disk_usage("/dev/shm").free < _SMALL_SHM
    except OSError:
        return True
