"""Each kind of fault, as a raw client and the webhook see it."""

import asyncio

import aiohttp
import pytest

from recado.whatsapp.fake_faults import Fault, FaultPlan
from tests.whatsapp.fake_stage import ANA, on_stage, text

pytestmark = pytest.mark.asyncio


async def test_an_error_comes_count_times_with_its_code() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(
            Fault(kind="error", code=131056, count=2), Fault(kind="error", code=190, count=1)
        )

        answers = [await stage.post(text(f"{n}")) for n in range(4)]

        assert [status for status, _ in answers] == [400, 400, 401, 200]
        assert [answer["error"]["code"] for _, answer in answers[:3]] == [131056, 131056, 190]
        assert [sent.text for sent in stage.fake.sent_to(ANA)] == ["3"]


async def test_an_error_may_come_with_another_http_status() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="error", code=130429, http=429, details="slow down"))

        status, answer = await stage.post(text())

        assert status == 429
        assert answer["error"]["error_data"]["details"] == "slow down"


async def test_a_500_has_no_body_and_accepts_nothing() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="http_500", count=1))

        assert await stage.post(text()) == (500, None)
        assert stage.fake.sent_to(ANA) == []


async def test_a_reset_before_accepts_nothing() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="reset_before", count=1))

        with pytest.raises(aiohttp.ClientConnectionError):
            await stage.post(text())

        assert stage.fake.sent_to(ANA) == []


async def test_a_reset_after_accepts_and_reports_statuses() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="reset_after", count=1))

        with pytest.raises(aiohttp.ClientConnectionError):
            await stage.post(text(biz_opaque_callback_data="0198.1"))
        await stage.fake.idle()

        assert len(stage.fake.sent_to(ANA)) == 1
        last = stage.webhook.posts[-1].statuses[0]
        assert (last["status"], last["biz_opaque_callback_data"]) == ("read", "0198.1")


async def test_a_delayed_answer_comes_after_the_statuses() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="delay_answer", ms=60_000))

        answer = asyncio.create_task(stage.post(text()))
        await stage.fake.wait_for(lambda: "read" in stage.webhook.statuses())

        assert not answer.done()
        answer.cancel()


async def test_a_delay_holds_the_message_back() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="delay", ms=60_000, to=ANA))
        stage.fake.say("5521999990000", "oi")

        held = asyncio.create_task(stage.post(text()))
        other, _ = await stage.post(text(to="5521999990000"))

        assert other == 200
        assert not held.done()
        assert stage.fake.sent_to(ANA) == []
        held.cancel()


async def test_a_late_failure_is_accepted_and_then_reported() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="fail_later", code=131026, count=1))

        status, _ = await stage.post(text())
        await stage.fake.idle()

        assert status == 200
        failed = stage.webhook.posts[-1].statuses[0]
        assert failed["errors"][0]["code"] == 131026
        assert failed["errors"][0]["title"] == "Message undeliverable"
        assert stage.fake.sent_to(ANA)[0].statuses == ["failed"]


async def test_without_statuses_the_business_hears_nothing_more() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="no_statuses", count=1))

        await stage.post(text())
        await stage.fake.idle()

        assert stage.webhook.statuses() == []


async def test_a_duplicate_is_the_same_post_twice() -> None:
    async with on_stage() as stage:
        stage.fake.fail(Fault(kind="duplicate", count=1))

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        first, second = stage.webhook.posts
        assert first == second


async def test_a_reordered_webhook_is_overtaken_by_the_next() -> None:
    async with on_stage() as stage:
        stage.fake.fail(Fault(kind="reorder", count=1))

        for words in ("um", "dois", "três"):
            stage.fake.say(ANA, words)
        await stage.fake.idle()

        heard = [post.messages[0]["text"]["body"] for post in stage.webhook.posts]
        assert heard == ["dois", "um", "três"]


async def test_a_reordered_webhook_with_nothing_behind_it_still_comes() -> None:
    async with on_stage(hold=0.0) as stage:
        stage.fake.fail(Fault(kind="reorder"))

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        assert len(stage.webhook.posts) == 1


async def test_a_fault_for_one_customer_spares_the_others() -> None:
    async with on_stage() as stage:
        for who in (ANA, "5521999990000"):
            stage.fake.say(who, "oi")
        stage.fake.fail(Fault(kind="error", code=131056, to="551187654321"))

        hers, _ = await stage.post(text())
        theirs, _ = await stage.post(text(to="5521999990000"))

        assert (hers, theirs) == (400, 200)


async def test_marking_as_read_has_faults_of_its_own() -> None:
    async with on_stage() as stage:
        wamid = stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="error", code=131056, on="receipts", count=1))
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}

        sent, _ = await stage.post(text())
        refused, _ = await stage.post(read)
        marked, _ = await stage.post(read)

        assert (sent, refused, marked) == (200, 400, 200)
        assert len(stage.fake.world.reads) == 1


async def test_marking_as_read_draws_no_fault_of_messages() -> None:
    async with on_stage() as stage:
        wamid = stage.fake.say(ANA, "oi")
        stage.fake.fail(Fault(kind="error", count=1))
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}

        marked, _ = await stage.post(read)
        refused, _ = await stage.post(text())

        assert (marked, refused) == (200, 500)


async def test_the_same_seed_draws_the_same_luck() -> None:
    def luck(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.add(Fault(kind="no_statuses", probability=0.5))
        return [plan.draw(number="1", to="2").no_statuses for _ in range(40)]

    assert luck(1) == luck(1)
    assert luck(1) != luck(2)
    assert {True, False} == set(luck(1))


async def test_clearing_ends_all_faults_and_starts_the_luck_over() -> None:
    plan = FaultPlan(7)
    fault = Fault(kind="no_statuses", probability=0.5)
    plan.add(fault)
    before = [plan.draw(number="1", to="2").no_statuses for _ in range(20)]

    plan.clear()
    none = plan.draw(number="1", to="2").no_statuses
    plan.add(fault)

    assert not none
    assert [plan.draw(number="1", to="2").no_statuses for _ in range(20)] == before
