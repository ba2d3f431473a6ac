"""Two senders and one message: a paused one comes back, its late result meets what the other did meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.errors import Action
from recado.whatsapp.outcomes import Accepted, NotSent, SendResult, Unknown
from recado.worker.send import Sender
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, refused
from tests.worker.stage import VAULT, set_up

pytestmark = pytest.mark.asyncio


@dataclass
class Meeting:
    """A message whose first attempt the paused sender has on its way, and its second the other."""

    desk: Desk
    id: UUID
    paused: Sender
    other: Sender
    first: Scripted
    second: Scripted

    async def answers(self, sender: Sender, client: Scripted, result: SendResult) -> None:
        """Ends a sender's request and lets it write the result."""
        self.desk.rung.clear()
        client.asked[-1].answer.set_result(result)
        await asyncio.wait_for(self.desk.rung.wait(), 20)
        await sender.step()

    async def lose_leases(self) -> None:
        """Lets every lease run out."""
        await self.desk.stage.sql("update number_senders set until = clock_timestamp()")

    async def known(self) -> tuple[str, str | None]:
        """Tells the message's status and Meta's id."""
        fate = await self.desk.stage.fate(self.id)
        return fate["status"], fate["wamid"]

    async def in_lane(self) -> list[str]:
        """Lists the states of what is in the outbox."""
        return [row["status"] for row in await self.desk.stage.rows("select status from outbox")]


@pytest_asyncio.fixture
async def meeting(pool: Pool) -> AsyncIterator[Meeting]:
    stage = await set_up(pool)
    async with open_desk(stage) as desk, Scripted() as first, Scripted() as second:
        id = await stage.says(await stage.customer(), "Olá")
        paused = Sender(pool, VAULT, first, **desk.settings)
        other = Sender(pool, VAULT, second, **desk.settings)
        meeting = Meeting(desk, id, paused, other, first, second)
        await paused.step()
        await first.begun(1)
        await meeting.lose_leases()
        await other.step()
        await stage.pass_time(31)
        desk.now += 1
        await other.step()
        await second.begun(1)
        yield meeting


@pytest.mark.parametrize(
    "result",
    [
        refused(Action.RETRY),
        refused(Action.DROP),
        refused(Action.PACE_NUMBER),
        NotSent("lease_lost"),
        Unknown("reset"),
    ],
)
async def test_what_became_of_a_second_attempt_takes_no_acceptance_back(
    meeting: Meeting, result: SendResult
) -> None:
    await meeting.answers(meeting.paused, meeting.first, Accepted("w1"))

    await meeting.answers(meeting.other, meeting.second, result)

    assert await meeting.known() == ("accepted", "w1")
    assert await meeting.in_lane() == []
    assert await meeting.desk.stage.alerts() == {}


async def test_an_orphan_that_meta_has_by_its_first_attempt_is_not_sent_again(
    meeting: Meeting,
) -> None:
    await meeting.answers(meeting.paused, meeting.first, Accepted("w1"))
    await meeting.lose_leases()

    async with Scripted() as third:
        heir = Sender(meeting.desk.stage.pool, VAULT, third, **meeting.desk.settings)
        await heir.step()

    assert await meeting.known() == ("accepted", "w1")
    assert await meeting.in_lane() == []


async def test_a_message_that_was_in_flight_here_when_it_was_orphaned_is_found_later(
    meeting: Meeting,
) -> None:
    await meeting.lose_leases()
    for _ in range(2):  # notices that its lease was lost, then takes it
        meeting.desk.now += 6
        await meeting.paused.step()
    await meeting.answers(meeting.paused, meeting.first, Unknown("reset"))
    ignored = await meeting.in_lane()

    meeting.desk.now += 1
    await meeting.paused.step()

    assert (ignored, await meeting.in_lane()) == (["sending"], ["unknown"])
    assert (await meeting.desk.stage.fate(meeting.id))["sending_at"] is not None
    await meeting.desk.stage.pass_time(31)
    meeting.desk.now += 1
    await meeting.paused.step()
    assert await meeting.in_lane() == []


async def test_a_hold_of_the_account_does_not_shorten_a_longer_one_of_the_number(
    pool: Pool,
) -> None:
    stage = await set_up(pool)
    async with open_desk(stage) as desk, Scripted() as client:
        for phone in ("5511955500001", "5511955500002"):
            await stage.says(await stage.customer(phone), "Olá")
        sender = Sender(pool, VAULT, client, **desk.settings)
        await sender.step()
        long, short = await client.begun(2)
        for asked, result in (
            (long, refused(Action.PACE_NUMBER, retry_after=3_600)),
            (short, refused(Action.PACE_APP)),
        ):
            desk.rung.clear()
            asked.answer.set_result(result)
            await asyncio.wait_for(desk.rung.wait(), 20)

        await sender.step()

        held = await stage.value(
            "select extract(epoch from held_until - clock_timestamp())::int from number_senders"
        )
        assert 3_500 < held <= 3_600
