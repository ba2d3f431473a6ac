"""How fast it goes: a number's rate, what Meta makes of it, and the pace to one person."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from tests.worker.clerk import Clerk, refusal
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, queue
from tests.worker.stage import set_up

pytestmark = pytest.mark.asyncio

ANA, BIA = "5511912345678", "5511955500001"


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        desk.meta.say(ANA, "oi")
        desk.meta.say(BIA, "oi")
        yield desk


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Scripted]:
    async with Scripted() as client:
        yield client


async def limit(desk: Desk, per_second: int | None) -> None:
    await desk.stage.sql(
        "update whatsapp_numbers set limits = jsonb_build_object('messages_per_second', $1::int)",
        per_second,
    )


async def test_a_number_sends_what_its_limit_lets_it(desk: Desk, client: Scripted) -> None:
    await limit(desk, 8)
    await queue(desk.stage, desk.stage.number, 30)
    clerk = Clerk(desk, client)

    begun = []
    for later in (0.0, 0.0, 0.125, 0.25, 10.0):
        begun.append(await clerk.begins(later=later))
        await clerk.answers()

    assert begun == [2, 0, 1, 2, 2]  # a burst is a quarter of a second's


async def test_a_number_without_a_limit_sends_as_fast_as_meta_takes_it(
    desk: Desk, client: Scripted
) -> None:
    await queue(desk.stage, desk.stage.number, 220)
    clerk = Clerk(desk, client)

    begun = [await clerk.begins()]
    await clerk.answers()
    begun.append(await clerk.begins())

    assert begun == [100, 100]


async def test_a_changed_limit_holds_within_a_second(desk: Desk, client: Scripted) -> None:
    await limit(desk, 4)
    await queue(desk.stage, desk.stage.number, 60)
    clerk = Clerk(desk, client)
    await clerk.begins()
    await clerk.answers()
    await limit(desk, 400)

    begun = await clerk.begins(later=1.0)
    await clerk.answers()

    assert begun == 1
    assert await clerk.begins(later=0.1) == 40


async def test_a_number_that_is_in_the_app_too_sends_twenty_a_second(
    desk: Desk, client: Scripted
) -> None:
    await limit(desk, 80)
    await desk.stage.sql("""update whatsapp_numbers set health = '{"coexistence": true}'""")
    await queue(desk.stage, desk.stage.number, 30)

    assert await Clerk(desk, client).begins() == 5


async def test_the_sender_rings_when_more_may_go(desk: Desk, client: Scripted) -> None:
    await limit(desk, 40)
    await queue(desk.stage, desk.stage.number, 30)
    clerk = Clerk(desk, client)
    await clerk.begins()
    await clerk.answers()
    begun = await clerk.begins()
    desk.rung.clear()

    await asyncio.wait_for(desk.rung.wait(), 20)

    assert begun == 0
    assert await clerk.begins(later=0.05) == 2


async def test_130429_holds_the_number_a_moment_and_halves_its_rate(
    desk: Desk, client: Scripted
) -> None:
    await limit(desk, 80)
    await queue(desk.stage, desk.stage.number, 60)
    clerk = Clerk(desk, client)
    first = await clerk.begins()
    await clerk.answers(refusal(130429))
    held = await clerk.begins(later=1.0)
    await desk.stage.pass_time(2)

    second = await clerk.begins(later=1.0)
    await clerk.answers()
    await clerk.begins(later=120)  # all is forgiven
    await clerk.answers()

    assert (first, held, second) == (20, 0, 10)
    assert await desk.stage.value("select max(tries) from outbox") == 0
    assert await clerk.begins(later=1.0) == 20


async def test_retry_after_is_waited_for(desk: Desk, client: Scripted) -> None:
    await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    clerk = Clerk(desk, client)
    await clerk.begins()
    await clerk.answers(refusal(130429, retry_after=90.0))
    await clerk.begins()

    begun = []
    for _ in range(3):
        await desk.pass_time(40)
        begun.append(await clerk.begins())

    assert begun == [0, 0, 1]


async def test_a_person_gets_45_at_once_then_one_in_six_seconds(desk: Desk) -> None:
    ana, bia = await desk.stage.customer(ANA), await desk.stage.customer(BIA)
    for n in range(48):
        await desk.stage.says(ana, str(n))

    await desk.work()
    at_once = len(desk.texts(ANA))
    await desk.stage.says(bia, "Olá")
    await desk.work()
    others = desk.texts(BIA)
    desk.now += 2.0
    await desk.work()
    later = len(desk.texts(ANA))
    desk.now += 60
    await desk.work()

    assert (at_once, others, later) == (45, ["Olá"], 45)
    assert desk.texts(ANA) == [str(n) for n in range(48)]


async def test_131056_waits_for_that_person_only_and_keeps_the_order(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131056, count=3, to=ANA))
    ana, bia = await desk.stage.customer(ANA), await desk.stage.customer(BIA)
    await desk.stage.says(ana, "1")
    await desk.stage.says(ana, "2")

    waits = []
    for _ in range(3):
        await desk.work()
        waits.append(
            round(
                await desk.stage.value(
                    """select extract(epoch from max(not_before) - clock_timestamp())::float
                         from outbox where not_before > '-infinity'"""
                )
            )
        )
        await desk.pass_time(waits[-1])
    await desk.stage.says(bia, "Olá")
    await desk.work()

    assert waits == [1, 4, 16]
    assert desk.texts(BIA) == ["Olá"]
    await desk.pass_time(100)
    await desk.work()
    assert desk.texts(ANA) == ["1", "2"]


async def test_what_overtakes_a_paced_bulk_message_waits_for_the_person_too(
    desk: Desk, client: Scripted
) -> None:
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "a todos")
    await desk.stage.sql("update outbox set origin = 'bulk'")
    clerk = Clerk(desk, client)
    await clerk.begins()
    await clerk.answers(refusal(131056))
    await clerk.begins()
    await desk.stage.says(ana, "Olá")

    at_once = await clerk.begins(later=0.9)
    then = await clerk.begins(later=0.2)

    assert (at_once, then) == (0, 1)
