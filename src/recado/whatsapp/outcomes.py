"""What is known about the fate of a request to Meta, and how an HTTP answer says it. Pure."""

from collections.abc import Mapping

import msgspec

from recado.engine.events import Json
from recado.whatsapp.errors import CODES, NO_CODE, GraphError, Rule, classify, graph_error

EXPIRED_TOKEN = 190


class Accepted(msgspec.Struct, frozen=True):
    """Meta took the message; `wa_id` may be spelt differently from what we sent to (Brazil, Mexico)."""

    wamid: str
    wa_id: str | None = None
    user_id: str | None = None
    message_status: str | None = None


class Marked(msgspec.Struct, frozen=True):
    """Meta took a read receipt."""


class Refused(msgspec.Struct, frozen=True):
    """Meta did not take it and said why. `retry_after` is in seconds; `code` is None for an answer without one."""

    rule: Rule
    code: int | None
    message: str
    details: str
    http_status: int
    retry_after: float | None = None


class NotSent(msgspec.Struct, frozen=True):
    """It provably never reached Meta as a whole, or Meta's refusal got lost: sending again is safe."""

    reason: str


class Unknown(msgspec.Struct, frozen=True):
    """It may have reached Meta: only a status webhook can tell. `retry_after` (seconds) is how long to leave her alone."""

    reason: str
    retry_after: float | None = None


class Uploaded(msgspec.Struct, frozen=True):
    """Meta has the file, and this number may send it for 30 days."""

    media_id: str


SendResult = Accepted | Refused | NotSent | Unknown
MarkResult = Marked | Refused | NotSent | Unknown
UploadResult = Uploaded | Refused | NotSent | Unknown


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer. `raw` is None when its body was too long or broke off."""

    status: int
    raw: bytes | None
    retry_after: str | None = None


class _Message(msgspec.Struct):
    id: str
    message_status: str | None = None


class _Contact(msgspec.Struct):
    wa_id: str | None = None
    user_id: str | None = None


class _Taken(msgspec.Struct):
    """How Meta says yes, as nearly every answer does."""

    messages: list[_Message]
    contacts: list[_Contact] = []


_taken = msgspec.json.Decoder(_Taken)


def send_result(answer: Answer) -> SendResult:
    """Reads the answer to a message: without a wamid or an error object nobody knows what happened."""
    return (_acceptance(answer.raw) if _is_success(answer) else None) or _any_result(answer)


def _acceptance(raw: bytes | None) -> Accepted | None:
    """Reads a yes of the usual shape; any other answer is looked at member by member."""
    try:
        taken = _taken.decode(raw or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not taken.messages or not taken.messages[0].id:
        return None
    message = taken.messages[0]
    contact = taken.contacts[0] if taken.contacts else _Contact()
    return Accepted(
        message.id, contact.wa_id or None, contact.user_id or None, message.message_status or None
    )


def _any_result(answer: Answer) -> SendResult:
    body = _json_object(answer.raw)
    wamid = _text(_first(body, "messages").get("id"))
    if not _is_success(answer) or wamid is None:
        return _failed(answer, body)
    contact = _first(body, "contacts")
    return Accepted(
        wamid=wamid,
        wa_id=_text(contact.get("wa_id")),
        user_id=_text(contact.get("user_id")),
        message_status=_text(_first(body, "messages").get("message_status")),
    )


def upload_result(answer: Answer) -> UploadResult:
    """Reads the answer to an upload."""
    body = _json_object(answer.raw)
    media_id = _text(body.get("id"))
    return Uploaded(media_id) if _is_success(answer) and media_id else failed(answer)


def failed(answer: Answer) -> Refused | NotSent | Unknown:
    """Says what an answer means that does not hold what was asked for."""
    return _failed(answer, _json_object(answer.raw))


def mark_result(answer: Answer) -> MarkResult:
    """Reads the answer to a read receipt."""
    body = _json_object(answer.raw)
    if _is_success(answer) and body.get("success") is True:
        return Marked()
    return _failed(answer, body)


def impossible_token() -> Refused:
    """Speaks for Meta where the token could not even stand in a header."""
    return Refused(
        rule=CODES[EXPIRED_TOKEN],
        code=EXPIRED_TOKEN,
        message="The access token is empty or holds characters that no token has.",
        details="",
        http_status=401,
    )


def _failed(answer: Answer, body: Mapping[str, Json]) -> Refused | NotSent | Unknown:
    error = graph_error(body.get("error"))
    if error is not None:
        return _refused(answer, error)
    if _is_success(answer):
        return Unknown("answer_cut_off" if answer.raw is None else "answer_without_id")
    if answer.status >= 500:
        return Unknown(f"http_{answer.status}", _seconds(answer.retry_after))
    if answer.raw is None:
        return NotSent(f"http_{answer.status}_cut_off")
    return _refused(answer, None)


def _refused(answer: Answer, error: GraphError | None) -> Refused:
    return Refused(
        rule=classify(answer.status, error),
        code=error.code if error and error.code != NO_CODE else None,
        message=error.message if error else f"HTTP {answer.status}",
        details=error.details if error else "",
        http_status=answer.status,
        retry_after=_seconds(answer.retry_after),
    )


def _is_success(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _json_object(raw: bytes | None) -> Mapping[str, Json]:
    try:
        body = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _first(body: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    match body.get(key):
        case [dict() as first, *_]:
            return first
        case _:
            return {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(header: str | None) -> float | None:
    """Reads `Retry-After` in whole seconds; its other form, a date, would need a clock, and Meta sends none."""
    return float(header) if header and header.isascii() and header.isdigit() else None
