"""What comes of a request to Meta: pure, from what is known about its fate and how often it was tried before.

Only failures that `errors.py` calls retries count against a message. What merely slows us down (rate limits, a dead
token, maintenance, no way to Meta at all) does not: such a message waits until it expires.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from recado.store.outbox import Sending
from recado.whatsapp.errors import Action, Rule
from recado.whatsapp.outcomes import Accepted, NotSent, Refused, SendResult, Unknown

FIRST_RETRY = 2.0  # seconds; doubled each time
FIRST_UNREACHABLE, LONGEST_UNREACHABLE = 2.0, 60.0
LONGEST_WAIT = 3_600.0
AUTH_HOLD = 60.0
STOP_HOLD = 900.0
ALERT_UNREACHABLE_AFTER = 3
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Went:
    """Meta has it."""

    wamid: str
    wa_id: str | None
    user_id: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """It goes back to the head of its lane for `wait` seconds; `holds` says what waits with it."""

    wait: float
    counts: bool = False
    holds: Literal["number", "account"] | None = None
    alert: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """It will not go."""

    error: dict[str, Any]
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Nobody knows; `last` says that it may not be sent again."""

    reason: str
    last: bool


Verdict = Went | Again | Lost | InDoubt

# Our own words where Meta need not be asked.
NO_ACCOUNT = Refused(
    rule=Rule(action=Action.AUTH, meaning="the number has no access token or no id of Meta's"),
    code=None,
    message="",
    details="",
    http_status=0,
)


def unsendable(why: str) -> Refused:
    """Refuses a message of which no request can be made."""
    rule = Rule(action=Action.FIX, meaning="no request can be made of this message", alert=True)
    return Refused(rule=rule, code=None, message=why, details="", http_status=0)


def verdict(sending: Sending, result: SendResult, luck: Callable[[], float]) -> Verdict:
    """Judges a result; `luck` gives numbers from 0 to 1 for the jitter."""
    match result:
        case Accepted():
            return Went(result.wamid, result.wa_id, result.user_id)
        case Unknown(reason=reason):
            return InDoubt(reason, last=sending.resent or sending.policy == "at_most_once")
        case NotSent(reason=reason):
            wait = min(FIRST_UNREACHABLE * 2 ** min(sending.paces, 10), LONGEST_UNREACHABLE)
            tell = sending.paces >= ALERT_UNREACHABLE_AFTER
            alert = "graph_unreachable" if tell else None
            return Again(_jittered(wait, luck), alert=alert, reason=reason)
        case Refused():
            return _refused(sending, result, luck)


def _refused(sending: Sending, refused: Refused, luck: Callable[[], float]) -> Verdict:
    rule, reason = refused.rule, refused.rule.meaning
    match rule.action:
        case Action.RETRY if not rule.hold and sending.tries >= rule.retries:
            return _lost(refused)
        case Action.RETRY:
            wait = rule.wait or FIRST_RETRY * 2**sending.tries
            holds: Literal["number"] | None = "number" if rule.hold else None
            return Again(_wait(wait, refused, luck), not rule.hold, holds, reason=reason)
        case Action.PACE_PAIR:  # Meta: try again after 4^X seconds
            wait = max(rule.wait or 1, 4.0 ** min(sending.paces, 6))
            return Again(_wait(wait, refused, luck), reason=reason)
        case Action.PACE_NUMBER | Action.PACE_APP:
            wait = (rule.wait or 1) * 2 ** min(sending.paces, 6)
            return Again(_wait(wait, refused, luck), holds="number", reason=reason)
        case Action.AUTH:
            return _held(rule, AUTH_HOLD, "number", "number_unauthorized")
        case Action.STOP_NUMBER:
            return _held(rule, STOP_HOLD, "number", "number_stopped")
        case Action.STOP_WABA:
            return _held(rule, STOP_HOLD, "account", "account_stopped")
        case Action.TEMPLATE | Action.DROP | Action.FIX | Action.USER:
            return _lost(refused)


def _held(rule: Rule, hold: float, what: Literal["number", "account"], alert: str) -> Again:
    return Again(rule.wait or hold, holds=what, alert=alert, reason=rule.meaning)


def _lost(refused: Refused) -> Lost:
    error = {
        "source": "refusal",
        "code": refused.code,
        "message": refused.message,
        "details": refused.details,
        "meaning": refused.rule.meaning,
        "http_status": refused.http_status,
    }
    return Lost(error, refused.rule.mark)


def _wait(wait: float, refused: Refused, luck: Callable[[], float]) -> float:
    """Waits at least as long as Meta says, and not in step with everybody else."""
    return max(
        _jittered(min(wait, LONGEST_WAIT), luck), min(refused.retry_after or 0, LONGEST_WAIT)
    )


def _jittered(wait: float, luck: Callable[[], float]) -> float:
    return wait * (1 - JITTER + 2 * JITTER * luck())
