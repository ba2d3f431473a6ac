"""The signature of a webhook post: HMAC-SHA256 over the raw bytes, keyed with the app secret (Meta, webhooks)."""

import hmac
import re

_HEADER = re.compile(r"sha256=([0-9a-fA-F]{64})")


def sign(secret: str, body: bytes) -> str:
    """Writes the `X-Hub-Signature-256` header that Meta would send with this body."""
    return f"sha256={_digest(secret, body)}"


def verify(secret: str, body: bytes, header: str | None) -> bool:
    """Says whether the header signs exactly these bytes; in constant time, and False for any malformed header.

    An empty secret verifies nothing: everybody knows it.
    """
    given = _HEADER.fullmatch(header or "")
    if given is None or not secret:
        return False
    return hmac.compare_digest(_digest(secret, body), given.group(1).lower())


def _digest(secret: str, body: bytes) -> str:
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), body, "sha256").hex()
