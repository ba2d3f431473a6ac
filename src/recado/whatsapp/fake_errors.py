"""Meta's error objects as the fake answers them: code, title and HTTP status."""

from dataclasses import dataclass

# Code -> (title, HTTP status), from Meta's error table (January 2026, where it still had HTTP).
TITLES: dict[int, tuple[str, int]] = {
    0: ("Unable to authenticate the app user", 401),
    1: ("Invalid request or possible server error", 400),
    2: ("Service temporarily unavailable", 503),
    3: ("Capability or permissions issue", 500),
    4: ("Application request limit reached", 400),
    10: ("Permission is either not granted or has been removed", 403),
    33: ("Parameter value is not valid", 400),
    100: ("Invalid parameter", 400),
    104: ("An access token is required to request this resource.", 401),
    190: ("Invalid OAuth access token - Cannot parse access token", 401),
    368: ("Temporarily blocked for policies violations", 403),
    613: ("Calls to this api have exceeded the rate limit", 400),
    2200: ("Callback verification failed", 400),
    2500: ("Unknown path components", 404),
    80007: ("Rate limit issues", 400),
    130403: ("Business blocked this user", 400),
    130429: ("Rate limit hit", 400),
    130472: ("User's number is part of an experiment", 400),
    130497: ("Business account is restricted from messaging users in this country", 403),
    131000: ("Something went wrong", 500),
    131005: ("Access denied", 403),
    131008: ("Required parameter is missing", 400),
    131009: ("Parameter value is not valid", 400),
    131016: ("Service unavailable", 500),
    131021: ("Recipient cannot be sender", 400),
    131026: ("Message undeliverable", 400),
    131030: ("Recipient phone number not in allowed list", 400),
    131031: ("Account has been locked", 403),
    131037: ("Phone number needs display name approval", 400),
    131042: ("Business eligibility payment issue", 400),
    131045: ("Incorrect certificate", 500),
    131047: ("Re-engagement message", 400),
    131048: ("Spam rate limit hit", 400),
    131049: ("Meta chose not to deliver", 400),
    131050: ("User has stopped marketing messages", 400),
    131051: ("Unsupported message type", 400),
    131052: ("Media download error", 400),
    131053: ("Media upload error", 400),
    131055: ("Method not allowed", 400),
    131056: ("(Business Account, Consumer Account) pair rate limit hit", 400),
    131057: ("Account in maintenance mode", 500),
    131062: ("Business-scoped user id is not supported for this message", 400),
    131063: ("Marketing templates are disabled on Cloud API", 400),
    131064: ("Limited due to template misclassification", 400),
    132000: ("Number of parameters does not match the expected number of params", 400),
    132001: ("Template name does not exist in the translation", 404),
    132005: ("Translated text too long", 400),
    132007: ("Template format character policy violated", 400),
    132012: ("Parameter format does not match format in the created template", 400),
    132015: ("Template is paused", 400),
    132016: ("Template is disabled", 400),
    132018: ("There is an issue with the parameters in the template", 400),
    132068: ("Flow is in blocked state", 400),
    132069: ("Flow is in throttled state", 400),
    133004: ("Server temporarily unavailable", 503),
    133010: ("Phone number not registered", 400),
    134011: ("WhatsApp payments terms of service has not been accepted", 400),
    135000: ("Generic user error", 400),
    2494100: ("Phone number is in maintenance mode", 400),
}
_BARE = frozenset({0, 104, 190, 2500})
_HELP = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True, slots=True)
class FakeError:
    """One refusal in Meta's words; `status` is the HTTP status it goes out with."""

    code: int
    message: str
    status: int = 400
    details: str | None = None
    kind: str = "OAuthException"
    subcode: int | None = None

    def answer(self, trace: str) -> dict[str, object]:
        """Shapes the error as the body of a refused request."""
        error: dict[str, object] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details is not None:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": trace}}

    def in_webhook(self) -> dict[str, object]:
        """Shapes the error as an item of `errors[]` in a failed status."""
        title = self.message.removeprefix(f"(#{self.code}) ")
        return {
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": {"details": self.details or title},
            "href": _HELP,
        }


class Refused(Exception):
    """Carries a FakeError out of the middle of a check."""

    def __init__(self, error: FakeError) -> None:
        super().__init__(error.message)
        self.error = error


def by_code(code: int, details: str | None = None, *, status: int | None = None) -> FakeError:
    """Makes the error of a code with Meta's title; unknown codes get a plain title and 400."""
    title, usual = TITLES.get(code, ("Error", 400))
    message = title if code in _BARE else f"(#{code}) {title}"
    return FakeError(code, message, status or usual, details)


def bad_parameter(sentence: str) -> FakeError:
    """Makes a code 100, whose message itself says which parameter is wrong."""
    return FakeError(100, f"(#100) {sentence}")


def bad_value(details: str) -> FakeError:
    """Makes a 131009, whose details say which value is wrong."""
    return by_code(131009, details)


def no_such_object(object_id: str) -> FakeError:
    """Makes the Graph's answer to an id that doesn't exist or isn't ours (100, subcode 33)."""
    message = (
        f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded due "
        "to missing permissions, or does not support this operation"
    )
    return FakeError(100, message, kind="GraphMethodException", subcode=33)
