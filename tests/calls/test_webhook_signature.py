"""Signatures are those of the Standard Webhooks."""

import base64
import hashlib
import hmac

from recado.calls.webhook_signature import sign


def test_the_vector_of_the_specification() -> None:
    signed = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_any_text_is_a_secret() -> None:
    for secret in ("senha ç", "whsec_not base64!"):
        key = hmac.new(secret.encode(), b"a.1.b", hashlib.sha256).digest()

        signed = sign(secret, id="a", timestamp=1, body=b"b")

        assert signed["webhook-signature"] == f"v1,{base64.b64encode(key).decode()}"
