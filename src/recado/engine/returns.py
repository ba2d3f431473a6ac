"""What comes back from outside for a wait: a call's result, or Meta's word on a message.

While a person has the conversation it is held, and counts when the bot has the conversation again.
"""

from recado.engine.run import Run
from recado.engine.state import Held, Wait
from recado.engine.steps import Returned, Settled


def come_in(run: Run, token: str, back: Held, *, held: bool) -> None:
    """Lets the wait that asked for it go on, or keeps it; what no wait asks for any more is dropped."""
    wait = run.wait
    fits = wait is not None and token == _token(wait, back)
    if held:
        # A refused question is asked anyway when the bot has the conversation again.
        if fits and wait and wait.kind != "reply":
            # The first word counts, as it would without a person.
            if run.held is not None:
                return run.remark("old_token")
            run.held = back
        return run.remark("with_a_person")
    return _go_on(run, wait, back) if fits and wait else run.remark("old_token")


def take_held(run: Run) -> bool:
    """Goes on with what came back while a person had the conversation; says whether there was anything."""
    wait, back = run.wait, run.held
    if wait is None or back is None:
        return False
    run.held = None
    _go_on(run, wait, back)
    return True


def _token(wait: Wait, back: Held) -> str | None:
    """Names what a wait waits for; a refused message ends a question's wait, too."""
    if back.result is not None:
        return wait.call_token if wait.kind == "call" else None
    return wait.token if wait.kind in ("send", "reply") else None


def _go_on(run: Run, wait: Wait, back: Held) -> None:
    if back.result is not None:
        return run.resume(Returned(back.result))
    if wait.kind == "send":
        return run.resume(Settled(accepted=back.accepted, code=back.code))
    if back.accepted:
        return run.remark("send_accepted")
    return run.fail("send_refused", detail=str(back.code or ""))
