"""Runs scripts for commands that play flows: in the same sandbox as the server's."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recado.calls.script import Scripts
from recado.calls.script import perform as run_script
from recado.engine.effects import Call
from recado.engine.events import CallResult
from recado.engine.requests import Script


async def performed(call: Call, scripts: Scripts) -> CallResult | None:
    """Runs a call that is a script; leaves every other call to whoever plays."""
    match call.request:
        case Script() as script:
            return await run_script(script, scripts, timeout=call.timeout)
    return None


@contextmanager
def script_runner() -> Iterator[Callable[[Call], CallResult | None]]:
    """Gives what runs scripts without an event loop around it, while the block runs."""
    with asyncio.Runner() as runner:
        scripts = Scripts()
        try:
            yield lambda call: runner.run(performed(call, scripts))
        finally:
            runner.run(scripts.close())
