"""Messages that begin with the commit of their turn, and those that must wait for a grant."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.nodes import NODE_TYPES
from recado.store import outbox
from recado.store.pool import Db, Pool
from recado.whatsapp.errors import Action
from recado.whatsapp.outcomes import Accepted, NotSent
from recado.worker.hand_over import HandOver
from recado.worker.programs import Programs
from recado.worker.throttle import EACH
from recado.worker.turn import Turns
from recado.worker.write import Writes
from tests.worker.clerk import Clerk, refusal
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, refused
from tests.worker.stage import ASK_NAME, set_up

pytestmark = pytest.mark.asyncio
ANA, BIA = "5511912345678", "5511912340000"

TWICE = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "a", "type": "message", "data": {"content": "um"}},
        {"id": "b", "type": "end", "data": {"content": "dois"}},
    ],
    "edges": [
        {"id": "e1", "source": "start", "target": "a"},
        {"id": "e2", "source": "a", "target": "b"},
    ],
}


class Fails(HandOver):
    """Fails right before, or seemingly in, the commit of a turn."""

    before = after = False

    async def before_commit(self, db: Db, writes: Writes) -> None:
        await super().before_commit(db, writes)
        if self.before:
            raise ConnectionError("lost before the commit")

    def after_commit(self, writes: Writes) -> None:
        if self.after:
            raise ConnectionError("the commit was made, its answer never came")
        super().after_commit(writes)


@dataclass
class House:
    """A turn loop and a sender of one process."""

    desk: Desk
    client: Scripted
    clerk: Clerk
    hand_over: Fails
    turns: Turns

    async def hears(self, phone: str) -> UUID:
        """Lets a new customer say something and takes it up; gives the conversation."""
        conversation = await self.desk.stage.customer(phone)
        await self.hears_again(conversation)
        return conversation

    async def hears_again(self, conversation: UUID, text: str = "Oi") -> None:
        await self.desk.stage.hears(conversation, text)
        await self.turns.step()
        await asyncio.sleep(0)  # requests are tasks of their own

    async def outbox(self) -> list[tuple[str, int, int]]:
        """Lists status, attempt and epoch of what is in the outbox, in order."""
        rows = await self.desk.stage.rows("select status, attempt, epoch from outbox order by seq")
        return [tuple(row) for row in rows]

    @property
    def asked(self) -> int:
        return len(self.client.asked)

    async def is_known(self) -> None:
        """Lets the sender hold the number, with nothing that waits."""
        await self.hears("5511900001111")
        await self.clerk.begins()
        await self.clerk.answers()
        await self.clerk.begins()


async def _house(pool: Pool, document: dict[str, Any]) -> AsyncIterator[House]:
    async with open_desk(await set_up(pool, document)) as desk, Scripted() as client:
        clerk = Clerk(desk, client)
        hand_over = Fails(clerk.sender)
        turns = Turns(pool, Programs(NODE_TYPES), queued=hand_over, luck=lambda: 7)
        house = House(desk, client, clerk, hand_over, turns)
        await house.is_known()
        yield house


@pytest_asyncio.fixture
async def house(pool: Pool) -> AsyncIterator[House]:
    async for house in _house(pool, ASK_NAME):
        yield house


async def test_an_answer_begins_with_its_turn_and_its_row_says_so(house: House) -> None:
    await house.hears(ANA)

    assert house.asked == 2
    assert await house.outbox() == [("sending", 1, 1)]
    began = await house.desk.stage.rows("select sending_at = first_sending_at from outbox")
    assert [row[0] for row in began] == [True]


async def test_what_meta_took_is_written_down_and_leaves_the_lane(house: House) -> None:
    await house.hears(ANA)
    id = await house.desk.stage.value("select id from outbox")
    await house.clerk.answers(Accepted("w9"))
    await house.clerk.sender.step()

    fate = await house.desk.stage.fate(id)
    assert (fate["status"], fate["wamid"]) == ("accepted", "w9")
    assert fate["sending_at"] is not None
    assert await house.outbox() == []


async def test_the_first_message_of_a_number_waits_for_a_grant(pool: Pool) -> None:
    async with open_desk(await set_up(pool, ASK_NAME)) as desk, Scripted() as client:
        clerk = Clerk(desk, client)
        hand_over = Fails(clerk.sender)
        turns = Turns(pool, Programs(NODE_TYPES), queued=hand_over)
        house = House(desk, client, clerk, hand_over, turns)

        await house.hears(ANA)

        assert (await house.outbox(), house.asked) == ([("queued", 0, 0)], 0)


async def test_only_the_first_of_a_lane_begins(pool: Pool) -> None:
    async for house in _house(pool, TWICE):
        await house.clerk.answers()  # the second one of the first customer
        await house.clerk.begins()
        before = house.asked

        await house.hears(ANA)

        assert house.asked == before + 1
        assert [row[0] for row in await house.outbox()] == ["sending", "queued"]
        await house.clerk.answers()
        assert await house.clerk.begins() == 1


async def test_behind_a_message_on_its_way_the_next_one_waits(house: House) -> None:
    ana = await house.hears(ANA)
    await house.hears_again(ana, "Ana")

    assert house.asked == 2
    assert [row[0] for row in await house.outbox()] == ["sending", "queued"]


async def test_while_a_number_is_held_nothing_begins(house: House) -> None:
    await house.desk.stage.sql(
        "update number_senders set held_until = clock_timestamp() + interval '1 hour'"
    )
    await house.hears(ANA)

    assert (house.asked, await house.outbox()) == (1, [("queued", 0, 0)])


async def test_another_process_that_has_the_number_keeps_it(house: House) -> None:
    await house.desk.stage.sql("update number_senders set epoch = epoch + 1")
    await house.hears(ANA)

    assert (house.asked, await house.outbox()) == (1, [("queued", 0, 0)])


async def test_after_a_pause_the_lease_is_trusted_no_more(house: House) -> None:
    house.desk.now += 20
    await house.hears(ANA)

    assert (house.asked, await house.outbox()) == (1, [("queued", 0, 0)])


async def test_with_a_backlog_the_next_one_stands_in_line(house: House) -> None:
    await house.desk.stage.sql(
        "update whatsapp_numbers set limits = '{\"messages_per_second\": 4}'"
    )
    await house.clerk.begins(later=1.0)
    for n in range(3):  # four a second are one at once
        await house.hears(f"551191111000{n}")
    statuses = [row[0] for row in await house.outbox()]
    begun = await house.clerk.begins(later=0.25)

    assert statuses == ["sending", "queued", "queued"]
    assert begun == 2  # one with its turn, one by a grant: the older one
    assert [row[0] for row in await house.outbox()] == ["sending", "sending", "queued"]


async def test_a_number_whose_breaker_is_open_gets_no_more(house: House) -> None:
    for n in range(5):
        await house.hears(f"551191111000{n}")
    await house.clerk.answers(NotSent("connect"))
    before = house.asked

    await house.hears(ANA)

    assert house.asked == before


async def test_a_failed_turn_gives_the_room_back_and_begins_nothing(house: House) -> None:
    house.hand_over.before = True
    with pytest.raises(ConnectionError):
        await house.hears(ANA)
    house.hand_over.undone()
    house.hand_over.before = False
    nothing = house.asked, await house.outbox()
    await house.turns.step()
    await house.clerk.begins()

    assert nothing == (1, [])
    assert await house.outbox() == [("sending", 1, 2)]  # the leases were taken anew
    assert house.clerk.sender.throttle.rooms({house.desk.stage.number: 2}).each[0].most == EACH - 1


async def test_a_turn_whose_commit_is_in_doubt_leaves_an_orphan(house: House) -> None:
    house.hand_over.after = True
    with pytest.raises(ConnectionError):
        await house.hears(ANA)
    stranded = await house.outbox()
    house.hand_over.undone()
    await house.clerk.begins()

    assert (house.asked, [row[0] for row in stranded]) == (1, ["sending"])
    assert [row[0] for row in await house.outbox()] == ["unknown"]


async def test_what_is_about_to_begin_is_no_orphan(house: House) -> None:
    ours: list[UUID] = []

    class Looks(Fails):
        def after_commit(self, writes: Writes) -> None:
            ours.extend(house.clerk.sender._ours())

    house.turns._queued = Looks(house.clerk.sender)
    await house.hears(ANA)

    assert ours == [await house.desk.stage.value("select id from outbox")]


async def test_the_lease_of_what_is_about_to_begin_is_renewed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, looked = house.clerk.sender, asyncio.Event()
    renewals: list[asyncio.Task[None]] = []

    async def sees_nothing(_: Db) -> set[UUID]:
        looked.set()  # the turn is not committed yet
        return set()

    class Renews(Fails):
        async def before_commit(self, db: Db, writes: Writes) -> None:
            house.desk.now += 6
            renewals.append(asyncio.create_task(sender._look_around()))
            await looked.wait()

    house.desk.now += 6
    await sender._look_around()  # from now on nothing but the turn uses the number
    monkeypatch.setattr(outbox, "numbers_with_mail", sees_nothing)
    house.turns._queued = Renews(sender)
    await house.hears(ANA)
    await asyncio.gather(*renewals)

    assert sender._leases.may_send(house.desk.stage.number)


async def test_a_refusal_puts_it_back_into_its_lane(house: House) -> None:
    await house.hears(ANA)
    await house.clerk.answers(refused(Action.RETRY))
    await house.clerk.sender.step()

    assert [row[:2] for row in await house.outbox()] == [("queued", 1)]


async def test_one_that_must_wait_for_the_customer_goes_when_they_write(house: House) -> None:
    ana = await house.hears(ANA)
    await house.clerk.answers(refusal(131047))
    await house.clerk.sender.step()
    since = await house.desk.stage.value("select unheard_since from outbox")
    heard = await house.desk.stage.value(
        "select last_inbound_at from conversations where id = $1", ana
    )

    assert since == heard


async def test_a_conversation_that_goes_takes_its_lane_along(house: House) -> None:
    ana = await house.hears(ANA)
    await house.desk.stage.sql(
        "delete from contacts where id = (select contact_id from conversations where id = $1)", ana
    )

    assert await house.outbox() == []
