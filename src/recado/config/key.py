"""The key that secrets are encrypted with: read from its two spellings, made once in the data folder."""

import base64
import binascii
import os
import re
import secrets
from pathlib import Path

KEY_BYTES = 32


def decode_key(text: str) -> bytes:
    """Reads hexadecimal digits or either alphabet of base64; raises ValueError unless it is 32 bytes."""
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return bytes.fromhex(text)
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as problem:
        raise ValueError("not base64") from problem
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key


def make_key(path: Path) -> None:
    """Writes a new key in one step: of several processes that start at once, one writes and all read the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".secret.key.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
