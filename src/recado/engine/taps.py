"""Taps on older askings: the buttons of a message stay on the customer's screen for ever."""

from datetime import timedelta

from recado.engine.callers import climb
from recado.engine.events import Message, Tap
from recado.engine.run import Run
from recado.engine.steps import Answered

PAUSE = timedelta(minutes=1)


def names_older_asking(run: Run, tap: Tap | None) -> bool:
    """Says whether a tap belongs to a message that is not the one the session waits at."""
    if tap is None or tap.visit is None:
        return False
    # A tap on a template may be faster than the news that Meta has taken it.
    waits = run.wait is not None and run.wait.kind in ("reply", "send")
    return not waits or run.wait is None or run.wait.token != tap.visit


def late_tap(run: Run, tap: Tap, message: Message) -> None:
    """Does what `late_taps` says; the same tap once more is nothing but a nervous finger."""
    visit = tap.visit or ""
    if run.answered.get(visit) == tap.option:
        return run.remark("double_tap")
    policy = run.settings.late_taps or "repeat"
    if policy == "rewind" and _back_at(run, visit):
        run.remark("rewound")
        return run.resume(Answered(message))
    if run.wait and run.wait.until_reply:
        return run.resume(Answered(message))
    waits = run.wait is not None and run.wait.kind == "reply"
    if policy == "ignore" or not waits or _just_repeated(run):
        return run.remark("late_tap_ignored")
    run.remark("late_tap_repeated")
    return run.repeat_question()


def _just_repeated(run: Run) -> bool:
    return run.repeated_at is not None and run.now - run.repeated_at < PAUSE


def _back_at(run: Run, visit: str) -> bool:
    """Goes back to where an older asking stood, in this flow or in one that called it, if it is still there."""
    if visit not in run.asked and not _climb_to(run, visit):
        return False
    node = run.asked[visit]
    if node not in run.program.nodes:
        return False
    run.stand_at(node, visit)
    return True


def _climb_to(run: Run, visit: str) -> bool:
    for depth, frame in enumerate(run.frames):
        if node := frame.asked.get(visit):
            program = run.library.version(frame.version)
            return program is not None and node in program.nodes and climb(run, depth)
    return False
