"""The signature of a webhook post. The digests were computed with `openssl dgst -sha256 -hmac`."""

import pytest

from recado.whatsapp.signature import sign, verify

SECRET = "app-secret"
# As Meta escapes them on the wire: accents, emoji, slash, less-than, percent and at sign.
ESCAPED = rb'{"body":"\u00e4\u00f6\u00e5 \ud83d\ude00 \/ \u003C \u0025 \u0040"}'
DIGESTS = {
    b"": "f685db4c946698bf105ff5b62e30bc1f78216f3914b12bb750f8992aa6748824",
    b'{"entry":[]}': "fe6aaed5aff30b5679e782271914a2287bdd7de6bedb495c95c24ad91e5e3fdb",
    ESCAPED: "5e3ebf5b7b72063151f851b0fbddffd2962f37e13047451ef3e99fa4e15bd1b8",
    '{"body":"Olá 😀 @ /"}'.encode(): "1ea06f6685f72decb18b16bdfc5ac48642bda8671abbb85853ffaeef0c7d37e5",
}


@pytest.mark.parametrize("body", DIGESTS)
def test_a_signature_is_the_hmac_of_the_raw_bytes(body: bytes) -> None:
    header = f"sha256={DIGESTS[body]}"

    assert sign(SECRET, body) == header
    assert verify(SECRET, body, header)
    assert verify(SECRET, body, f"sha256={DIGESTS[body].upper()}")


def test_a_body_written_anew_does_not_verify() -> None:
    assert not verify(SECRET, b'{"body": "\xc3\xa4"}', sign(SECRET, rb'{"body": "\u00e4"}'))


def test_another_secret_does_not_verify() -> None:
    assert not verify("other", b"{}", sign(SECRET, b"{}"))


def test_an_empty_secret_verifies_nothing() -> None:
    assert not verify("", b"{}", sign("", b"{}"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda header: None,
        lambda header: "",
        lambda header: header.removeprefix("sha256="),
        lambda header: header.replace("sha256", "sha1"),
        lambda header: header[:-1],
        lambda header: header + "0",
        lambda header: header + "\n",
        lambda header: header[:-1] + "g",
        lambda header: header[:-1] + "á",
        lambda header: " " + header,
        lambda header: header.upper(),
    ],
)
def test_a_malformed_header_is_false(spoil: object) -> None:
    assert callable(spoil)

    assert verify(SECRET, b"{}", spoil(sign(SECRET, b"{}"))) is False
