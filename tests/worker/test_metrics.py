"""What the worker measures: turns, nodes, sends and their fates, calls, breakers; and that nothing is counted twice."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker import metrics
from recado.worker.metrics import BREAKERS, Breakers
from recado.worker.node_times import NodeTimes
from recado.worker.settle import Settler
from tests.metering import grown
from tests.worker.bad_nodes import BAD_TYPES, flow_with
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import ASK_NAME, run_until_idle, set_up

pytestmark = pytest.mark.asyncio
ANA = "5511912345678"


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        desk.meta.say(ANA, "oi")
        yield desk


async def test_a_turn_is_counted_with_its_nodes(desk: Desk) -> None:
    await desk.stage.publish(ASK_NAME)
    for phone in (ANA, "5511955550001"):
        await desk.stage.hears(await desk.stage.customer(phone), "oi")

    with (
        grown("recado_turns_total") as turns,
        grown("recado_turn_seconds_count") as batches,
        grown("recado_turn_conversations_sum") as conversations,
        grown("recado_node_visits_total", type="question") as questions,
        grown("recado_node_seconds_total", type="question") as seconds,
        grown("recado_node_visits_total", type="end") as ends,
    ):
        await run_until_idle(desk.stage.turns().step)

    assert (turns.by, batches.by, conversations.by) == (2, 1, 2)
    assert (questions.by, ends.by) == (2, 0)
    assert seconds.by > 0


async def test_sends_are_counted_by_number_and_by_metas_code(desk: Desk) -> None:
    number = str(desk.stage.number)
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "1")
    await desk.stage.says(ana, "2")
    desk.meta.fail(Fault(kind="error", code=131026, count=1))

    with (
        grown("recado_sends_total", number=number, outcome="failed") as failed,
        grown("recado_sends_total", number=number, outcome="accepted") as accepted,
        grown(
            "recado_graph_requests_total", call="message", outcome="refused", code="131026"
        ) as refused,
        grown("recado_graph_requests_total", call="message", outcome="accepted", code="") as taken,
        grown("recado_graph_seconds_count", call="message") as timed,
    ):
        await desk.work()

    assert (failed.by, accepted.by) == (1, 1)
    assert (refused.by, taken.by, timed.by) == (1, 1, 2)


async def test_a_doubt_is_counted_from_its_beginning_to_its_end(desk: Desk) -> None:
    id = await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    desk.meta.fail(Fault(kind="reset_after", count=1))

    with (
        grown("recado_sends_in_doubt_total", step="began") as began,
        grown("recado_sends_in_doubt_total", step="adopted") as adopted,
        grown("recado_doubled_total") as doubled,
        grown("recado_statuses_total", status="delivered") as statuses,
        grown("recado_statuses_total", status="other") as others,
    ):
        await desk.work()
        await desk.stage.hears_status(id, "delivered")
        await desk.stage.hears_status(id, "a word of tomorrow")
        await Settler(desk.stage.pool, freed=lambda _: None).step()

    assert (began.by, adopted.by, doubled.by) == (1, 1, 0)
    assert (statuses.by, others.by) == (1, 1)


async def test_a_message_that_went_out_twice_is_counted(desk: Desk) -> None:
    id = await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    await desk.work()

    with grown("recado_doubled_total") as doubled:
        await desk.stage.hears_status(id, "delivered", wamid="wamid.of_another_copy")
        await Settler(desk.stage.pool, freed=lambda _: None).step()

    assert doubled.by == 1


async def test_what_is_given_up_is_lost_and_counted(desk: Desk) -> None:
    await desk.stage.publish(flow_with("raises"))
    await desk.stage.hears(await desk.stage.customer(ANA), "boom")
    late = await desk.stage.customer("5511955550001")
    await desk.stage.says(late, "Olá", expires_in=-1)

    with (
        grown("recado_lost_total", how="parked") as parked,
        grown("recado_lost_total", how="expired") as expired,
    ):
        turns = desk.stage.turns(BAD_TYPES)
        for _ in range(6):
            try:
                await turns.step()
            except RuntimeError as problem:
                turns.isolate(problem)
        await desk.work()

    assert (parked.by, expired.by) == (1, 1)


async def test_a_delivery_that_meta_reports_as_failed_is_counted_by_code(desk: Desk) -> None:
    id = await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    await desk.work()

    with (
        grown("recado_delivery_failures_total", code="131049") as known,
        grown("recado_delivery_failures_total", code="other") as other,
    ):
        payload = {"status": "failed", "errors": [{"code": 131049}]}
        await desk.stage.hears_status(id, "failed", payload=payload)
        await Settler(desk.stage.pool, freed=lambda _: None).step()

    assert (known.by, other.by) == (1, 0)


async def test_breakers_are_asked_when_somebody_looks() -> None:
    states: dict[str, float] = {}
    breakers = Breakers()
    breakers.feed("number", lambda: states)
    states[str(UUID(int=1))] = 1.0

    (family,) = breakers.collect()

    labels = {"what": "number", "name": str(UUID(int=1))}
    assert [(each.labels, each.value) for each in family.samples] == [(labels, 1.0)]
    assert family.name == BREAKERS.NAME


async def test_visits_are_added_up_by_type() -> None:
    times = NodeTimes()
    for type in ("message", "question", "message"):
        times.begins()
        times.ended(type)

    spent = {type: (visits, seconds) for type, visits, seconds in times.spent()}

    assert {type: visits for type, (visits, _) in spent.items()} == {"message": 2, "question": 1}
    assert all(seconds >= 0 for _, seconds in spent.values())


async def test_what_must_never_happen_is_there_as_0() -> None:
    names = {sample.labels["how"] for sample in next(iter(metrics.LOST.collect())).samples}
    assert names == {"parked", "expired", "status_dropped"}
