"""Files on their way to Meta, and the picture of a QR code.

Meta keeps an uploaded file for 30 days and lets only the number that uploaded it send it.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import aiohttp
import segno

SCALE = 8  # pixels of a module
QUIET = 4  # modules around the code, as ISO 18004 asks
WHITE, BLACK = b"\xff\xff\xff", b"\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, its MIME type and a name for it."""

    content: bytes = field(repr=False)
    mime_type: str
    filename: str


def form(file: Upload) -> aiohttp.FormData:
    """Writes the multipart form of `POST /{phone_number_id}/media`."""
    parts = aiohttp.FormData()
    parts.add_field("messaging_product", "whatsapp")
    parts.add_field("type", file.mime_type)
    parts.add_field("file", file.content, content_type=file.mime_type, filename=file.filename)
    return parts


def qr_picture(text: str) -> Upload:
    """Draws a text as a QR code; raises ValueError where it does not fit into one."""
    code = segno.make(text, micro=False, error="m")
    return Upload(_png(code), "image/png", "qr.png")


def _png(code: segno.QRCode) -> bytes:
    """Writes a PNG in 24-bit colour: Meta takes 8-bit RGB, and segno itself writes one bit a pixel."""
    lines = [_line(row) * SCALE for row in code.matrix_iter(border=QUIET)]
    side = code.symbol_size(scale=SCALE, border=QUIET)[0]
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(lines), 9)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", body), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _line(row: Iterable[int]) -> bytes:
    pixels = b"".join((BLACK if module else WHITE) * SCALE for module in row)
    return b"\x00" + pixels  # no filter


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
