"""What goes first: replies before timers before bulk, and nobody's backlog before somebody else's reply."""

from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.outcomes import Accepted
from tests.worker.clerk import Clerk
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, add_number, queue
from tests.worker.stage import Stage, set_up

pytestmark = pytest.mark.asyncio

BULK = """
with people as (
    insert into contacts (id, workspace_id, phone)
    select gen_random_uuid(), $1, (5511000000000 + n)::text from generate_series(1, $3::integer) n
    returning id
), talks as (
    insert into conversations (id, workspace_id, number_id, contact_id)
    select gen_random_uuid(), $1, $2, id from people returning id
)
insert into outbox (id, workspace_id, number_id, conversation_id, content, origin, expires_at)
select gen_random_uuid(), $1, $2, id, '{"type": "text", "body": "a todos"}', 'bulk', now() + interval '1 day'
  from talks
"""


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        yield desk


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Scripted]:
    async with Scripted() as client:
        yield client


async def other_tenant(stage: Stage, phone_number_id: str) -> UUID:
    """Adds a number of another workspace."""
    number = await add_number(stage, phone_number_id, waba_id=phone_number_id)
    workspace = await stage.value(
        "insert into workspaces (id, name) values ($1, 'B') returning id", number
    )
    await stage.sql(
        "update whatsapp_numbers set workspace_id = $2 where id = $1", number, workspace
    )
    return number


async def says(stage: Stage, number: UUID, phone: str, origin: str = "reply") -> UUID:
    """Queues a message of some origin for a customer of a number; gives its id."""
    id = await stage.says(await stage.customer(phone, number=number), origin)
    await stage.sql(
        """update outbox o set origin = $2, workspace_id = n.workspace_id from whatsapp_numbers n
            where o.id = $1 and n.id = o.number_id""",
        id,
        origin,
    )
    return id


async def bulk(stage: Stage, number: UUID, count: int) -> None:
    """Queues bulk of a number for so many strangers; foreign keys are not looked at, which would take most of the time."""
    async with stage.pool.acquire() as db, db.transaction():
        await db.execute("set local session_replication_role = replica")
        await db.execute(BULK, stage.workspace, number, count)


async def begun(stage: Stage) -> list[UUID]:
    """Lists the messages that are on their way."""
    rows = await stage.rows(
        "select id from outbox where status = 'sending' order by sending_at, seq"
    )
    return [row["id"] for row in rows]


async def test_replies_go_before_timers_and_timers_before_bulk(
    desk: Desk, client: Scripted
) -> None:
    stage = desk.stage
    origins = ("bulk", "timer", "reply", "bulk", "timer", "reply")
    ids = [await says(stage, stage.number, f"55119000{n}", each) for n, each in enumerate(origins)]
    await stage.sql("update whatsapp_numbers set limits = '{\"messages_per_second\": 4}'")
    clerk, order = Clerk(desk, client), []

    for _ in range(6):
        await clerk.begins(later=0.25)
        order += await begun(stage)
        await clerk.answers()
        await clerk.begins()

    assert order == [ids[n] for n in (2, 5, 1, 4, 0, 3)]


async def test_another_tenants_reply_goes_in_the_very_next_round(
    desk: Desk, client: Scripted
) -> None:
    stage = desk.stage
    await bulk(stage, stage.number, 100_000)
    clerk = Clerk(desk, client)
    await clerk.begins()
    theirs = await other_tenant(stage, "900")
    reply = await says(stage, theirs, "5511911110000")
    clerk.sender.wake([theirs])

    await clerk.sender.step()

    assert reply in await begun(stage)


async def test_a_reply_overtakes_the_bulk_of_its_number_in_the_very_next_round(
    desk: Desk, client: Scripted
) -> None:
    stage = desk.stage
    await bulk(stage, stage.number, 1_000)
    clerk = Clerk(desk, client)
    begun_bulk = await clerk.begins()
    reply = await says(stage, stage.number, "5511911110000")

    clerk.sender.wake()
    await clerk.sender.step()

    assert begun_bulk == 80  # of the hundred requests of a number
    assert reply in await begun(stage)


async def test_bulk_of_many_numbers_leaves_room_for_replies(desk: Desk, client: Scripted) -> None:
    stage = desk.stage
    numbers = [await add_number(stage, f"2{n:02}") for n in range(5)]
    for number in numbers:
        await bulk(stage, number, 110)
    clerk = Clerk(desk, client)

    begun_bulk = await clerk.begins()
    replies = [await says(stage, numbers[0], f"551191111{n:04}") for n in range(20)]
    clerk.sender.wake()
    await clerk.sender.step()

    assert begun_bulk == 300
    assert len(set(replies) & set(await begun(stage))) == 20  # its number has a hundred


async def test_a_tenant_with_many_numbers_does_not_take_the_others_turn(
    desk: Desk, client: Scripted
) -> None:
    stage = desk.stage
    for n in range(10):
        await queue(stage, await add_number(stage, f"3{n:02}"), 40)
    theirs = await other_tenant(stage, "900")
    for n in range(110):
        await says(stage, theirs, f"551191111{n:04}")

    await Clerk(desk, client).begins()

    shares = Counter(asked.number == "900" for asked in client.asked)
    assert shares == {True: 100, False: 300}


async def test_a_lane_keeps_its_order_but_lets_replies_pass_its_bulk(
    desk: Desk, client: Scripted
) -> None:
    stage = desk.stage
    ana = await stage.customer()
    origins = ("bulk", "timer", "bulk", "reply")
    ids = [await stage.says(ana, each) for each in origins]
    for id, origin in zip(ids, origins, strict=True):
        await stage.sql("update outbox set origin = $2 where id = $1", id, origin)
    clerk, order = Clerk(desk, client), []

    for _ in origins:
        assert await clerk.begins() == 1
        order += await begun(stage)
        await clerk.answers(Accepted("w"))

    assert order == [ids[n] for n in (1, 3, 0, 2)]


async def test_a_reply_waits_for_the_bulk_message_that_is_on_its_way_to_the_same_person(
    desk: Desk, client: Scripted
) -> None:
    stage = desk.stage
    ana = await stage.customer()
    await stage.says(ana, "a todos")
    await stage.sql("update outbox set origin = 'bulk'")
    clerk = Clerk(desk, client)
    await clerk.begins()
    await stage.says(ana, "Olá")

    while_on_its_way = await clerk.begins()
    await clerk.answers()

    assert while_on_its_way == 1  # the same one
    assert await clerk.begins() == 1


async def test_the_next_messages_are_found_by_the_index_however_many_wait(desk: Desk) -> None:
    stage = desk.stage
    await bulk(stage, stage.number, 20_000)
    await stage.sql("analyze outbox")

    plan = await stage.rows(
        """explain (analyze, costs off, timing off, summary off)
           select o.id from outbox o
            where o.number_id = $1 and o.priority = 2 and o.status = 'queued'
              and not exists (select from outbox w where w.conversation_id = o.conversation_id
                               and w.id <> o.id and (w.status <> 'queued' or w.priority < 2 or w.seq < o.seq))
            order by o.seq limit 40""",
        stage.number,
    )

    text = "\n".join(row[0] for row in plan)
    assert "outbox_number" in text
    assert "outbox_lane" in text
    assert "Seq Scan" not in text
    assert "Sort" not in text
