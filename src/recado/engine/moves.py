"""Moves a session from outside: a person gives it back, or a publish changes the flow under it."""

from collections.abc import Mapping

from msgspec import structs

from recado.engine.callers import go_home, restart
from recado.engine.commands import mode_of
from recado.engine.effects import TakeBack
from recado.engine.returns import take_held
from recado.engine.run import Run
from recado.engine.state import Frame, Status
from recado.engine.steps import GivenBack

Moves = Mapping[str, str | None]


def release(run: Run, to: str, node: str | None) -> None:
    """Gives the bot its conversation back: where it stood, from the start, or at a node."""
    run.status = Status.ACTIVE
    run.effects.append(TakeBack())
    match to:
        case "restart":
            return restart(run)
        case "node" if node:
            return _stand(run, node)
    if take_held(run):
        return None
    match run.wait.kind if run.wait else None:
        case "time" | "call" | "send":
            return run.remark("still_waiting")
        case "person":
            return run.resume(GivenBack())
    if run.node is None:
        return restart(run)
    # A question is asked again, with a fresh timeout.
    return run.enter(run.node)


def _stand(run: Run, node: str) -> None:
    """Goes on at a node of the flow that the session is in, else of the flow that it began with."""
    first = run.library.version(run.first_version)
    if node not in run.program.nodes and first and node in first.nodes:
        go_home(run)
    run.pending = []
    return run.enter(node)


def migrate(run: Run, flow: str, version: str, moves: Moves) -> None:
    """Puts the session on another version of a flow. A node that is gone goes on where `moves` says, or ends.

    `run.program` is the new version where the session stands in that flow, else the one it is in.
    """
    if run.first_flow == flow:
        run.first_version = version
    program = run.program if run.flow == flow else run.library.version(version)
    nodes = program.nodes if program else {}
    run.frames = [
        _moved(frame, version, moves, nodes) if frame.flow == flow else frame
        for frame in run.frames
    ]
    run.remark("migrated")
    if run.flow == flow:
        before, run.version = run.version, version
        _go_on(run, before, moves)


def _moved(frame: Frame, version: str, moves: Moves, nodes: Mapping[str, object]) -> Frame:
    """Puts a caller on the new version; where its jump node is gone it will go on at the node instead of it."""
    frame = structs.replace(frame, version=version)
    if frame.node in nodes and frame.node not in moves:
        return frame
    node = moves.get(frame.node)
    if node is None or node not in nodes:
        return structs.replace(frame, back="end")
    return structs.replace(frame, node=node, back="enter")


def _go_on(run: Run, before: str | None, moves: Moves) -> None:
    """Goes on in the new version: at the same node without a word, or at the one that takes its place."""
    stood = run.node
    if stood is None or (stood not in moves and _unchanged(run, stood, before)):
        return None
    target = moves.get(stood, stood)
    if target is None or target not in run.program.nodes:
        run.remark("node_removed")
        return run.finish(Status.STOPPED, "migrated")
    if mode_of(run.before, run.event.world) == "bot":
        return _enter_unasked(run, target)
    # A person has the conversation: the session rests at its new place until it is released.
    run.drop_wait()
    run.status, run.node = Status.HANDED_OFF, target
    return None


def _enter_unasked(run: Run, target: str) -> None:
    """Goes on although nobody wrote, unless the contact refused what we begin."""
    if run.event.world.contact.get("opted_out"):
        run.remark("opted_out")
        return run.finish(Status.STOPPED, "migrated")
    return run.enter(target)


def _unchanged(run: Run, node: str, before: str | None) -> bool:
    """Says whether a node is still there and of the same type, so that its wait still means something."""
    old = run.library.version(before)
    if node not in run.program.nodes:
        return False
    return (
        old is None
        or node not in old.nodes
        or type(old.nodes[node]) is type(run.program.nodes[node])
    )
