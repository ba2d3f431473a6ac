"""Taps on older askings: the buttons of a message stay on the customer's screen for ever."""

from datetime import timedelta

from recado.engine.events import Message
from recado.engine.node import Answered
from recado.engine.run import Run

PAUSE = timedelta(minutes=1)


def late_tap(run: Run, visit: str, message: Message) -> None:
    """Does what `late_taps` says; the same tap once more is nothing but a nervous finger."""
    option = message.tap.option if message.tap else ""
    if run.answered.get(visit) == option:
        return run.remark("double_tap")
    policy = run.settings.late_taps or "repeat"
    if policy == "rewind" and (node := run.asked.get(visit)) in run.program.nodes and node:
        return _rewind(run, node, visit, message)
    if policy == "ignore" or (run.repeated_at and run.now - run.repeated_at < PAUSE):
        return run.remark("late_tap_ignored")
    run.remark("late_tap_repeated")
    return run.repeat_question()


def _rewind(run: Run, node: str, visit: str, message: Message) -> None:
    """Goes back to the node of that asking and answers it, as if it were being asked now."""
    run.remark("rewound")
    run.rewind_to(node, visit)
    run.resume(Answered(message))
