"""Files that go up: what is written, what is known about the upload, and the picture of a QR code."""

import struct
import zlib
from collections.abc import Iterator

import pytest
import segno

from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.errors import Action
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.media import QUIET, SCALE, Upload, qr_picture
from recado.whatsapp.outcomes import NotSent, Refused, Unknown, Uploaded
from tests.whatsapp.fake_stage import NUMBER, on_stage
from tests.whatsapp.graph_server import answering, serving
from tests.whatsapp.test_fake_client import account

PICTURE = Upload(b"picture", "image/png", "a.png")


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Reads a PNG's chunks, each with its own checksum."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place = 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        data = png[place + 8 : place + 8 + length]
        (crc,) = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert crc == zlib.crc32(kind + data)
        yield kind, data
        place += 12 + length


def pixels(png: bytes) -> tuple[int, list[bytes]]:
    """Gives the side of a square picture in 24-bit colour, and its lines."""
    parts = dict(chunks(png))
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert (width, depth, colour, rest) == (height, 8, 2, [0, 0, 0])
    raw, stride = zlib.decompress(parts[b"IDAT"]), 1 + 3 * width
    lines = [raw[place : place + stride] for place in range(0, len(raw), stride)]
    assert all(line[0] == 0 for line in lines)
    return width, [line[1:] for line in lines]


@pytest.mark.parametrize("text", ["a", "00020126580014br.gov.bcb.pix" * 4])
def test_a_qr_code_is_drawn_in_the_colours_that_meta_takes(text: str) -> None:
    file = qr_picture(text)

    side, lines = pixels(file.content)
    modules = [list(row) for row in segno.make(text, micro=False, error="m").matrix]
    drawn = [
        [line[3 * SCALE * x : 3 * SCALE * x + 3] == b"\0\0\0" for x in range(side // SCALE)]
        for line in lines[::SCALE]
    ]
    inner = [row[QUIET:-QUIET] for row in drawn[QUIET:-QUIET]]
    assert (file.mime_type, file.filename) == ("image/png", "qr.png")
    assert inner == [[bool(module) for module in row] for row in modules]
    assert not any(any(row) for row in [*drawn[:QUIET], *drawn[-QUIET:]])
    assert all(lines[y] == lines[y - y % SCALE] for y in range(side))
    assert len(file.content) < 5_000_000  # Meta's limit for a picture


def test_a_text_that_is_too_long_for_a_qr_code_is_refused() -> None:
    with pytest.raises(ValueError, match="Data too large"):
        qr_picture("x" * 3_000)


@pytest.mark.asyncio
async def test_an_upload_is_written_as_metas_form() -> None:
    answer = answering(200, b'{"id":"4490709327384033"}')

    async with serving(answer) as server, GraphClient() as client:
        result = await client.upload(server.account(), PICTURE)

    (call,) = server.calls
    assert result == Uploaded("4490709327384033")
    assert call.head.startswith("POST /v25.0/100200/media HTTP/1.1\r\n")
    assert "Content-Type: multipart/form-data; boundary=" in call.head
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in call.body
    assert b'name="type"\r\n\r\nimage/png\r\n' in call.body
    assert b'Content-Type: image/png\r\nContent-Disposition: form-data; name="file"; ' in call.body
    assert b'filename="a.png"\r\n\r\npicture\r\n' in call.body
    assert "picture" not in repr(PICTURE)


@pytest.mark.asyncio
async def test_what_is_uploaded_can_be_shown() -> None:
    async with on_stage() as stage, GraphClient() as client:
        uploaded = await client.upload(account(stage), PICTURE)

        assert isinstance(uploaded, Uploaded)
        kept = stage.fake.world.media[uploaded.media_id]
        assert (kept.content, kept.mime_type) == (b"picture", "image/png")
        assert kept.phone_number_id == NUMBER.phone_number_id


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "code", "action"),
    [
        (Fault(kind="error", code=131053, on="media"), 131053, Action.RETRY),
        (Fault(kind="error", code=190, on="media"), 190, Action.AUTH),
    ],
)
async def test_a_refused_upload_has_the_rule_of_its_code(
    fault: Fault, code: int, action: Action
) -> None:
    async with on_stage() as stage, GraphClient() as client:
        stage.fake.fail(fault)

        refused = await client.upload(account(stage), PICTURE)

        assert isinstance(refused, Refused)
        assert (refused.code, refused.rule.action) == (code, action)


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["http_500", "reset_before"])
async def test_the_fate_of_a_broken_upload_is_unknown(kind: str) -> None:
    async with on_stage() as stage, GraphClient() as client:
        stage.fake.fail(Fault(kind=kind, on="media"))  # type: ignore[arg-type]

        assert isinstance(await client.upload(account(stage), PICTURE), Unknown)


@pytest.mark.asyncio
async def test_an_upload_to_nobody_is_not_sent() -> None:
    async with GraphClient() as client:
        nowhere = Account("100200", "token", graph_url="http://localhost:1")

        assert await client.upload(nowhere, PICTURE) == NotSent("connect")
