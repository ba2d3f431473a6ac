"""One turn: (program, state, event) -> Turn. A pure function, and the only engine there is.

Theory of operation. A turn takes up one event and visits nodes until one of them waits or the session ends. The
working copy of the session is `run.Run`; this file decides what an event means for it:

- a command is heard first, wherever the session stands (`orders.py`);
- a wait has a token; a timer, a call's result or a settled send with another token is old and changes nothing;
- a message that comes while the session is not waiting for a reply is kept in `pending`;
- a late message answers only where the question's burst says so; otherwise it is kept in `late`;
- a tap names the asking it belongs to; a tap on an older asking never answers the current question (`taps.py`).
"""

import msgspec

from recado.engine.answers import answers
from recado.engine.bursts import gather, hold_newest, keep_late, keep_pending
from recado.engine.commands import PERSON, Command, command_of, mode_of
from recado.engine.compile import Program
from recado.engine.effects import Effect
from recado.engine.events import (
    CallFinished,
    Event,
    Message,
    Migrated,
    Released,
    Replied,
    SendSettled,
    Started,
    Stopped,
    TimerFired,
)
from recado.engine.intake import SILENT
from recado.engine.library import EMPTY, Library
from recado.engine.moves import migrate, release
from recado.engine.orders import obey
from recado.engine.returns import come_in
from recado.engine.run import Run
from recado.engine.state import Held, State, Status
from recado.engine.steps import Answered
from recado.engine.taps import late_tap, names_older_asking
from recado.engine.timers import fire
from recado.engine.trace import Trace
from recado.engine.watch import Watch


class Turn(msgspec.Struct, frozen=True):
    """What came of an event: the session's next state, what to do, and why."""

    state: State
    effects: tuple[Effect, ...]
    trace: Trace


def advance(
    program: Program,
    state: State | None,
    event: Event,
    library: Library = EMPTY,
    watch: Watch | None = None,
) -> Turn:
    """Takes up one event. Only `Started` makes a session; every other event needs the state it happens to.

    `program` is the one the session is in (for `Migrated` of the flow it is in: the new one); `library` holds those
    that jumps and returns lead to, and for `Migrated` the old one. `watch` may measure the visits.
    """
    if isinstance(event, Started):
        run = Run(program, _fresh(program, event), event, library, watch)
        _start(run, event.message)
    elif state is None:
        raise ValueError(f"{type(event).__name__} needs a session")
    else:
        run = Run(program, state, event, library, watch)
        _happen(run, event) if state.status.open else run.remark("session_over")
    return Turn(run.state(), tuple(run.effects), run.trace)


def _happen(run: Run, event: Event) -> None:
    match event:
        case Replied():
            _reply(run, event)
        case TimerFired(token=token) if _waits_for_a_person(run) or not _with_a_person(run):
            fire(run, token)
        case TimerFired():
            run.remark("with_a_person")
        case CallFinished(token=token, result=result):
            come_in(run, token, Held(result=result), held=_with_a_person(run))
        case SendSettled(token=token, accepted=accepted, code=code):
            come_in(run, token, Held(accepted=accepted, code=code), held=_with_a_person(run))
        case Released(to=to, node=node):
            release(run, to, node)
        case Migrated(flow=flow, version=version, moves=moves):
            migrate(run, flow, version, moves)
        case Stopped(reason=reason):
            run.finish(Status.EXPIRED if reason == "expired" else Status.STOPPED)


def _fresh(program: Program, event: Started) -> State:
    return State(
        session=event.session,
        flow=event.flow,
        version=event.version,
        first_flow=event.flow,
        first_version=event.version,
        variables=dict(program.variables),
        trigger=event.trigger,
        message=event.message,
        started_at=event.at,
        last_inbound_at=event.at if event.message else None,
    )


def _start(run: Run, message: Message | None) -> None:
    """Begins at the start node, after the command that the first message may be."""
    command = _command(run, message) if message else None
    if message and command:
        obey(run, command, message)
    if run.status is not Status.ACTIVE or run.wait is not None:
        return None
    if mode_of(run.before, run.event.world) in PERSON and command == "start":
        return run.finish(Status.COMPLETED)
    return run.enter(run.program.start)


def _reply(run: Run, event: Replied) -> None:
    message, tap = event.message, event.message.tap
    if message.type in SILENT:
        return run.remark("silent_message")
    command = _command(run, message)
    if command is None and mode_of(run.before, run.event.world) in PERSON:
        return run.remark("with_a_person")
    run.hear(message)
    if command and (command == "stop" or not _claimed(run, message)):
        return obey(run, command, message)
    if not answers(message):
        return run.remark("answers_nothing")
    if tap and names_older_asking(run, tap):
        return late_tap(run, tap, message)
    if run.wait and run.wait.kind == "reply":
        return _answer(run, message, event)
    if run.wait and run.wait.until_reply:
        return run.resume(Answered(message))
    return keep_pending(run, message)


def _answer(run: Run, message: Message, event: Replied) -> None:
    """Gives the message to the question, as its burst says; a tap on this very asking answers at once."""
    burst = run.burst()
    if message.tap and message.tap.visit:
        return run.resume(Answered(message))
    if burst == "merge":
        whole = gather(run, message)
        return run.resume(Answered(whole)) if whole else None
    if burst == "newest" and event.more:
        return hold_newest(run, message)
    if burst == "fresh" and event.late:
        return keep_late(run, message)
    return run.resume(Answered(message))


def _command(run: Run, message: Message) -> Command | None:
    return command_of(run.before, message, run.settings.commands, run.event.world)


def _claimed(run: Run, message: Message) -> bool:
    """Says whether the words are exactly an option of the question that waits."""
    node = run.program.nodes.get(run.node or "")
    waits = run.wait is not None and run.wait.kind == "reply"
    return waits and node is not None and node.claims(run.glance(), message)


def _with_a_person(run: Run) -> bool:
    return mode_of(run.before, run.event.world) != "bot"


def _waits_for_a_person(run: Run) -> bool:
    """Says whether the session stands at a handoff that nobody has taken yet."""
    waits = run.wait is not None and run.wait.kind == "person"
    return waits and mode_of(run.before, run.event.world) == "waiting"
