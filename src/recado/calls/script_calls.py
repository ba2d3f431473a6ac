"""Performs the one kind of call that needs nobody outside: scripts. For the terminal and for flow tests."""

from recado.calls.script import Scripts, perform
from recado.engine.effects import Call
from recado.engine.events import CallResult
from recado.engine.requests import Script


async def perform_scripts(call: Call, scripts: Scripts) -> CallResult | None:
    """Runs a call that is a script; leaves every other call to whoever plays."""
    match call.request:
        case Script() as script:
            return await perform(script, scripts, timeout=call.timeout)
    return None
