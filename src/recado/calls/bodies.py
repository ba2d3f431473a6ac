"""Reads an answer's body up to a size, counted as it comes and again when it is unpacked (a small zip can hold much)."""

import zlib

import aiohttp

from recado.calls.egress_errors import EgressFailed, EgressRefused

ACCEPTED = "gzip, deflate"
# A gzip file may be many; somebody who sends thousands wants us to be busy.
MOST_MEMBERS = 64
GZIP, ZLIB, BARE = 31, 15, -15


async def read_body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Reads and unpacks a body; raises `EgressRefused` for one that is too large."""
    if response.method == "HEAD":
        return b""
    if (response.content_length or 0) > max_bytes:
        raise EgressRefused("too_large")
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > max_bytes:
            raise EgressRefused("too_large")
    packed = ", ".join(response.headers.getall("Content-Encoding", []))
    return unpacked(bytes(raw), packed, max_bytes)


def unpacked(raw: bytes, encoding: str, max_bytes: int) -> bytes:
    """Unpacks a body as its Content-Encoding says."""
    forms: tuple[int, ...]
    match encoding.strip().lower():
        case "" | "identity":
            return raw
        case "gzip" | "x-gzip":
            forms = (GZIP,)
        case "deflate":
            # Some servers mean zlib's form, as the standard says, and some the bare one.
            forms = (ZLIB, BARE)
        case _:
            raise EgressFailed("encoding")
    for form in forms if raw else ():
        try:
            return _inflated(raw, form, max_bytes)
        except zlib.error:
            continue
    if raw:
        raise EgressFailed("broken_answer")
    return b""


def _inflated(raw: bytes, form: int, max_bytes: int) -> bytes:
    whole = bytearray()
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(form)
        whole += member.decompress(raw, max_bytes - len(whole) + 1)
        if len(whole) > max_bytes:
            raise EgressRefused("too_large")
        if not member.eof:
            raise zlib.error("cut short")
        raw = member.unused_data
        if not raw:
            return bytes(whole)
    raise zlib.error("too many members")
