"""Why a request did not go out or did not come back, in plain words: never a URL, a header or a body."""

from collections.abc import Mapping

REFUSED: Mapping[str, str] = {
    "bad_url": "The address is not a web address.",
    "scheme": "The address must begin with http:// or https://.",
    "userinfo": "The address may not hold a user name or password.",
    "host": "The address names no valid host.",
    "port": "The address names a port that is not for web requests.",
    "address": "The address is not on the public internet; RECADO_EGRESS_ALLOW can open it.",
    "method": "The method is not one that may be sent.",
    "header": "A header has a name or a value that cannot be sent.",
    "redirects": "The service redirected too often, or to where the request may not go.",
    "too_large": "The answer is too large.",
}
FAILED: Mapping[str, str] = {
    "dns": "The host name was not found.",
    "connect": "The service took no connection.",
    "tls": "The service showed no valid certificate.",
    "disconnected": "The service hung up before it had answered.",
    "encoding": "The answer is compressed in a way that was not asked for.",
    "broken_answer": "The answer is not proper HTTP.",
}


class EgressError(Exception):
    """A request that got no answer to work with; `code` is the reason in one word."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class EgressRefused(EgressError):
    """We would not send it, or not read its answer (codes: `REFUSED`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code, REFUSED[code])


class EgressTimeout(EgressError):
    """The whole of it took longer than it may."""

    def __init__(self) -> None:
        super().__init__("timeout", "The service took too long.")


class EgressFailed(EgressError):
    """It went wrong on the way (codes: `FAILED`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code, FAILED[code])
