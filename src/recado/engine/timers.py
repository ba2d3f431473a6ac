"""What is due when a session is woken: a burst's silence, the inactivity rule, a timeout, the end of a delay."""

from msgspec import structs

from recado.engine.node import TimedOut
from recado.engine.run import Run
from recado.engine.state import Status, Wait


def fire(run: Run, token: str) -> None:
    """Lets everything that is due happen, earliest first, as long as the session stays in the same wait."""
    if run.wait is None or run.wait.token != token:
        return run.remark("old_token")
    due = [name for at, name in run.wait.moments() if at <= run.now]
    if not due:
        return run.remark("too_early")
    for name in due:
        if run.wait is not None and run.wait.token == token and run.status is Status.ACTIVE:
            _happen(run, run.wait, name)
    return None


def _happen(run: Run, wait: Wait, name: str) -> None:
    match name:
        case "gather_until":
            run.wait = structs.replace(wait, gather_until=None)
            run.answer_gathered()
        case "remind_at":
            run.wait = structs.replace(wait, remind_at=None)
            _remind(run)
        case "until":
            run.wait = structs.replace(wait, until=None)
            _over(run, wait)
        case "close_at":
            run.wait = structs.replace(wait, close_at=None)
            _close(run)


def _over(run: Run, wait: Wait) -> None:
    """Ends a wait; after a delay we would be the ones who begin, so not where the contact opted out."""
    if wait.kind == "time" and run.event.world.contact.get("opted_out"):
        run.remark("opted_out")
        return run.finish(Status.STOPPED)
    return run.resume(TimedOut())


def _remind(run: Run) -> None:
    rule = run.settings.inactivity
    if rule and rule.text and not run.event.world.contact.get("opted_out"):
        glance = run.glance()
        run.say(glance.text(rule.text) if glance else rule.text)
        run.remark("reminded")


def _close(run: Run) -> None:
    rule = run.settings.inactivity
    run.remark("inactive")
    if rule and rule.action == "handoff":
        return run.hand_off("inactive")
    if rule and rule.action == "flow" and rule.flow:
        return run.enter_flow(rule.flow)
    return run.finish(Status.COMPLETED, "inactive")
