"""One turn: (program, state, event) -> Turn. A pure function, and the only engine there is.

Theory of operation. A turn takes up one event and visits nodes until one of them waits or the session ends. The
working copy of the session is `run.Run`; this file decides what an event means for it:

- a wait has a token; a timer with another token is old and changes nothing;
- a message that comes while the session is not waiting for a reply is kept in `pending`;
- a late message answers only a question whose burst is `each`; otherwise it is kept in `late`;
- a tap names the asking it belongs to; a tap on an older asking never answers the current question.
"""

from datetime import timedelta

import msgspec

from recado.engine.answers import answers
from recado.engine.compile import Program
from recado.engine.effects import Effect
from recado.engine.events import Event, Message, Replied, Started, Stopped, TimerFired
from recado.engine.intake import SILENT
from recado.engine.node import Answered, TimedOut
from recado.engine.run import Run
from recado.engine.state import State, Status
from recado.engine.trace import Trace

LATE_TAP_PAUSE = timedelta(minutes=1)


class Turn(msgspec.Struct, frozen=True):
    """What came of an event: the session's next state, what to do, and why."""

    state: State
    effects: tuple[Effect, ...]
    trace: Trace


def advance(program: Program, state: State | None, event: Event) -> Turn:
    """Takes up one event. Only `Started` makes a session; every other event needs the state it happens to."""
    match event:
        case Started():
            run = Run(program, _fresh(program, event), event)
            run.enter(program.start)
        case _ if state is None:
            raise ValueError(f"{type(event).__name__} needs a session")
        case _ if not state.status.open:
            run = Run(program, state, event)
            run.remark("session_over")
        case Replied(message=message, late=late):
            run = Run(program, state, event)
            _reply(run, message, late=late)
        case TimerFired(token=token):
            run = Run(program, state, event)
            _timer(run, token)
        case Stopped(reason=reason):
            run = Run(program, state, event)
            run.finish(Status.EXPIRED if reason == "expired" else Status.STOPPED)
    return Turn(run.state(), tuple(run.effects), run.trace)


def _fresh(program: Program, event: Started) -> State:
    return State(
        session=event.session,
        variables=dict(program.variables),
        trigger=event.trigger,
        message=event.message,
        started_at=event.at,
        last_inbound_at=event.at if event.message else None,
    )


def _reply(run: Run, message: Message, *, late: bool) -> None:
    if message.type in SILENT:
        return run.remark("silent_message")
    run.hear(message)
    if run.status is Status.HANDED_OFF:
        return run.remark("with_a_person")
    wait = run.wait
    if wait is None or wait.kind != "reply":
        return run.keep_pending(message, late=late)
    if message.tap and message.tap.visit and message.tap.visit != wait.token:
        return _late_tap(run, message.tap.visit, message.tap.option)
    if not answers(message):
        return run.remark("answers_nothing")
    tapped_now = message.tap is not None and message.tap.visit == wait.token
    if late and not tapped_now and run.burst() == "fresh":
        return run.keep_late(message)
    return run.resume(Answered(message))


def _late_tap(run: Run, visit: str, option: str) -> None:
    """Answers a tap on an older asking by asking the current question again, at most once a minute."""
    if run.answered.get(visit) == option:
        return run.remark("double_tap")
    policy = run.settings.late_taps or "repeat"
    if policy == "ignore" or (run.repeated_at and run.now - run.repeated_at < LATE_TAP_PAUSE):
        return run.remark("late_tap_ignored")
    run.remark("late_tap_repeated")
    return run.repeat_question()


def _timer(run: Run, token: str) -> None:
    wait = run.wait
    if wait is None or wait.token != token or wait.until is None:
        return run.remark("old_token")
    if run.now < wait.until:
        return run.remark("too_early")
    return run.resume(TimedOut())
