"""The fake's media: uploaded, sent, read, downloaded, deleted, and Meta's limits."""

import aiohttp
import pytest

from recado.whatsapp.fake_records import FakeMedia
from tests.whatsapp.fake_stage import ANA, NUMBER, on_stage, text

pytestmark = pytest.mark.asyncio


async def test_uploaded_media_can_be_sent_read_downloaded_and_deleted() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("file", b"picture", filename="a.png", content_type="image/png")
        headers = {"Authorization": "Bearer EAAtoken"}
        url = f"{stage.fake.url}/v25.0/{NUMBER.phone_number_id}/media"
        async with stage.client.post(url, data=form, headers=headers) as answer:
            media_id = (await answer.json())["id"]

        sent, _ = await stage.post({**text(), "type": "image", "image": {"id": media_id}})
        _, about = await stage.get(f"/v25.0/{media_id}?phone_number_id={NUMBER.phone_number_id}")
        async with stage.client.get(about["url"], headers=headers) as answer:
            content = await answer.read()
        async with stage.client.get(about["url"]) as answer:
            without_token = answer.status
        foreign, _ = await stage.get(f"/v25.0/{media_id}", token="EAAother")
        async with stage.client.delete(
            f"{stage.fake.url}/v25.0/{media_id}", headers=headers
        ) as answer:
            deleted = await answer.json()
        gone, _ = await stage.get(f"/v25.0/{media_id}")
        unsendable, _ = await stage.post({**text(), "type": "image", "image": {"id": media_id}})

        assert sent == 200
        assert (about["mime_type"], about["file_size"]) == ("image/png", len(b"picture"))
        assert content == b"picture"
        assert without_token == 401
        assert foreign == 400
        assert deleted == {"success": True}
        assert (gone, unsendable) == (400, 400)


async def test_a_media_address_dies_after_five_minutes() -> None:
    async with on_stage() as stage:
        stage.fake.add_media(FakeMedia("77", "image/png", b"x", NUMBER.phone_number_id))
        _, about = await stage.get("/v25.0/77")
        headers = {"Authorization": "Bearer EAAtoken"}
        async with stage.client.get(about["url"], headers=headers) as answer:
            fresh = answer.status
        stage.fake.advance(301)

        async with stage.client.get(about["url"], headers=headers) as answer:
            stale = answer.status

        assert (fresh, stale) == (200, 404)


@pytest.mark.parametrize(
    ("mime_type", "size"), [("image/png", (5 << 20) + 1), ("image/webp", (500 << 10) + 1)]
)
async def test_media_beyond_metas_size_is_refused(mime_type: str, size: int) -> None:
    async with on_stage() as stage:
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("file", b"x" * size, filename="a", content_type=mime_type)
        url = f"{stage.fake.url}/v25.0/{NUMBER.phone_number_id}/media"

        async with stage.client.post(
            url, data=form, headers={"Authorization": "Bearer EAAtoken"}
        ) as answer:
            error = (await answer.json())["error"]

        assert error["code"] == 131053
