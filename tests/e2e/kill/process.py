"""A real Recado in a process group of its own, with everything a test needs to kill it as a machine would."""

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from recado.cli import ALL_ROLES

ROOT = Path(__file__).parents[3]
READY = "Recado is running: "
UP_WITHIN = 60.0
DOWN_WITHIN = 10.0  # the product's own promise
LINES_KEPT = 400
EVENT = re.compile(r'"event": "(\w+)"')
# Below what Linux lends to outgoing connections, so that nobody takes the port while the server is down.
PORTS = range(20_000, 32_000)


class DidNotStart(Exception):
    """The process ended, or said nothing, before it was ready."""


class Recado:
    """One installation: its settings, and the process that runs it at the moment, if any.

    It is `recado serve`; `module` is what Python runs in its place. `events` counts its log lines by name.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        *,
        roles: str = ALL_ROLES,
        options: Sequence[str] = (),
        module: str = "recado",
        port: int | None = None,
    ) -> None:
        self.port = free_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self.said: deque[str] = deque(maxlen=LINES_KEPT)
        self.events: Counter[str] = Counter()
        self.starts = 0
        self._serves = "web" in roles
        self._command = (sys.executable, "-m", module, "serve", "--roles", roles, *options)
        self._environment = _environment({"RECADO_PORT": str(self.port), **settings})
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def process(self) -> asyncio.subprocess.Process:
        """Gives the running process."""
        if self._process is None:
            raise DidNotStart("not started")
        return self._process

    async def start(self) -> None:
        """Starts a process and waits until it says that it is ready."""
        self.starts += 1
        ready = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read(self._process, ready))
        try:
            await asyncio.wait_for(ready.wait(), UP_WITHIN)
        except TimeoutError:
            raise DidNotStart(self.tail()) from None
        if self._process.returncode is not None:
            raise DidNotStart(self.tail())
        if self._serves:
            await self._listens()

    def strike(self) -> None:
        """Kills the whole process group, now; `bury` waits until it is gone."""
        process = self.process
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)

    def freeze(self, *, thaw: bool = False) -> None:
        """Stops the process as a machine without breath does, or lets it go on."""
        os.killpg(self.process.pid, signal.SIGCONT if thaw else signal.SIGSTOP)

    async def bury(self) -> int:
        """Waits until the process is gone; gives its exit code."""
        code = await self.process.wait()
        if self._reading is not None:
            await self._reading
        return code

    async def stop(self) -> int:
        """Asks the process to stop, as a supervisor does; gives its exit code."""
        process = self.process
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.bury(), DOWN_WITHIN)

    async def end(self) -> None:
        """Leaves nothing behind."""
        if self._process is not None:
            self.strike()
            await self.bury()

    def tail(self) -> str:
        """Gives the last lines that the process wrote."""
        return "\n".join(self.said)

    async def _listens(self) -> None:
        """Waits until the port takes connections."""
        async with asyncio.timeout(UP_WITHIN):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    return

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        assert process.stdout is not None
        async for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            if line:
                self.said.append(line)
            if event := EVENT.search(line):
                self.events[event[1]] += 1
            if line.startswith(READY):
                ready.set()
        await process.wait()
        ready.set()


class Database:
    """The bundled PostgreSQL of a data folder, as something that can be killed."""

    def __init__(self, data_dir: Path) -> None:
        self.lock = data_dir / "postgres" / "postmaster.pid"

    @property
    def pid(self) -> int | None:
        """Gives the postmaster's process id, as its lock file has it."""
        try:
            return int(self.lock.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def strike(self) -> list[int]:
        """Kills the postmaster and its children, now; gives whom. They have sessions of their own."""
        pid = self.pid
        if pid is None:
            return []
        victims = [pid, *_children(pid)]
        for victim in victims:
            _kill(victim)
        return victims


async def gone(pids: Sequence[int]) -> None:
    """Waits until processes have ended, reaped or not."""
    while any(_lives(pid) for pid in pids):  # noqa: ASYNC110 - they are not our children
        await asyncio.sleep(0.01)


def free_port() -> int:
    """Finds a port that nobody listens on and that the kernel lends to nobody."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DidNotStart("no port is free")


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RECADO_")}
    return {**plain, "PYTHONUNBUFFERED": "1", **settings}


def _children(pid: int) -> list[int]:
    """Finds the processes whose parent this is."""
    stats = {int(each.name): _stat(int(each.name)) for each in Path("/proc").glob("[0-9]*")}
    return [child for child, stat in stats.items() if stat and int(stat[1]) == pid]


def _lives(pid: int) -> bool:
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def _stat(pid: int) -> list[str] | None:
    """Reads a process's state and parent; the program's name before them may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
