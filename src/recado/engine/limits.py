"""The loop guard: how far a session may run on its own (flow language, section 2).

100 visits in a turn; 1,000 visits or 30 messages since the customer last wrote; 10,000 visits in a session. Past one
of them the session fails, and the customer gets the failure text once.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recado.engine.run import Run

TURN_VISITS = 100
VISITS_SINCE_INBOUND = 1_000
MESSAGES_SINCE_INBOUND = 30
SESSION_VISITS = 10_000


def over_limit(run: "Run") -> str | None:
    """Says which limit one more visit would break, and which nodes went round."""
    if run.turn_visits >= TURN_VISITS:
        broken = f"{TURN_VISITS} visits in a turn"
    elif run.visits_since_inbound >= VISITS_SINCE_INBOUND:
        broken = f"{VISITS_SINCE_INBOUND} visits alone"
    elif run.visits >= SESSION_VISITS:
        broken = f"{SESSION_VISITS} visits in a session"
    elif run.muted:
        broken = f"{MESSAGES_SINCE_INBOUND} messages alone"
    else:
        return None
    return f"{broken}: {_recent(run)}"


def may_send(run: "Run") -> bool:
    """Counts a message; the first one too many is not sent and mutes the turn."""
    run.muted = run.muted or run.messages_since_inbound >= MESSAGES_SINCE_INBOUND
    if not run.muted:
        run.messages_since_inbound += 1
    return not run.muted


def _recent(run: "Run") -> str:
    return " > ".join([*run.before.path, *run.visited][-10:])
