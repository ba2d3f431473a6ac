"""What is due when a session is woken: a burst's silence, the inactivity rule, a timeout, the end of a delay."""

from msgspec import structs

from recado.engine.bursts import gathered
from recado.engine.callers import go_to_flow
from recado.engine.effects import TakeBack
from recado.engine.run import Run
from recado.engine.state import Status, Wait
from recado.engine.steps import Answered, TimedOut


def fire(run: Run, token: str) -> None:
    """Lets everything that is due happen, earliest first, as long as the session stays in the same wait."""
    if run.wait is None or run.wait.token != token:
        return run.remark("old_token")
    due = [name for at, name in run.wait.moments() if at <= run.now]
    if not due:
        return run.remark("too_early")
    for name in due:
        if run.wait is not None and run.wait.token == token and run.status.open:
            _happen(run, run.wait, name)
    return None


def _happen(run: Run, wait: Wait, name: str) -> None:
    match name:
        case "gather_until":
            run.wait = structs.replace(wait, gather_until=None)
            whole, run.gathered = gathered(run.gathered), []
            run.resume(Answered(whole))
        case "remind_at":
            run.wait = structs.replace(wait, remind_at=None)
            _remind(run)
        case "until":
            run.wait = structs.replace(wait, until=None)
            _over(run)
        case "close_at":
            run.wait = structs.replace(wait, close_at=None)
            _close(run)


def _opted_out(run: Run) -> bool:
    return bool(run.event.world.contact.get("opted_out"))


def _over(run: Run) -> None:
    """Ends a wait. What follows is something that we begin, so it does not follow where the contact opted out."""
    if run.wait and run.wait.kind == "person":
        run.status = Status.ACTIVE
        run.effects.append(TakeBack())
    if _opted_out(run):
        run.remark("opted_out")
        return run.finish(Status.STOPPED)
    return run.resume(TimedOut())


def _remind(run: Run) -> None:
    rule = run.settings.inactivity
    if _opted_out(run):
        return run.remark("opted_out")
    if rule and rule.text:
        run.say(run.fill(rule.text))
        run.remark("reminded")
    return None


def _close(run: Run) -> None:
    rule = run.settings.inactivity
    run.remark("inactive")
    if rule and rule.action == "handoff":
        return run.hand_off("inactive")
    if rule and rule.action == "flow" and rule.flow and not _opted_out(run):
        return go_to_flow(run, rule.flow)
    return run.finish(Status.COMPLETED, "inactive")
