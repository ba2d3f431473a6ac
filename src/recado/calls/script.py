"""Runs an author's JavaScript in processes of its own: JSON in, JSON out, and an end to everything.

`script_process.py` is one such process as the server sees it, `script_answer.py` what it may say, `script_worker.py`
what runs in it, `script_guest.py` the JavaScript engine inside, which is WebAssembly. A script that goes on past its
time takes its process with it.
"""

import asyncio
import json
import time
from collections.abc import Mapping

import structlog

from recado.calls.script_answer import Ran, read_answer
from recado.calls.script_process import Ended, ScriptProcess
from recado.engine.events import CallResult, Json
from recado.engine.requests import Script

log = structlog.get_logger()

# A process is replaced now and then, whatever its scripts left behind.
MOST_SERVED = 500


class Scripts:
    """A pool of at most so many processes, started when they are needed."""

    def __init__(self, *, processes: int = 2) -> None:
        self._turns = asyncio.Semaphore(processes)
        self._all: set[ScriptProcess] = set()
        self._idle: list[ScriptProcess] = []
        self._compiled = b""
        self._closed = False

    async def run(
        self,
        code: str,
        inputs: Mapping[str, Json],
        *,
        timeout: float,  # noqa: ASYNC109 the process is killed, which a cancelled task does not do by itself
    ) -> Ran:
        """Runs a function body that sees `inputs` by name; `timeout` in seconds begins when a process is ready."""
        asked = {"code": code, "inputs": json.dumps(inputs), "seconds": timeout}
        frame = json.dumps(asked).encode()
        async with self._turns:
            try:
                process = await self._ready()
            except (OSError, TimeoutError, Ended) as error:
                log.error("script_process_not_started", error=repr(error))
                return Ran(error="crashed", detail="the sandbox does not start")
            return await self._run(process, frame, timeout)

    async def close(self) -> None:
        """Ends all processes; scripts that are running come back as crashed."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(process.end() for process in tuple(self._all)))
        self._all.clear()

    def pids(self) -> list[int]:
        """Names the processes there are."""
        return sorted(process.pid for process in self._all)

    async def _ready(self) -> ScriptProcess:
        """Takes an idle process, else starts one; the first one compiles the guest for all that follow."""
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            self._all.discard(process)
        process, compiled = await ScriptProcess.start(self._compiled)
        if self._closed:
            await process.end()
            raise Ended
        self._compiled = self._compiled or compiled
        self._all.add(process)
        return process

    async def _run(self, process: ScriptProcess, frame: bytes, seconds: float) -> Ran:
        fit = False
        try:
            ran = read_answer(await process.ask(frame, seconds=seconds))
            fit = ran.error != "crashed" and process.served < MOST_SERVED
        except TimeoutError:
            return Ran(error="timeout")
        except Ended as ended:
            return Ran(error="timeout" if ended.timeout else "crashed")
        finally:
            if fit and process in self._all:
                self._idle.append(process)
            else:
                self._all.discard(process)
                await process.end()
        return ran


async def perform(
    request: Script,
    scripts: Scripts,
    *,
    timeout: float,  # noqa: ASYNC109 handed on to the pool
) -> CallResult:
    """Performs a script call."""
    began = time.monotonic()
    ran = await scripts.run(request.code, request.inputs, timeout=timeout)
    ms = round((time.monotonic() - began) * 1000)
    return CallResult(
        ok=ran.error is None, value=ran.value, error=ran.error, detail=ran.detail, ms=ms
    )
