"""One process that runs scripts, as the server sees it: started clean, asked one thing at a time, killed at will."""

import asyncio
import os
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Self

import structlog

log = structlog.get_logger()

COMMAND = (sys.executable, "-I", "-m", "recado.calls.script_worker")
LENGTH = struct.Struct(">I")
# The machine code is about 2 MB; an answer is at most 64 KB of JSON.
LONGEST_HELLO = 32 * 1024 * 1024
LONGEST_ANSWER = 128 * 1024
START_SECONDS = 60
SIGXCPU = 24


class Ended(Exception):
    """The process is gone, or what it says makes no sense; `timeout` when it used up its processor time."""

    def __init__(self, *, timeout: bool = False) -> None:
        super().__init__()
        self.timeout = timeout


class ScriptProcess:
    """A live process; whoever holds it ends it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.served = 0

    @classmethod
    async def start(cls, compiled: bytes) -> tuple[Self, bytes]:
        """Starts a process with the guest's machine code, or without it: then the answer is that code."""
        began = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=os.sep,
            env=_environment(),
            start_new_session=True,
        )
        process = cls(began)
        try:
            async with asyncio.timeout(START_SECONDS):
                return process, await process._ask(compiled, longest=LONGEST_HELLO)
        except BaseException:
            await process.end()
            raise

    @property
    def pid(self) -> int:
        """Gives the process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Says whether the process has not ended by itself."""
        return self._process.returncode is None

    async def ask(self, frame: bytes, *, seconds: float) -> bytes:
        """Gives the answer to one frame; raises `TimeoutError` or `Ended`, after which the process is of no use."""
        self.served += 1
        async with asyncio.timeout(seconds):
            return await self._ask(frame, longest=LONGEST_ANSWER)

    async def end(self) -> None:
        """Kills the process and sees it off."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _ask(self, frame: bytes, *, longest: int) -> bytes:
        inlet, outlet = self._process.stdin, self._process.stdout
        if inlet is None or outlet is None or inlet.is_closing():
            raise Ended
        try:
            inlet.write(LENGTH.pack(len(frame)) + frame)
            await inlet.drain()
            (length,) = LENGTH.unpack(await outlet.readexactly(LENGTH.size))
            if length > longest:
                raise Ended
            return await outlet.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as error:
            code = await self._process.wait()
            log.warning("script_process_ended", pid=self.pid, code=code)
            raise Ended(timeout=code == -SIGXCPU) from error


def _environment() -> dict[str, str]:
    """Gives nothing of ours; Windows alone starts no program without its own directory's name."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
