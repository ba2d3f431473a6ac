"""The chat page of the fake: its live feed, what it may load, and who may steer it."""

import json
from typing import Any

import aiohttp
import pytest

from tests.whatsapp.fake_stage import ANA, NUMBER, Stage, on_stage, text

pytestmark = pytest.mark.asyncio


async def events(stage: Stage, answer: aiohttp.ClientResponse, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        line = await answer.content.readline()
        if line.startswith(b"data: "):
            found.append(json.loads(line[6:]))
    return found


async def test_the_feed_begins_with_the_history_and_goes_on_live() -> None:
    async with on_stage() as stage:
        wamid = stage.fake.say(ANA, "oi")
        await stage.post(text("um"))
        await stage.fake.idle()
        url = f"{stage.fake.url}/_fake/events?customer={ANA}&number={NUMBER.phone_number_id}"

        async with stage.client.get(url) as answer:
            (history,) = await events(stage, answer, 1)
            stage.fake.say("5521999990000", "outra pessoa")
            read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
            await stage.post({**read, "typing_indicator": {"type": "text"}})
            typing, sent, first_status = await _after(stage, answer)

        assert answer.headers["Content-Type"] == "text/event-stream"
        assert [entry["from"] for entry in history["entries"]] == ["customer", "business"]
        assert history["entries"][0]["message"]["text"]["body"] == "oi"
        assert history["entries"][0]["state"] == "delivered"
        assert history["entries"][1]["body"]["text"]["body"] == "um"
        assert typing == {"event": "read", "entry": {"wamid": wamid, "typing": True}}
        assert sent["entry"]["body"]["text"]["body"] == "dois"
        assert first_status["status"] == "sent"


async def test_a_receipt_speaks_for_the_messages_before_its_own() -> None:
    async with on_stage() as stage:
        wamids = [stage.fake.say(ANA, text) for text in ("um", "dois", "três")]
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamids[1]}
        await stage.post(read)
        url = f"{stage.fake.url}/_fake/events?customer={ANA}"

        async with stage.client.get(url) as answer:
            (history,) = await events(stage, answer, 1)

        assert [entry["read"] for entry in history["entries"]] == [True, True, False]


async def _after(stage: Stage, answer: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    await stage.post(text("dois"))
    return await events(stage, answer, 3)


async def test_a_feed_tells_how_the_webhook_answers() -> None:
    async with on_stage(gaps=(0.0,)) as stage:
        stage.webhook.answers.append(500)
        url = f"{stage.fake.url}/_fake/events?customer={ANA}"

        async with stage.client.get(url) as answer:
            await events(stage, answer, 1)
            stage.fake.say(ANA, "oi")
            said, first, second = await events(stage, answer, 3)

        assert said["event"] == "said"
        assert (first["state"], first["attempts"], first["answer"]) == ("pending", 1, 500)
        assert (second["state"], second["attempts"], second["answer"]) == ("delivered", 2, 200)


async def test_the_page_may_run_only_its_own_script_and_call_only_home() -> None:
    async with on_stage() as stage, stage.client.get(stage.fake.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        html = await answer.text()

        assert "default-src 'none'" in policy
        assert "script-src 'sha256-" in policy
        assert "unsafe" not in policy
        assert html.count("<script>") == html.count("<style>") == 1
        assert "innerHTML" not in html
        assert " style=" not in html
        assert 'src="http' not in html


async def test_the_page_shows_pictures_and_downloads_everything_else() -> None:
    async with on_stage() as stage:
        stage.fake.send_file(ANA, "image", b"x", mime_type="image/png")
        stage.fake.send_file(ANA, "document", b"<script>", mime_type="text/html")
        picture, page = stage.fake.world.media

        async with stage.client.get(f"{stage.fake.url}/_fake/media/{picture}") as answer:
            shown = answer.content_type, answer.headers["Content-Disposition"]
        async with stage.client.get(f"{stage.fake.url}/_fake/media/{page}") as answer:
            kept = answer.content_type, answer.headers["Content-Disposition"]

        assert shown == ("image/png", "inline")
        assert kept == ("application/octet-stream", "attachment")


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
async def test_other_web_pages_may_not_steer_the_fake(headers: dict[str, str]) -> None:
    async with on_stage() as stage:
        url = f"{stage.fake.url}/_fake/customers/{ANA}/messages"

        async with stage.client.post(url, json={"text": "oi"}, headers=headers) as answer:
            status = answer.status

        assert status == 403
        assert not stage.fake.world.said


async def test_the_page_itself_may_steer_the_fake() -> None:
    async with on_stage() as stage:
        url = f"{stage.fake.url}/_fake/customers/{ANA}/messages"

        async with stage.client.post(
            url, json={"text": "oi"}, headers={"Origin": stage.fake.url}
        ) as answer:
            assert answer.status == 200
