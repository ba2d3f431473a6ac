"""How a number is, as far as we know: what Meta told of it, and whether it sends."""

from typing import Any

from recado.store.numbers import Number
from recado.whatsapp.limits import per_second

_STOPPED = ("number_stopped", "account_stopped")


def health(number: Number) -> dict[str, Any]:
    """Gives what is known of a number with `sending`: its state, until when (null: until somebody acts) and why."""
    return {**number.health, "sending": {**_state(number), "messages_per_second": _rate(number)}}


def _state(number: Number) -> dict[str, Any]:
    """The hold comes first: with the breaker closed it would still be there."""
    if number.hold is not None:
        state = "stopped" if number.hold in _STOPPED else "held"
        until = number.held_until and number.held_until.isoformat()
        told = {"code": number.hold_code, "detail": number.hold_reason}
        return {"state": state, "until": until, "reason": number.hold, **told}
    if number.breaker_until is not None:
        until = number.breaker_until.isoformat()
        told = {"code": None, "detail": number.breaker_reason}
        return {"state": "breaker_open", "until": until, "reason": "graph_unreachable", **told}
    return {"state": "ok", "until": None, "reason": None, "code": None, "detail": None}


def _rate(number: Number) -> int | None:
    limit = number.limits.get("messages_per_second")
    return per_second(limit, coexistence=number.health.get("coexistence") is True)
