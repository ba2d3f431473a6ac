"""What the tests of the bundled server do to processes and servers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg

from recado.store.embedded import Server

USER = """
import asyncio, sys
from pathlib import Path
from recado.store.embedded import embedded, start

async def main():
    server = await start(Path(sys.argv[1]))
    print(server.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()

asyncio.run(main())
"""


def pid_of(server: Server) -> int:
    assert server.pid is not None
    return server.pid


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill_group(pid: int) -> None:
    """Kills a server and all its processes, as a power cut would."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def sleeper_beside(data_dir: Path) -> subprocess.Popen[bytes]:
    """Starts some other program of the server's user."""
    owner = (data_dir / "postgres").stat().st_uid if os.getuid() == 0 else None
    return subprocess.Popen(["sleep", "600"], user=owner)


def start_user(data_dir: Path) -> subprocess.Popen[str]:
    """Starts a process that uses the server until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline()


async def value_of(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
