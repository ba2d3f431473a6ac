"""Signs outgoing webhooks in the Standard Webhooks way (version 1.0.0), so that any of its libraries can verify them."""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Makes the three headers; `id` stays the same when a webhook is sent again, `timestamp` is when it is sent."""
    content = b".".join([id.encode(), str(timestamp).encode(), body])
    signature = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _key(secret: str) -> bytes:
    """Reads `whsec_<base64>`; any other text is the key as it stands."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
