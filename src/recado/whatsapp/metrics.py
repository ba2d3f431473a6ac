"""What is measured of our requests to Meta."""

from typing import Literal

from prometheus_client import Counter, Histogram

from recado.whatsapp.errors import CODES
from recado.whatsapp.outcomes import Accepted, Answer, Marked, NotSent, Refused, Unknown

Call = Literal["message", "receipt", "upload", "read"]
BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 15.0, 30.0)  # seconds

REQUESTS = Counter(
    "recado_graph_requests",
    "Requests to Meta by what for, outcome, and Meta's code or the reason.",
    ["call", "outcome", "code"],
)
SECONDS = Histogram(
    "recado_graph_seconds",
    "How long Meta takes to answer a request, or we to give it up.",
    ["call"],
    buckets=BUCKETS,
)

_seconds = {call: SECONDS.labels(call) for call in ("message", "receipt", "upload", "read")}
_taken = {call: REQUESTS.labels(call, "accepted", "") for call in _seconds}


def asked(call: Call, result: object, seconds: float) -> None:
    """Counts a request with what came of it."""
    _seconds[call].observe(seconds)
    match result:
        case Accepted() | Marked():
            _taken[call].inc()
        case Refused(code=code):
            known = code is None or code in CODES
            named = "none" if code is None else str(code)
            REQUESTS.labels(call, "refused", named if known else "other").inc()
        case NotSent(reason=reason):
            REQUESTS.labels(call, "not_sent", reason).inc()
        case Unknown(reason=reason):
            REQUESTS.labels(call, "unknown", reason).inc()
        case Answer(status=status) if status >= 400:
            REQUESTS.labels(call, "refused", f"http_{status}").inc()
        case _:
            _taken[call].inc()
