"""What to do about Meta's errors, by code: never by title (Meta will drop them), the HTTP status only as a fallback.

One table serves refused requests and `failed` statuses alike, because most codes come both ways. Source: the error
pages of January and September 2026, collected in the project's notes on the Cloud API.
"""

from enum import StrEnum

import msgspec

from recado.engine.events import Json

NO_CODE = -1  # 0 is a code of Meta's
PAIR_RATE = 131056


class Action(StrEnum):
    """What the sender does about a message that Meta did not take."""

    RETRY = "retry"  # again, a bounded number of times
    PACE_PAIR = "pace_pair"  # later, and slower to this recipient only
    PACE_NUMBER = "pace_number"  # later, and slower from this number
    PACE_APP = "pace_app"  # later, and slower in everything this app does
    TEMPLATE = "template"  # only (another) template can go now
    STOP_NUMBER = "stop_number"  # nothing goes from this number until it is put right
    STOP_WABA = "stop_waba"  # nothing goes from any number of this account
    AUTH = "auth"  # the token or its permissions: hold the queue, try again when they are renewed
    DROP = "drop"  # this message is lost, the next may pass
    FIX = "fix"  # lost through a mistake of ours or of the set-up
    USER = "user"  # lost, and the contact is to be marked


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What one code means. Waits are in seconds.

    `retries` bounds RETRY, `then` follows the last of them. `wait` is the least time before the next attempt (None: the
    sender's own backoff, or, where a number or account is stopped, until a person resumes it). `hold`: the whole
    number waits meanwhile and the attempt does not count. `halve`: the number has sent too fast. `unheard`: the message
    may go once the person has written again. `alert`: people must know (of a RETRY: once it is given up). `mark` is
    what to write on the contact.
    """

    action: Action
    meaning: str
    retries: int = 0
    wait: float | None = None
    hold: bool = False
    halve: bool = False
    unheard: bool = False
    then: Action = Action.DROP
    alert: bool = False
    mark: str | None = None


class GraphError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as Meta words it, in a refusal or in `errors[]` of a webhook. `code` is NO_CODE when there was none."""

    code: int
    message: str = ""
    details: str = ""
    transient: bool = False


def classify(http_status: int | None, error: GraphError | None) -> Rule:
    """Finds the rule of an error; `http_status` is None for an error that came in a webhook."""
    if error is not None and (rule := CODES.get(error.code) or _family(error.code)):
        return rule
    if error is not None and error.transient:
        return UNKNOWN_TRANSIENT
    match http_status:
        case 429:
            return TOO_MANY
        case int() if http_status >= 500:
            return UNKNOWN_TRANSIENT
        case int() if 300 <= http_status < 400:
            return REDIRECTED
        case _:
            return UNKNOWN_REFUSAL


def graph_error(raw: Json) -> GraphError | None:
    """Reads an error object of any age; None when it is no object. Codes may come as text."""
    if not isinstance(raw, dict):
        return None
    data = raw.get("error_data")
    return GraphError(
        code=_code(raw.get("code")),
        message=_text(raw.get("message")) or _text(raw.get("title")),
        details=_text(data.get("details")) if isinstance(data, dict) else "",
        transient=raw.get("is_transient") is True,
    )


def _code(value: Json) -> int:
    match value:
        case bool():
            return NO_CODE
        case int():
            return value
        case str() if value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
            return int(value)
        case _:
            return NO_CODE


def _text(value: Json) -> str:
    return value[:1000] if isinstance(value, str) else ""


def _family(code: int) -> Rule | None:
    return next((rule for codes, rule in FAMILIES if code in codes), None)


def _auth(meaning: str) -> Rule:
    return Rule(action=Action.AUTH, meaning=meaning, alert=True)


def _drop(meaning: str, *, alert: bool = False) -> Rule:
    return Rule(action=Action.DROP, meaning=meaning, alert=alert)


def _fix(meaning: str) -> Rule:
    return Rule(action=Action.FIX, meaning=meaning, alert=True, then=Action.FIX)


def _pace(action: Action, meaning: str, wait: float, *, halve: bool = False) -> Rule:
    return Rule(action=action, meaning=meaning, wait=wait, halve=halve)


def _retry(meaning: str, retries: int, *, wait: float | None = None, hold: bool = False) -> Rule:
    return Rule(
        action=Action.RETRY, meaning=meaning, retries=retries, wait=wait, hold=hold, alert=True
    )


def _stop_number(meaning: str, wait: float | None = None) -> Rule:
    return Rule(action=Action.STOP_NUMBER, meaning=meaning, wait=wait, alert=True)


def _stop_waba(meaning: str) -> Rule:
    return Rule(action=Action.STOP_WABA, meaning=meaning, alert=True)


def _user(mark: str, meaning: str) -> Rule:
    return Rule(action=Action.USER, meaning=meaning, mark=mark)


UNKNOWN_REFUSAL = _drop("refused with a code that we do not know", alert=True)
UNKNOWN_TRANSIENT = _retry("a failure at Meta with a code that we do not know", 2)
TOO_MANY = _pace(
    Action.PACE_NUMBER, "too many requests, without a code that we know", 1, halve=True
)
REDIRECTED = _fix("the Graph address answers with a redirect")

_PERMISSION = _auth("the token lacks a permission")

CODES: dict[int, Rule] = {
    # The Graph API's own
    0: _auth("the token's user cannot be authenticated"),
    1: Rule(
        action=Action.RETRY,
        meaning="invalid request or a failure at Meta",
        retries=2,
        then=Action.FIX,
        alert=True,
    ),
    2: _retry("temporary failure or overload", 3),
    3: _auth("the app lacks the capability"),
    4: _pace(Action.PACE_APP, "the app's call limit is reached", 60),
    10: _PERMISSION,
    33: _stop_number("the number was deleted"),
    100: _fix("a parameter is wrong, misspelt or too long"),
    104: _auth("no access token"),
    190: _auth("the access token has expired"),
    **dict.fromkeys(range(200, 300), _PERMISSION),
    368: _stop_waba("blocked for a while for breaking a policy"),
    613: _pace(Action.PACE_APP, "a call limit is reached", 60),
    # Each number of the account meets this limit by itself; other accounts of the app must not suffer for it.
    80007: _pace(Action.PACE_NUMBER, "the account's rate limit is reached", 60),
    # Sending
    130403: _user("blocked", "we have blocked this person"),
    130429: _pace(Action.PACE_NUMBER, "the number's throughput is reached", 1, halve=True),
    130472: _drop("the person is part of an experiment of Meta's (marketing)"),
    130497: _drop("the business may not write to this country", alert=True),
    131000: _retry("unknown failure at Meta", 3),
    131005: _auth("access denied"),
    131008: _fix("a parameter is missing"),
    131009: _fix("a parameter has an impossible value"),
    131016: _retry("service unavailable", 3),
    131021: _drop("sender and recipient are the same"),
    131026: Rule(
        action=Action.DROP, meaning="cannot be delivered to this person", mark="unreachable"
    ),
    131030: _drop("the recipient is not on the test number's list", alert=True),
    131031: _stop_waba("the account is locked, or the PIN is wrong"),
    131037: _stop_number("the number needs an approved display name"),
    131042: _stop_waba("there is a problem with the account's payment"),
    131044: _drop("not eligible for calls"),
    131045: _stop_number("the number is not registered properly"),
    131047: Rule(
        action=Action.TEMPLATE,
        meaning="more than 24 hours since the person last wrote",
        unheard=True,
    ),
    131048: _stop_number("held back because people reported or blocked the number", wait=4 * 3600),
    131049: _drop("held back by Meta to keep people from too much marketing"),
    131050: _user("marketing_opt_out", "the person wants no marketing"),
    131051: _fix("this type of message is not supported"),
    131052: _drop("the person's file could not be downloaded"),
    131053: _retry("our file could not be uploaded", 1),
    131055: _fix("this method is not allowed here"),
    PAIR_RATE: _pace(Action.PACE_PAIR, "too many messages to this person in a short time", 1),
    131057: _retry("the number is being upgraded or maintained", 5, wait=25, hold=True),
    131059: _drop("a page cursor is wrong"),
    131060: _drop("the person's message is not available"),
    131062: _drop("this message needs the person's phone number"),
    131063: _fix("marketing is switched off on the Cloud API"),
    131064: _drop("templates are limited because of wrong categories", alert=True),
    # Templates
    132000: _fix("the number of template parameters is wrong"),
    132001: _fix("the template does not exist or is not approved in this language"),
    132005: _fix("the filled-in template is too long"),
    132007: _fix("the template's text breaks a policy"),
    132008: _fix("a template parameter has the wrong format"),
    132012: _fix("a template parameter has the wrong format"),
    132015: Rule(action=Action.TEMPLATE, meaning="the template is paused", alert=True),
    132016: _drop("the template is disabled", alert=True),
    132018: _fix("the template's parameters are not valid"),
    132068: _fix("the WhatsApp form is blocked"),
    132069: _pace(Action.PACE_PAIR, "the WhatsApp form is limited to ten messages an hour", 360),
    # Registration
    133000: _fix("an earlier deregistration is not complete"),
    133004: _retry("the registration server is busy", 3),
    133005: _fix("the two-step PIN is wrong"),
    133006: _fix("the number must be verified first"),
    133008: _fix("too many wrong PINs"),
    133009: _fix("the PIN was entered too quickly"),
    133010: _stop_number("the number is not registered"),
    133015: _fix("the number was deleted a moment ago; wait five minutes"),
    133016: _fix("too many attempts to register"),
    # Payments and marketing messages
    134011: _fix("the terms of WhatsApp payments are not accepted"),
    134100: _fix("only marketing templates go this way"),
    134101: _retry("the template is being synchronised", 1, wait=600),
    134102: _fix("the template is not available this way"),
    135000: Rule(
        action=Action.RETRY,
        meaning="failed for a parameter that Meta does not name",
        retries=1,
        then=Action.FIX,
        alert=True,
    ),
    # Groups
    131020: _drop("the group cannot take this message"),
    131041: _drop("the group cannot take this message"),
    **dict.fromkeys(range(131201, 131216), _drop("refused by the Groups API")),
    131208: _pace(Action.PACE_NUMBER, "the Groups API's rate limit is reached", 60),
    2494100: _retry("the number is being maintained", 5, wait=120, hold=True),
}

FAMILIES: tuple[tuple[range, Rule], ...] = (
    (range(138_000, 139_000), _drop("refused by the Calling API")),
    (range(139_000, 140_000), _drop("refused while blocking a user")),
    (range(2_388_000, 2_389_000), _fix("a template could not be created or moved")),
)
