"""Flows that call flows: a frame keeps where a caller stands while another flow runs.

A jump with `goto` goes to a flow for good: the variables stay, the target's unset initial values join them, nobody
comes back. A jump with `call` leaves a frame and begins with what is passed; the called flow's end comes back to it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from recado.engine.flow import MAX_VARIABLES_BYTES
from recado.engine.state import Frame, Status
from recado.engine.steps import End, EnterFlow
from recado.engine.variables import Variables

if TYPE_CHECKING:
    from recado.engine.run import Run

DEEPEST = 20


def other_flow(run: "Run", node: str, step: EnterFlow) -> str | None:
    """Goes from a jump node into another flow; gives the node that comes next, or None if it failed."""
    if step.call and len(run.frames) >= DEEPEST:
        run.fail("too_deep", detail=step.flow)
        return None
    caller = Frame(run.flow, run.version, node, run.variables.values, run.asked)
    if step.call and variables_size([*run.frames, caller]) > MAX_VARIABLES_BYTES:
        run.fail("callers_too_large", detail=step.flow)
        return None
    version = run.event.world.published.get(step.flow)
    if version is None or not switch_to(run, step.flow, version):
        run.fail("flow_not_published", detail=step.flow)
        return None
    kept = step.passed if step.call else run.variables.values
    run.frames = [*run.frames, caller] if step.call else []
    run.variables = Variables({**run.program.variables, **kept})
    run.asked = {}
    return run.program.start


def go_to_flow(run: "Run", flow: str) -> None:
    """Sends the session into another flow for good, from wherever it stands."""
    run.drop_wait()
    start = other_flow(run, run.node or "", EnterFlow(flow))
    if start is not None:
        run.pending = []
        run.enter(start)


def come_back(run: "Run", step: End) -> str | None:
    """Ends the flow: a called one comes back to its caller, any other ends the session."""
    if step.session or not run.frames:
        run.finish(Status.COMPLETED, step.outcome)
        return None
    frame = run.frames[-1]
    if not climb(run, len(run.frames) - 1):
        run.fail("caller_missing", detail=frame.flow or "")
        return None
    for name, value in step.returns.items():
        if not run.variables.put(name, value):
            run.remark("return_too_large")
    run.remark("returned")
    match frame.back:
        case "end":
            run.finish(Status.STOPPED, "migrated")
            return None
        case "enter":
            return frame.node
    target = run.program.routes.get((frame.node, "next"))
    return target if target is not None else come_back(run, End(step.outcome))


def variables_size(frames: Sequence[Frame]) -> int:
    """Measures what callers keep, in bytes of JSON: all of them together have the limit of one session."""
    return sum(len(msgspec.json.encode(frame.variables)) for frame in frames)


def climb(run: "Run", depth: int) -> bool:
    """Stands in a caller's flow again, `depth` frames deep, and forgets what it had called."""
    frame = run.frames[depth]
    if not switch_to(run, frame.flow, frame.version):
        return False
    run.frames = run.frames[:depth]
    run.node, run.variables = frame.node, Variables(frame.variables)
    run.asked = frame.asked
    return True


def go_home(run: "Run") -> None:
    """Stands in the flow that the session began with, and forgets all callers and whatever waits."""
    if run.frames:
        climb(run, 0)
    if not switch_to(run, run.first_flow, run.first_version):
        run.remark("first_flow_missing")
    run.drop_everything()


def restart(run: "Run") -> None:
    """Begins anew, with fresh variables."""
    go_home(run)
    run.variables = Variables(run.program.variables)
    run.enter(run.program.start)


def switch_to(run: "Run", flow: str | None, version: str | None) -> bool:
    """Puts another program under the session; says whether it is there."""
    if (flow, version) == (run.flow, run.version):
        return True
    program = run.library.version(version)
    if program is None:
        return False
    run.flow, run.version, run.program = flow, version, program
    run.settings = program.settings.over(run.event.world.settings)
    return True
