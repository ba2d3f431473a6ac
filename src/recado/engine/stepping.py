"""Does what a node said comes next: go on, wait for something, or end."""

from typing import TYPE_CHECKING

import msgspec

from recado.engine.bursts import take_pending
from recado.engine.callers import come_back, other_flow
from recado.engine.effects import Call, Handoff
from recado.engine.events import CallResult
from recado.engine.state import Wait
from recado.engine.steps import (
    Answered,
    CallOut,
    End,
    Entered,
    EnterFlow,
    Fail,
    Go,
    GoTo,
    Occasion,
    Returned,
    Stay,
    Step,
    WaitForPerson,
    WaitForReply,
    WaitForSend,
    WaitUntil,
)
from recado.engine.waits import waiting_for_person, waiting_until

if TYPE_CHECKING:
    from recado.engine.run import Run

MOST_REQUEST_BYTES = 1_000_000
ENTERED = Entered()
FAILING_SIDES = ("error", "invalid", "timeout")
# Side ports without an edge of their own that act as a main port (flow language, section 1).
INSTEAD = {"replied": "next", "closed": "open"}


def take(run: "Run", node: str, step: Step) -> tuple[str | None, Occasion]:
    """Gives the next node to visit, if there is one, and what it is told."""
    match step:
        case Go(port=port):
            return _leave(run, node, port), ENTERED
        case WaitForReply():
            run.begin_wait(step, run.trace.visits[-1].visit)
            return _from_pending(run, node)
        case GoTo(node=target) if target in run.program.nodes:
            return target, ENTERED
        case GoTo(node=target):
            run.fail("node_missing", detail=target)
        case EnterFlow():
            return other_flow(run, node, step), ENTERED
        case End():
            return come_back(run, step), ENTERED
        case Fail(reason=reason):
            run.fail(reason)
        case Stay():
            return _from_pending(run, node)
        case _:
            return _wait(run, node, step)
    return None, ENTERED


def _wait(
    run: "Run",
    node: str,
    step: WaitUntil | CallOut | WaitForSend | WaitForPerson,
) -> tuple[str | None, Occasion]:
    token = run.trace.visits[-1].visit
    match step:
        case WaitUntil():
            run.wait = waiting_until(step, token, run.now)
            return _from_pending(run, node, delay=True)
        case CallOut():
            return _call(run, node, step, token)
        case WaitForSend():
            run.wait = Wait("send", token, since=run.now)
        case WaitForPerson(note=note, team=team, agent=agent, priority=priority):
            run.rest(Handoff("handoff_node", note, team, agent, priority))
            run.wait = waiting_for_person(step, token, run.now)
    return None, ENTERED


def _call(run: "Run", node: str, step: CallOut, token: str) -> tuple[str | None, Occasion]:
    """Asks for a call; the session's time to live stands still until it comes back.

    One that may not go out comes back at once, as a call that went wrong.
    """
    if refused := run.refused or _too_large(step):
        run.trace.visits[-1].facts.append({"not_called": refused})
        return node, Returned(CallResult(ok=False, error=refused))
    before = run.wait
    made = before.round if before and before.kind == "call" else 0
    run.wait = Wait("call", token, since=run.now, round=made + 1)
    run.effects.append(Call(run.wait.call_token, step.request, step.timeout, node, step.repeatable))
    return None, ENTERED


def _too_large(step: CallOut) -> str | None:
    size = len(msgspec.json.encode(step.request))
    return "request_too_large" if size > MOST_REQUEST_BYTES else None


def _leave(run: "Run", node: str, port: str) -> str | None:
    if run.trace.visits:
        run.trace.visits[-1].port = port
    routes = run.program.routes
    target = routes.get((node, port))
    if target is None and port in INSTEAD:
        target = routes.get((node, INSTEAD[port]))
    if target is not None:
        return target
    if port in FAILING_SIDES:
        run.fail(f"no_edge_for_{port}")
        return None
    return come_back(run, End())


def _from_pending(run: "Run", node: str, *, delay: bool = False) -> tuple[str | None, Occasion]:
    """Lets what now waits take the messages that were kept for it."""
    message = take_pending(run, delay=delay)
    if message is None:
        return None, ENTERED
    run.message = message
    run.taken(message)
    return node, Answered(message)
