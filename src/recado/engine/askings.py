"""The ids of askings: on the wire they stand before an option's id, so a tap says which message it belongs to."""

from binascii import b2a_base64
from hashlib import blake2b

KEPT = 20
URL_SAFE = bytes.maketrans(b"+/", b"-_")


def visit_id(session: str, number: int) -> str:
    """Makes the 12 characters that name a session's visit; the same in every replay.

    The number comes first, so that ids sort by age: PostgreSQL's jsonb does not keep the order of keys.
    """
    digest = blake2b(f"{session}:{number}".encode(), digest_size=6).digest()
    return f"{number:04x}{b2a_base64(digest, newline=False).translate(URL_SAFE).decode()}"


def newest(askings: dict[str, str]) -> dict[str, str]:
    """Keeps the askings that a customer may still tap on."""
    return askings if len(askings) <= KEPT else dict(sorted(askings.items())[-KEPT:])
