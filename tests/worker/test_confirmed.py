"""Waits that hang on the fate of a message: whatever ends the message ends the wait."""

from collections.abc import AsyncIterator
from typing import ClassVar, Literal
from uuid import UUID

import pytest
import pytest_asyncio

from recado.engine.content import Text
from recado.engine.node import About, Node, Port, Visit
from recado.engine.steps import Entered, Go, Settled, WaitForSend
from recado.nodes import NODE_TYPES
from recado.store.acts import hold, rest, set_mode
from recado.store.notices import Released
from recado.store.pool import Pool
from recado.store.withdraw import withdraw_lane
from recado.whatsapp.fake_faults import Fault
from recado.worker.settle import Settler
from tests.worker.desk import Desk, open_desk
from tests.worker.flows import bye, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import said, session

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"


class Sure(Node):
    """Says two things and waits for Meta's word on the second."""

    about: ClassVar[About] = About(
        family="basic", icon="check", name={"en": "Sure"}, help={"en": "Sure"}, example={}
    )
    type: Literal["sure"] = "sure"

    def ports(self) -> tuple[Port, ...]:
        """Has an error beside the main port."""
        return Port("next"), Port("error", side=True)

    def run(self, visit: Visit) -> Go | WaitForSend:
        """Sends and waits."""
        match visit.occasion:
            case Entered():
                visit.send(Text("um"))
                visit.send(Text("dois"))
            case Settled(accepted=accepted):
                return Go("next" if accepted else "error")
        return WaitForSend()


TYPES: dict[str, type[Node]] = {**NODE_TYPES, "sure": Sure}
SURE = flow(
    {"id": "sure", "type": "sure"},
    say("ok", "Chegou"),
    say("bad", "Não chegou"),
    bye(),
    edges="start>sure sure>ok sure:error>bad ok>bye bad>bye",
)


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool, SURE)) as desk:
        desk.meta.say(ANA, "oi")
        yield desk


async def begun(desk: Desk) -> UUID:
    """A conversation whose session waits for Meta's word."""
    ana = await desk.stage.customer(ANA)
    await desk.stage.hears(ana, "oi")
    await turns(desk.stage)
    return ana


async def turns(stage: Stage) -> None:
    await run_until_idle(stage.turns(TYPES).step)


async def heard(desk: Desk, ana: UUID) -> list[str]:
    """What the bot says besides, once everything that waits was taken up."""
    await turns(desk.stage)
    return (await said(desk.stage, ana))[2:]


async def ids(desk: Desk) -> list[UUID]:
    rows = await desk.stage.rows("select id from messages where direction = 'out' order by id")
    return [row["id"] for row in rows]


async def test_only_the_last_message_of_a_visit_is_waited_for(desk: Desk) -> None:
    ana = await begun(desk)
    await desk.sender.step()
    await desk.meta.wait_for(lambda: desk.texts() == ["um"])
    while desk.sender.in_flight == 1 and len(desk.texts()) < 2:
        desk.rung.clear()
        await desk.sender.step()
    after_the_first = await desk.stage.value("select count(*) from inbox")
    await desk.work()

    assert after_the_first == 0
    assert await heard(desk, ana) == ["Chegou"]
    assert (await session(desk.stage))["status"] == "completed"


async def test_a_refusal_leads_to_the_error_with_its_code(desk: Desk) -> None:
    ana = await begun(desk)
    await desk.stage.sql("delete from outbox where not confirm")
    desk.meta.fail(Fault(kind="error", code=131026, count=1))

    await desk.work()

    assert await heard(desk, ana) == ["Não chegou"]
    code = (
        "select event::jsonb -> 'code' from journal where event::jsonb ->> 'event' = 'send_settled'"
    )
    assert await desk.stage.value(code) == 131026


async def test_a_message_that_expires_was_not_accepted(desk: Desk) -> None:
    ana = await begun(desk)
    await desk.stage.sql("update outbox set expires_at = clock_timestamp() where confirm")

    await desk.work()

    assert await heard(desk, ana) == ["Não chegou"]


@pytest.mark.parametrize("policy", ["at_most_once", "at_least_once"])
async def test_a_message_of_which_nobody_knows_was_not_accepted(desk: Desk, policy: str) -> None:
    ana = await begun(desk)
    await desk.stage.sql("delete from outbox where not confirm")
    await desk.stage.sql("update outbox set policy = $1", policy)
    desk.meta.fail(Fault(kind="reset_after", count=2))

    for _ in range(3):
        await desk.work()
        await desk.stage.pass_time(60)

    assert await heard(desk, ana) == ["Não chegou"]


async def test_a_status_tells_that_a_doubtful_message_was_accepted(desk: Desk) -> None:
    ana = await begun(desk)
    await desk.stage.sql("delete from outbox where not confirm")
    desk.meta.fail(Fault(kind="reset_after", count=1))
    await desk.work()
    _, second = await ids(desk)
    wamid = desk.meta.sent_to(ANA)[0].wamid
    await desk.stage.hears_status(second, "sent", wamid=wamid)
    doubtful = await heard(desk, ana)

    await run_until_idle(Settler(desk.stage.pool, freed=lambda _: None).step)

    assert doubtful == []
    assert await heard(desk, ana) == ["Chegou"]


async def test_what_a_takeover_calls_back_was_not_accepted_and_counts_at_the_release(
    desk: Desk,
) -> None:
    ana = await begun(desk)
    async with desk.stage.pool.acquire() as db, db.transaction():
        held = await hold(db, desk.stage.workspace, ana)
        assert held
        await set_mode(db, held, mode="human", assignee_id=None)
        await rest(db, held)
        await withdraw_lane(db, ana)
    with_a_person = await heard(desk, ana)

    await desk.stage.notices(ana, Released())

    assert with_a_person == []
    assert await heard(desk, ana) == ["Não chegou"]
