"""Sending against a fake Meta: order, retries, holds, doubts, leases, and every point where a crash can come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.outbox import Sending
from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker.send import Sender
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import VAULT, set_up

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        desk.meta.say(ANA, "oi")
        yield desk


async def waits(desk: Desk) -> list[float]:
    """Reads for how many seconds each queued message still waits."""
    rows = await desk.stage.rows(
        """select extract(epoch from not_before - clock_timestamp())::float as wait from outbox
            order by seq"""
    )
    return [round(row["wait"], 1) for row in rows]


async def test_a_message_goes_out_and_its_fate_is_known(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")

    await desk.work()

    (sent,) = desk.meta.sent_to(ANA)
    fate = await desk.stage.fate(id)
    assert (sent.text, sent.opaque) == ("Olá", f"{id}.1")
    assert (fate["status"], fate["wamid"]) == ("accepted", sent.wamid)
    assert fate["sending_at"] is not None
    assert await desk.stage.lane(ana) == []


async def test_a_lane_keeps_its_order_one_request_at_a_time(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    for n in range(5):
        await desk.stage.says(ana, str(n))

    await desk.sender.step()
    running = desk.sender.in_flight
    await desk.work()

    assert running == 1
    assert desk.texts() == ["0", "1", "2", "3", "4"]


async def test_lanes_run_side_by_side(desk: Desk) -> None:
    for n in range(20):
        phone = f"55119555000{n:02}"
        desk.meta.say(phone, "oi")
        await desk.stage.says(await desk.stage.customer(phone), "Olá")

    await desk.sender.step()

    assert desk.sender.in_flight == 20
    await desk.work()
    assert await desk.stage.value("select count(*) from outbox") == 0


async def test_a_retry_waits_two_four_and_eight_seconds_then_fails(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131000))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")

    schedule = []
    for _ in range(3):
        await desk.work()
        schedule += await waits(desk)
        await desk.pass_time(10)
    await desk.work()

    assert schedule == [2.0, 4.0, 8.0]
    fate = await desk.stage.fate(id)
    assert (fate["status"], fate["error"]["code"]) == ("failed", 131000)
    assert await desk.stage.lane(ana) == []
    assert await desk.stage.alerts() == {"send_failed": 1}


async def test_a_retry_is_not_made_before_its_time(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131000, count=1))
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "1")
    await desk.stage.says(ana, "2")

    await desk.work()
    await desk.work()
    before = desk.texts()
    await desk.pass_time(2.5)
    await desk.work()

    assert before == []
    assert desk.texts() == ["1", "2"]


async def test_slowing_down_does_not_count_as_a_failure(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131056, count=5))
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "Olá")

    schedule = []
    for _ in range(5):
        await desk.work()
        schedule += await waits(desk)
        await desk.pass_time(1_000)
    await desk.work()

    assert schedule == [1.0, 4.0, 16.0, 64.0, 256.0]
    assert desk.texts() == ["Olá"]


async def test_a_refusal_for_good_frees_the_lane(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131026, count=1))
    ana = await desk.stage.customer(ANA)
    first = await desk.stage.says(ana, "1")
    await desk.stage.says(ana, "2")

    await desk.work()

    assert (await desk.stage.fate(first))["status"] == "failed"
    assert desk.texts() == ["2"]


async def test_what_was_provably_not_sent_waits_without_counting(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "Olá")
    await desk.stage.sql("update whatsapp_numbers set graph_url = 'http://127.0.0.1:1'")

    for _ in range(6):
        await desk.work()
        await desk.pass_time(100)
    tries = await desk.stage.value("select tries from outbox")
    alerts = await desk.stage.alerts()
    await desk.stage.sql("update whatsapp_numbers set graph_url = null")
    await desk.work()

    assert tries == 0
    assert "graph_unreachable" in alerts
    assert desk.texts() == ["Olá"]


async def test_a_lost_answer_is_waited_for_then_sent_again_once(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=2))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.stage.says(ana, "depois")

    await desk.work()
    in_doubt = (await desk.stage.fate(id))["status"], desk.texts(), await waits(desk)
    await desk.pass_time(31)
    await desk.work()

    assert in_doubt[:2] == ("unknown", ["Olá"])
    assert in_doubt[2][0] == pytest.approx(30, abs=2)
    # Twice at Meta, and nobody could know better: there is no idempotency key. Never a third time.
    assert desk.texts() == ["Olá", "Olá", "depois"]
    assert [sent.opaque for sent in desk.meta.sent_to(ANA)][:2] == [f"{id}.1", f"{id}.2"]
    assert (await desk.stage.fate(id))["status"] == "unknown"
    assert await desk.stage.alerts() == {"send_unknown": 1}


async def test_at_most_once_stays_unknown_and_the_lane_goes_on(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "paga", policy="at_most_once")
    await desk.stage.says(ana, "depois")

    await desk.work()
    await desk.pass_time(100)
    await desk.work()

    assert (await desk.stage.fate(id))["status"] == "unknown"
    assert desk.texts() == ["paga", "depois"]


async def test_what_comes_too_late_fails_with_an_alert(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "tarde", expires_in=-1)
    await desk.stage.says(ana, "a tempo")

    await desk.work()
    await desk.work()

    fate = await desk.stage.fate(id)
    assert (fate["status"], fate["error"]["code"]) == ("failed", "window_closed")
    assert desk.texts() == ["a tempo"]
    assert await desk.stage.alerts() == {"send_expired": 1}


async def test_one_process_at_a_time_sends_for_a_number(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "1")
    await desk.work()
    other = desk.new_sender()
    await desk.stage.says(ana, "2")

    await desk.work(other)
    by_the_other = desk.texts()
    await desk.work()

    assert by_the_other == ["1"]
    assert desk.texts() == ["1", "2"]


async def test_a_lease_that_ran_out_is_taken_over_with_a_new_epoch(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "1")
    await desk.work()
    await desk.stage.sql("update number_senders set until = clock_timestamp()")
    await desk.stage.says(ana, "2")

    await desk.work(desk.new_sender())
    await desk.work()

    assert desk.texts() == ["1", "2"]
    assert await desk.stage.value("select epoch from number_senders") == 2


async def test_a_process_that_was_paused_past_its_lease_writes_nothing(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "Olá")
    await desk.sender.step()  # committed as sending; the request has not begun
    desk.now += 20

    while desk.sender.in_flight:
        await asyncio.wait_for(desk.rung.wait(), 10)
        desk.rung.clear()
        await desk.sender.step()
    written = desk.texts()
    await desk.pass_time(10)
    await desk.work()

    assert written == []
    assert desk.texts() == ["Olá"]


async def test_a_crash_while_sending_is_of_unknown_fate(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.stage.sql(
        """insert into number_senders (number_id, owner, epoch, until)
           values ($1, $2, 3, clock_timestamp())""",
        desk.stage.number,
        id,
    )
    await desk.stage.sql(
        """update outbox set status = 'sending', attempt = 1, epoch = 3,
                  first_sending_at = clock_timestamp(), sending_at = clock_timestamp()"""
    )

    await desk.work()
    in_doubt = (await desk.stage.fate(id))["status"], desk.texts()
    await desk.pass_time(31)
    await desk.work()

    assert in_doubt == ("unknown", [])
    assert desk.texts() == ["Olá"]
    assert desk.meta.sent_to(ANA)[0].opaque == f"{id}.2"


async def test_a_result_that_could_not_be_written_is_written_in_the_next_round(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.sender.step()
    await asyncio.wait_for(desk.rung.wait(), 10)
    await desk.stage.sql("alter table messages rename to away")
    with pytest.raises(Exception, match="messages"):
        await desk.sender.step()
    await desk.stage.sql("alter table away rename to messages")

    await desk.work()

    assert (await desk.stage.fate(id))["status"] == "accepted"
    assert desk.texts() == ["Olá"]


async def test_a_round_whose_commit_is_in_doubt_strands_nothing(desk: Desk) -> None:
    class LosesItsConnection(Sender):
        connected = False

        def _start(self, sending: Sending) -> None:
            if not self.connected:
                raise ConnectionError("the commit was made, its answer never came")
            super()._start(sending)

    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "Olá")
    broken = LosesItsConnection(desk.stage.pool, VAULT, desk.client, **desk.settings)
    with pytest.raises(ConnectionError):
        await broken.step()
    stranded = await desk.stage.value("select status from outbox")
    broken.connected = True

    await desk.work(broken)
    in_doubt = await desk.stage.value("select status from outbox")
    await desk.pass_time(31)
    await desk.work(broken)

    assert (stranded, in_doubt) == ("sending", "unknown")
    assert desk.texts() == ["Olá"]


async def test_a_grant_whose_token_could_not_be_read_was_never_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    sender = Sender(desk.stage.pool, VAULT, desk.client, **desk.settings)

    async def lost(*_: object) -> None:
        raise ConnectionError("lost")

    with monkeypatch.context() as broken:
        broken.setattr(sender.tokens, "load", lost)
        with pytest.raises(ConnectionError):
            await sender.step()
    left = await desk.stage.value("select status from outbox")
    await desk.work(sender)

    assert left == "queued"
    assert desk.texts() == ["Olá"]


async def test_draining_writes_results_and_lets_go_of_the_lease(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "1")
    await desk.sender.step()
    await desk.stage.says(ana, "2")

    await desk.sender.drain(8.0)
    after_the_drain = desk.texts()
    await desk.work(desk.new_sender())

    assert (await desk.stage.fate(id))["status"] == "accepted"
    assert after_the_drain == ["1"]
    assert desk.texts() == ["1", "2"]


async def test_what_does_not_end_in_the_drain_stays_sending_for_the_next_start(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="delay_answer", ms=60_000))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.sender.step()

    await desk.sender.drain(0.0)
    left = await desk.stage.value("select status from outbox")
    await desk.work(desk.new_sender())

    assert left == "sending"
    assert (await desk.stage.fate(id))["status"] == "unknown"


async def test_metas_name_for_a_person_becomes_an_identity(desk: Desk) -> None:
    bsuid = "BR.13491208655302741918"
    ana = await desk.stage.customer(ANA)
    contact = await desk.stage.value("select contact_id from conversations where id = $1", ana)
    await desk.stage.sql("update contacts set phone = null, user_id = $1", bsuid)
    desk.meta.say(bsuid, "oi")
    await desk.stage.says(ana, "Olá")

    await desk.work()

    rows = await desk.stage.rows("select kind, contact_id from contact_identities")
    known: list[Any] = [(row["kind"], row["contact_id"]) for row in rows]
    assert known in ([], [("phone", contact)])
    assert desk.texts(bsuid) == ["Olá"]
