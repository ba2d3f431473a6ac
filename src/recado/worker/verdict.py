"""What comes of a request to Meta: pure, from what is known about its fate and how often it was tried before.

Only failures that `errors.py` calls retries count against a message. What merely slows us down (rate limits, a dead
token, maintenance, no way to Meta at all) does not: such a message waits until it expires. Where its number or account
is held, it waits with it and no longer, so that it goes at once when they go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from recado.store.holds import Hold, Kind, as_metas
from recado.store.outbox import Sending
from recado.whatsapp.errors import Action, Rule
from recado.whatsapp.outcomes import Accepted, NotSent, Refused, SendResult, Unknown

FIRST_RETRY = 2.0  # seconds; doubled each time
FIRST_UNREACHABLE, LONGEST_UNREACHABLE = 2.0, 60.0
LONGEST_WAIT = 3_600.0
ALERT_UNREACHABLE_AFTER = 3
UNREACHABLE = "graph_unreachable"
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Went:
    """Meta has it."""

    wamid: str
    wa_id: str | None
    user_id: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """It goes back to the head of its lane for `wait` seconds, or for as long as its number or account is held.

    `unheard`: until the customer writes.
    """

    wait: float
    counts: bool = False
    hold: Hold | None = None
    whole_account: bool = False
    alert: str | None = None
    reason: str = ""
    unheard: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """It will not go."""

    error: dict[str, Any]
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Nobody knows; `last` says that it may not be sent again. `hold`: its number leaves Meta alone meanwhile."""

    reason: str
    last: bool
    hold: Hold | None = None


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
        case Unknown(reason=reason, retry_after=seconds):
            hold = Hold("rate", min(seconds, LONGEST_WAIT), reason) if seconds else None
            last = sending.resent or sending.policy == "at_most_once"
            return InDoubt(reason, last=last, hold=hold)
        case NotSent(reason=reason):
            wait = min(FIRST_UNREACHABLE * 2 ** min(sending.paces, 10), LONGEST_UNREACHABLE)
            tell = sending.paces >= ALERT_UNREACHABLE_AFTER
            alert = UNREACHABLE if tell else None
            return Again(_jittered(wait, luck), alert=alert, reason=reason)
        case Refused():
            return _refused(sending, result, luck)


def pair_wait(sending: Sending, rule: Rule) -> float:
    """Gives the seconds that a person is to be left alone: Meta asks for 4^X, X counting from 0."""
    return max(rule.wait or 1.0, 4.0 ** min(sending.paces, 6))


def answered(result: SendResult) -> tuple[bool | None, str]:
    """Says whether Meta answered at all, whatever she said, and why not; None: she was not even asked."""
    match result:
        case Accepted():
            return True, ""
        case Refused(http_status=status):
            return (True if status else None), ""
        case NotSent(reason="lease_lost") | Unknown(reason="broke"):
            return None, ""
        case NotSent(reason=reason) if reason.startswith("http_"):
            return True, ""
        case NotSent(reason=reason) | Unknown(reason=reason):
            return False, reason


def _refused(sending: Sending, refused: Refused, luck: Callable[[], float]) -> Verdict:
    rule, reason = refused.rule, refused.rule.meaning
    match rule.action:
        case Action.RETRY if rule.hold:
            return _held(sending, refused, "maintenance", _wait(rule.wait or 1, refused, luck))
        case Action.RETRY if sending.tries >= rule.retries:
            return _lost(refused)
        case Action.RETRY:
            wait = rule.wait or FIRST_RETRY * 2**sending.tries
            return Again(_wait(wait, refused, luck), counts=True, reason=reason)
        case Action.PACE_PAIR:
            return Again(_wait(pair_wait(sending, rule), refused, luck), reason=reason)
        case Action.PACE_NUMBER | Action.PACE_APP:
            wait = _wait((rule.wait or 1) * 2 ** min(sending.paces, 6), refused, luck)
            return _held(sending, refused, "rate", wait)
        case Action.AUTH:
            return _held(sending, refused, "token", rule.wait)
        case Action.STOP_NUMBER:
            return _held(sending, refused, "number_stopped", rule.wait)
        case Action.STOP_WABA:
            return _held(sending, refused, "account_stopped", rule.wait)
        case Action.TEMPLATE if rule.unheard and not _is_template(sending):
            return Again(0.0, reason=reason, unheard=True)
        case Action.TEMPLATE | Action.DROP | Action.FIX | Action.USER:
            return _lost(refused)


class _Typed(msgspec.Struct):
    type: str


def _is_template(sending: Sending) -> bool:
    return msgspec.json.decode(sending.content, type=_Typed).type == "template"


_ALERTS: dict[Kind, str] = {
    "token": "number_unauthorized",
    "number_stopped": "number_stopped",
    "account_stopped": "account_stopped",
}


def _held(sending: Sending, refused: Refused, kind: Kind, seconds: float | None) -> Again:
    rule = refused.rule
    account = as_metas(sending.access_token_id, sending.phone_number_id)
    return Again(
        0.0,
        hold=Hold(kind, seconds, rule.meaning, refused.code, account),
        whole_account=rule.action in (Action.STOP_WABA, Action.PACE_APP),
        alert=_ALERTS.get(kind),
        reason=rule.meaning,
    )


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
