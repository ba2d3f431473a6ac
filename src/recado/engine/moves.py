"""Moves a session from outside: a person gives it back, or a publish changes the flow under it."""

from collections.abc import Mapping

from msgspec import structs

from recado.engine.effects import TakeBack
from recado.engine.run import Run
from recado.engine.state import Status


def release(run: Run, to: str, node: str | None) -> None:
    """Gives the bot its conversation back: where it stood, from the start, or at a node."""
    run.status = Status.ACTIVE
    run.effects.append(TakeBack())
    match to:
        case "restart":
            return run.restart()
        case "node" if node:
            run.drop_everything()
            return run.enter(node)
    if run.wait and run.wait.kind == "time":
        return run.remark("still_waiting")
    if run.node is None:
        return run.restart()
    # A question is asked again, with a fresh timeout.
    return run.enter(run.node)


def migrate(run: Run, flow: str, version: str, moves: Mapping[str, str | None]) -> None:
    """Puts the session on another version of its flow. A node that is gone goes on where `moves` says, or ends."""
    if run.flow != flow:
        return _migrate_callers(run, flow, version, moves)
    stood, run.version = run.node, version
    if stood is None or (stood in run.program.nodes and stood not in moves):
        return run.remark("migrated")
    target = moves.get(stood)
    return run.enter(target) if target in run.program.nodes and target else _end(run)


def _migrate_callers(run: Run, flow: str, version: str, moves: Mapping[str, str | None]) -> None:
    """The flow that moves is one that called: its frames stand on the new version from now on."""
    run.frames = [
        structs.replace(frame, version=version, node=moves.get(frame.node) or frame.node)
        if frame.flow == flow
        else frame
        for frame in run.frames
    ]
    run.remark("callers_migrated")


def _end(run: Run) -> None:
    run.remark("node_removed")
    run.finish(Status.STOPPED, "migrated")
