"""Runs scripts for commands that play flows: in the same sandbox as the server's."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recado.calls.script import Scripts
from recado.calls.script_calls import perform_scripts
from recado.engine.effects import Call
from recado.engine.events import CallResult


@contextmanager
def script_runner() -> Iterator[Callable[[Call], CallResult | None]]:
    """Gives what runs scripts without an event loop around it, while the block runs."""
    with asyncio.Runner() as runner:
        scripts = Scripts()
        try:
            yield lambda call: runner.run(perform_scripts(call, scripts))
        finally:
            runner.run(scripts.close())
