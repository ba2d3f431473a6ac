"""Refusals that depend on the past: the 24 hour window, strangers, the pair rate, reactions."""

import pytest

from recado.whatsapp.fake_records import FakeMedia
from recado.whatsapp.fake_world import FakeOptions
from tests.whatsapp.fake_stage import ANA, NUMBER, on_stage, text

pytestmark = pytest.mark.asyncio
HELLO = {
    **text(),
    "type": "template",
    "template": {"name": "hello_world", "language": {"code": "en_US"}},
}


async def test_a_free_form_message_needs_an_open_window() -> None:
    async with on_stage() as stage:
        never_wrote, _ = await stage.post(text())
        stage.fake.say(ANA, "oi")
        stage.fake.advance(24 * 3600)
        last_moment, _ = await stage.post(text())
        stage.fake.advance(1)
        status, answer = await stage.post(text())

        assert (never_wrote, last_moment, status) == (400, 200, 400)
        assert answer["error"]["code"] == 131047
        assert "24 hours" in answer["error"]["error_data"]["details"]


async def test_a_template_needs_no_window_and_the_next_message_opens_it() -> None:
    async with on_stage() as stage:
        template, _ = await stage.post(HELLO)
        closed, _ = await stage.post(text())
        stage.fake.say(ANA, "oi")
        opened, _ = await stage.post(text())

        assert (template, closed, opened) == (200, 400, 200)


async def test_each_number_has_its_own_window() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")

        status, answer = await stage.post(text(), number="100000000000002", token="EAAother")

        assert status == 400
        assert answer["error"]["code"] == 131047


async def test_a_closed_window_may_come_as_a_failed_status() -> None:
    async with on_stage(FakeOptions(refuse_late=True)) as stage:
        status, _ = await stage.post(text(biz_opaque_callback_data="0198.1"))
        await stage.fake.idle()

        assert status == 200
        (failed,) = stage.webhook.posts[0].statuses
        assert failed["status"] == "failed"
        assert failed["errors"][0]["code"] == 131047
        assert failed["biz_opaque_callback_data"] == "0198.1"
        assert stage.webhook.statuses() == ["failed"]


async def test_a_stranger_is_undeliverable_only_when_told_so() -> None:
    async with on_stage(FakeOptions(only_customers=True)) as stage:
        _, answer = await stage.post(HELLO)

        assert answer["error"]["code"] == 131026


async def test_the_pair_rate_allows_a_burst_of_45_and_then_one_in_six_seconds() -> None:
    async with on_stage(FakeOptions(pair_rate=True, statuses=False)) as stage:
        stage.fake.say(ANA, "oi")
        burst = [(await stage.post(text()))[0] for _ in range(45)]
        _, answer = await stage.post(text())
        stage.fake.advance(6)
        paid_back, _ = await stage.post(text())
        again, _ = await stage.post(text())

        assert burst == [200] * 45
        assert answer["error"]["code"] == 131056
        assert (paid_back, again) == (200, 400)


async def test_a_reaction_to_an_unknown_message_fails_later() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        reaction = {"message_id": "wamid.nobody", "emoji": "👍"}

        status, _ = await stage.post({**text(), "type": "reaction", "reaction": reaction})
        await stage.fake.idle()

        assert status == 200
        assert stage.webhook.posts[-1].statuses[0]["errors"][0]["code"] == 131009


async def test_a_good_reaction_is_only_reported_as_sent() -> None:
    async with on_stage() as stage:
        wamid = stage.fake.say(ANA, "oi")
        reaction = {"message_id": wamid, "emoji": "👍"}

        await stage.post({**text(), "type": "reaction", "reaction": reaction})
        await stage.fake.idle()

        assert stage.webhook.statuses() == ["sent"]


async def test_a_file_of_the_wrong_kind_fails_later() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.add_media(FakeMedia("77", "application/pdf", b"x", NUMBER.phone_number_id))

        status, _ = await stage.post({**text(), "type": "image", "image": {"id": "77"}})
        await stage.fake.idle()

        assert status == 200
        assert stage.webhook.posts[-1].statuses[0]["errors"][0]["code"] == 131053
