"""Statuses on a real database: adoption of doubtful sends, early, late, foreign and doubled ones."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker.settle import Settler
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import run_until_idle, set_up

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        desk.meta.say(ANA, "oi")
        yield desk


async def settle(desk: Desk) -> list[set[UUID]]:
    """Merges every status; gives the numbers whose lanes were freed."""
    freed: list[set[UUID]] = []
    await run_until_idle(Settler(desk.stage.pool, freed=freed.append).step)
    return freed


async def test_a_doubtful_send_is_adopted_and_its_lane_goes_on(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "1")
    await desk.stage.says(ana, "2")
    await desk.work()
    wamid = desk.meta.sent_to(ANA)[0].wamid
    await desk.stage.hears_status(id, "sent", wamid=wamid)

    freed = await settle(desk)
    await desk.work()

    fate = await desk.stage.fate(id)
    assert freed == [{desk.stage.number}]
    assert (fate["status"], fate["wamid"]) == ("sent", wamid)
    assert desk.texts() == ["1", "2"]


async def test_a_status_may_come_before_the_answer(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.sender.step()
    await desk.meta.wait_for(desk.texts)
    wamid = desk.meta.sent_to(ANA)[0].wamid
    await desk.stage.hears_status(id, "delivered", wamid=wamid)
    began = await desk.stage.value("select first_sending_at from outbox")

    await settle(desk)
    known_at_once = (await desk.stage.fate(id))["sending_at"]
    await desk.work()

    fate = await desk.stage.fate(id)
    assert (fate["status"], fate["wamid"]) == ("delivered", wamid)
    assert fate["sending_at"] == known_at_once == began
    assert await desk.stage.alerts() == {}


async def test_a_status_may_come_before_the_answer_is_known_to_be_lost(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.sender.step()
    await desk.meta.wait_for(desk.texts)
    await desk.stage.hears_status(id, "sent", wamid=desk.meta.sent_to(ANA)[0].wamid)

    await settle(desk)
    await desk.work()
    await desk.stage.pass_time(100)
    await desk.work()

    assert (await desk.stage.fate(id))["status"] == "sent"
    assert desk.texts() == ["Olá"]


async def test_a_late_status_of_the_first_attempt_counts_a_double_send(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.work()
    await desk.stage.pass_time(31)
    await desk.work()
    first, second = desk.meta.sent_to(ANA)
    for status in ("sent", "delivered", "read"):
        await desk.stage.hears_status(id, status, wamid=first.wamid, opaque=f"{id}.1")

    await settle(desk)

    fate = await desk.stage.fate(id)
    assert (fate["wamid"], fate["double_wamid"]) == (second.wamid, first.wamid)
    assert await desk.stage.alerts() == {"double_send": 1}


async def test_a_late_status_adopts_what_stayed_unknown(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="reset_after", count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "paga", policy="at_most_once")
    await desk.work()
    await desk.stage.hears_status(id, "sent", wamid=desk.meta.sent_to(ANA)[0].wamid)

    await settle(desk)

    assert (await desk.stage.fate(id))["status"] == "sent"


async def test_a_status_without_our_id_is_found_by_metas(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.work()
    wamid = desk.meta.sent_to(ANA)[0].wamid
    await desk.stage.hears_status(id, "read", wamid=wamid, opaque=None)

    await settle(desk)

    assert (await desk.stage.fate(id))["status"] == "read"


async def test_a_failed_status_is_kept_with_its_reason_and_alerted(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.work()
    errors = [{"code": 131049, "title": "held back"}]
    payload = {"errors": errors, "pricing": {"category": "service"}}
    wamid = desk.meta.sent_to(ANA)[0].wamid
    await desk.stage.hears_status(id, "failed", wamid=wamid, payload=payload)

    await settle(desk)

    fate = await desk.stage.fate(id)
    assert fate["status"] == "failed"
    assert fate["error"]["errors"] == errors
    assert fate["pricing"] == {"category": "service"}
    assert await desk.stage.alerts() == {"delivery_failed": 1}


@pytest.mark.parametrize(
    "more",
    [
        {"opaque": None, "wamid": "wamid.of-another-app"},
        {"opaque": "somebody-elses"},
        {"opaque": f"{new_id()}.1"},
        {"phone_number_id": "999"},  # another tenant's number may not speak of our message
    ],
)
async def test_foreign_statuses_change_nothing(desk: Desk, more: dict[str, str]) -> None:
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá")
    await desk.stage.hears_status(id, "failed", **more)

    await settle(desk)

    assert (await desk.stage.fate(id))["status"] == "queued"
    assert await desk.stage.value("select count(*) from outbox") == 1
    assert await desk.stage.value("select count(*) from status_inbox") == 0


async def test_a_status_that_fails_alone_is_dropped_and_the_others_are_merged(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    good, bad = await desk.stage.says(ana, "1"), await desk.stage.says(ana, "2")
    await desk.stage.hears_status(bad, "sent", wamid="w2", payload=["no object"])
    await desk.stage.hears_status(good, "sent", wamid="w1")
    settler = Settler(desk.stage.pool, freed=lambda _: None)

    for _ in range(2):
        with pytest.raises(AttributeError) as caught:
            await settler.step()
        settler.isolate(caught.value)
    await run_until_idle(settler.step)

    assert (await desk.stage.fate(good))["status"] == "sent"
    assert (await desk.stage.fate(bad))["status"] == "queued"
    assert await desk.stage.value("select count(*) from status_inbox") == 0


BAD_MESSAGE = """create function refuse() returns trigger language plpgsql as
$$ begin raise exception 'this row cannot be written'; end $$;
create trigger refuse before update on messages for each row when (old.wamid = 'w2') execute function refuse()"""


async def test_a_status_that_the_database_cannot_merge_is_dropped_and_the_others_are_merged(
    desk: Desk,
) -> None:
    ana = await desk.stage.customer(ANA)
    ids = [await desk.stage.says(ana, text) for text in "123"]
    await desk.stage.sql("delete from outbox")
    for n, id in enumerate(ids, 1):
        named = "update messages set status = 'accepted', wamid = $2 where id = $1"
        await desk.stage.sql(named, id, f"w{n}")
        await desk.stage.hears_status(id, "read", wamid=f"w{n}")
    await desk.stage.sql(BAD_MESSAGE)
    settler = Settler(desk.stage.pool, freed=lambda _: None)

    failures = 0
    while await desk.stage.value("select count(*) from status_inbox"):
        try:
            await settler.step()
        except asyncpg.RaiseError as problem:
            failures += 1
            assert failures < 10
            settler.isolate(problem)
    await desk.stage.sql("drop trigger refuse on messages")
    later = await desk.stage.says(ana, "4")
    await desk.stage.hears_status(later, "sent", wamid="w4")
    await run_until_idle(settler.step)

    fates = [(await desk.stage.fate(id))["status"] for id in (*ids, later)]
    assert fates == ["read", "accepted", "read", "sent"]


@pytest.mark.parametrize(
    "problem", [ConnectionRefusedError(), TimeoutError(), asyncpg.DeadlockDetectedError("")]
)
async def test_a_database_that_is_away_costs_no_status(desk: Desk, problem: Exception) -> None:
    id = await desk.stage.says(await desk.stage.customer(ANA), "1")
    await desk.stage.hears_status(id, "sent", wamid="w1")
    settler = Settler(desk.stage.pool, freed=lambda _: None)

    for _ in range(3):  # no connection: nothing was read
        settler.isolate(problem)
    await run_until_idle(settler.step)

    assert (await desk.stage.fate(id))["status"] == "sent"


async def test_a_table_that_is_away_for_a_while_costs_no_status(desk: Desk) -> None:
    id = await desk.stage.says(await desk.stage.customer(ANA), "1")
    await desk.stage.hears_status(id, "sent", wamid="w1")
    settler = Settler(desk.stage.pool, freed=lambda _: None)
    await desk.stage.sql("alter table messages rename to away")
    for _ in range(3):
        with pytest.raises(asyncpg.UndefinedTableError) as caught:
            await settler.step()
        settler.isolate(caught.value)
    await desk.stage.sql("alter table away rename to messages")

    await run_until_idle(settler.step)

    assert (await desk.stage.fate(id))["status"] == "sent"


async def test_only_the_very_status_that_failed_is_dropped(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    good, bad = await desk.stage.says(ana, "1"), await desk.stage.says(ana, "2")
    await desk.stage.hears_status(bad, "sent", wamid="w2", payload=["no object"])
    settler = Settler(desk.stage.pool, freed=lambda _: None)
    with pytest.raises(AttributeError) as caught:
        await settler.step()
    settler.isolate(caught.value)
    await desk.stage.sql("delete from status_inbox")  # another process was faster
    await desk.stage.hears_status(good, "sent", wamid="w1")

    await run_until_idle(settler.step)

    assert (await desk.stage.fate(good))["status"] == "sent"
