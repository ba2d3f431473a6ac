"""What keeps a number from sending, and what lets it go on: tokens, stops, Meta's 24 hours, breakers."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store import holds, secrets
from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.outcomes import Answer, send_result
from recado.worker.send import Sender
from tests.worker.clerk import Clerk, refusal
from tests.worker.desk import Desk, open_desk
from tests.worker.scripted import Scripted, add_number, queue
from tests.worker.stage import VAULT, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

ANA, BIA = "5511912345678", "5511955500001"
DAY = 24 * 3600


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


async def new_token(desk: Desk) -> UUID:
    """Keeps the token that the fake Meta takes once more, as one that somebody has just saved."""
    async with desk.stage.pool.acquire() as db:
        return await secrets.put(
            db, VAULT, workspace_id=desk.stage.workspace, purpose="access_token", value="token"
        )


async def writes(desk: Desk, conversation: UUID) -> None:
    """Lets the customer of a conversation that a person has write, so that nobody answers."""
    await desk.stage.sql("update conversations set mode = 'human' where id = $1", conversation)
    await desk.stage.hears(conversation, "oi")
    await run_until_idle(desk.stage.turns().step)


async def held(desk: Desk) -> list[tuple[str | None, bool]]:
    rows = await desk.stage.rows(
        """select hold, held_until > clock_timestamp() as held from number_senders
            order by number_id"""
    )
    return [(row["hold"], row["held"]) for row in rows]


@pytest.mark.parametrize("code", [0, 3, 10, 104, 190, 200, 131005])
async def test_a_refused_token_holds_the_number_until_it_has_another(desk: Desk, code: int) -> None:
    desk.meta.fail(Fault(kind="error", code=code, count=1))
    await desk.stage.says(await desk.stage.customer(ANA), "para Ana")
    await desk.work()
    await desk.stage.says(await desk.stage.customer(BIA), "para Bia")
    await desk.pass_time(5 * 3600)
    await desk.work()
    before = desk.texts(ANA), desk.texts(BIA), await desk.stage.alerts()
    tries = await desk.stage.value("select max(tries) from outbox")

    token = await new_token(desk)
    await desk.stage.sql("update whatsapp_numbers set access_token_id = $1", token)
    await desk.work()

    assert before == ([], [], {"number_unauthorized": 1})
    assert tries == 0
    assert (desk.texts(ANA), desk.texts(BIA)) == (["para Ana"], ["para Bia"])
    assert await desk.stage.alerts() == {}


async def test_a_number_without_a_token_waits_for_one(desk: Desk) -> None:
    token = await desk.stage.value("select access_token_id from whatsapp_numbers")
    await desk.stage.sql("update whatsapp_numbers set access_token_id = null")
    await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    await desk.work()
    await desk.pass_time(100)
    await desk.work()
    before = await desk.stage.alerts(), desk.texts()

    await desk.stage.sql("update whatsapp_numbers set access_token_id = $1", token)
    await desk.work()

    assert before == ({"number_unauthorized": 1}, [])
    assert desk.texts() == ["Olá"]


async def test_what_meta_says_late_of_an_old_token_does_not_hold_the_new_one(
    desk: Desk, client: Scripted
) -> None:
    await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    clerk = Clerk(desk, client)
    await clerk.begins()
    token = await new_token(desk)
    await desk.stage.sql("update whatsapp_numbers set access_token_id = $1", token)

    await clerk.answers(refusal(190))
    at_once = await clerk.begins()
    then = await clerk.begins(later=1.0)

    assert (at_once, then) == (0, 1)


@pytest.mark.parametrize("code", [33, 131037, 131045, 133010])
async def test_a_stopped_number_waits_for_a_person_and_others_of_its_account_go_on(
    desk: Desk, client: Scripted, code: int
) -> None:
    stage = desk.stage
    sister = await add_number(stage, "101")
    clerk = Clerk(desk, client)
    await queue(stage, stage.number, 2)
    await clerk.begins()
    await clerk.answers(refusal(code))
    await queue(stage, sister, 1)

    await desk.pass_time(DAY / 2)
    others = await clerk.begins(later=1.0)
    await clerk.answers()
    before = await held(desk), await stage.alerts()
    async with stage.pool.acquire() as db:
        freed = await holds.resume(db, stage.workspace, stage.number)

    assert others == 1
    assert before[0] == [("number_stopped", True), (None, False)]
    assert before[1] == {"number_stopped": 2}
    assert freed == [stage.number]
    assert await clerk.begins(later=1.0) == 2


async def test_a_number_that_people_reported_waits_as_long_as_meta_says(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131048, count=1))
    await desk.stage.says(await desk.stage.customer(ANA), "Olá")
    await desk.work()

    await desk.pass_time(3 * 3600)
    await desk.work()
    early = desk.texts()
    await desk.pass_time(2 * 3600)
    await desk.work()

    assert (early, desk.texts()) == ([], ["Olá"])


@pytest.mark.parametrize("code", [368, 131031, 131042])
async def test_a_stopped_account_stops_its_numbers_and_no_others(
    desk: Desk, client: Scripted, code: int
) -> None:
    stage = desk.stage
    sister, stranger = await add_number(stage, "101"), await add_number(stage, "102", waba_id="201")
    clerk = Clerk(desk, client)
    await queue(stage, stage.number, 1)
    await clerk.begins()
    await clerk.answers(refusal(code))
    await queue(stage, sister, 1)
    await queue(stage, stranger, 1)

    await desk.pass_time(DAY / 2)
    before = await clerk.begins(later=1.0)
    await clerk.answers()
    async with stage.pool.acquire() as db:
        freed = await holds.resume(db, stage.workspace, sister)

    assert before == 1
    assert client.asked[-1].number == "102"
    assert freed == [stage.number, sister]
    assert await clerk.begins(later=1.0) == 2
    assert await stage.alerts() == {"account_stopped": 1}


async def test_the_apps_limit_slows_the_whole_account(desk: Desk, client: Scripted) -> None:
    stage = desk.stage
    sister = await add_number(stage, "101")
    clerk = Clerk(desk, client)
    await queue(stage, stage.number, 1)
    await clerk.begins()
    await clerk.answers(refusal(4))
    await queue(stage, sister, 1)

    at_once = await clerk.begins(later=1.0)
    await desk.pass_time(80)

    assert at_once == 0
    assert await clerk.begins(later=1.0) == 2
    assert await stage.alerts() == {}


async def test_maintenance_holds_the_number_and_costs_no_try(desk: Desk, client: Scripted) -> None:
    clerk = Clerk(desk, client)
    await queue(desk.stage, desk.stage.number, 1)
    begun = []
    for _ in range(10):  # more often than a message may fail
        begun.append(await clerk.begins())
        await clerk.answers(refusal(131057))
        await clerk.begins()
        await desk.pass_time(31)

    assert begun == [1] * 10
    assert await desk.stage.value("select tries from outbox") == 0


async def test_a_503_with_retry_after_leaves_meta_alone_for_so_long(
    desk: Desk, client: Scripted
) -> None:
    clerk = Clerk(desk, client)
    await queue(desk.stage, desk.stage.number, 1)
    await clerk.begins()
    await clerk.answers(send_result(Answer(503, b"", "120")))
    await queue(desk.stage, desk.stage.number, 1)

    at_once = await clerk.begins(later=1.0)
    await desk.pass_time(121)

    assert at_once == 0
    assert await clerk.begins(later=1.0) == 2


# Meta's 24 hours.


async def test_what_comes_after_24_hours_waits_for_the_customer_to_write(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131047, count=1, to=ANA))
    ana, bia = await desk.stage.customer(ANA), await desk.stage.customer(BIA)
    first = await desk.stage.says(ana, "1")
    await desk.stage.says(ana, "2")
    await desk.stage.says(bia, "Olá")
    await desk.work()
    await desk.pass_time(3600)
    await desk.work()
    before = desk.texts(ANA), desk.texts(BIA), (await desk.stage.fate(first))["status"]

    await writes(desk, ana)
    await desk.work()

    assert before == ([], ["Olá"], "queued")
    assert desk.texts(ANA) == ["1", "2"]
    assert await desk.stage.alerts() == {}


async def test_what_the_customer_had_written_before_does_not_count(desk: Desk) -> None:
    ana = await desk.stage.customer(ANA)
    await writes(desk, ana)
    desk.meta.fail(Fault(kind="error", code=131047, count=1))
    await desk.stage.says(ana, "Olá")

    await desk.work()
    await desk.work()

    assert desk.texts() == []


async def test_a_word_that_comes_while_meta_refuses_is_not_missed(
    desk: Desk, client: Scripted
) -> None:
    ana = await desk.stage.customer(ANA)
    await desk.stage.says(ana, "Olá")
    clerk = Clerk(desk, client)
    await clerk.begins()
    await writes(desk, ana)

    await clerk.answers(refusal(131047))
    await clerk.begins()

    assert await clerk.begins(later=1.0) == 1


async def test_who_never_writes_again_does_not_get_it_and_people_hear_of_it(desk: Desk) -> None:
    desk.meta.fail(Fault(kind="error", code=131047, count=1))
    ana = await desk.stage.customer(ANA)
    id = await desk.stage.says(ana, "Olá", expires_in=3600)
    await desk.work()

    await desk.pass_time(3700)
    await desk.work()

    fate = await desk.stage.fate(id)
    assert (fate["status"], fate["error"]["code"]) == ("failed", "window_closed")
    assert await desk.stage.alerts() == {"send_expired": 1}


# Breakers.


async def breaker(desk: Desk, number: UUID) -> tuple[bool | None, str]:
    (row,) = await desk.stage.rows(
        """select breaker_until > clock_timestamp() as open, breaker_reason as reason
             from number_senders where number_id = $1""",
        number,
    )
    return row["open"], row["reason"]


async def test_a_number_whose_requests_break_stops_and_tries_with_one(
    desk: Desk, client: Scripted
) -> None:
    stage, clerk = desk.stage, Clerk(desk, client)
    await queue(stage, stage.number, 5)
    begun = [await clerk.begins()]
    await clerk.answers(clerk.unreachable)
    begun.append(await clerk.begins())
    while_open = await breaker(desk, stage.number), await stage.alerts()
    await stage.pass_time(100)

    begun += [await clerk.begins(later=later) for later in (4.0, 1.0)]
    await clerk.answers(clerk.unreachable)
    begun += [await clerk.begins(later=later) for later in (9.0, 1.0)]
    await clerk.answers()
    begun.append(await clerk.begins())

    assert begun == [5, 0, 0, 1, 0, 1, 3]
    assert while_open == ((True, "connect"), {"graph_unreachable": 1})
    assert await breaker(desk, stage.number) == (None, "")
    assert await stage.alerts() == {}
    assert await stage.value("select max(tries) from outbox") == 0


async def test_metas_refusals_never_open_a_breaker(desk: Desk, client: Scripted) -> None:
    clerk = Clerk(desk, client)
    for _ in range(3):
        await queue(desk.stage, desk.stage.number, 20)
        await clerk.begins()
        await clerk.answers(refusal(131016))
        await clerk.begins()
    await queue(desk.stage, desk.stage.number, 20)

    assert await clerk.begins() == 20


async def test_numbers_of_a_broken_host_share_its_breaker_and_its_probe(
    desk: Desk, client: Scripted
) -> None:
    stage, clerk = desk.stage, Clerk(desk, client)
    numbers = [stage.number, await add_number(stage, "101"), await add_number(stage, "102")]
    elsewhere = await add_number(stage, "103")
    await stage.sql("update whatsapp_numbers set graph_url = 'http://b' where id = $1", elsewhere)
    for number in numbers:
        await queue(stage, number, 4)
    await clerk.begins()
    await clerk.answers(clerk.unreachable)  # 4 of each number, 12 of the host
    await clerk.begins()
    await stage.pass_time(100)
    await queue(stage, elsewhere, 2)

    others = await clerk.begins(later=1.0)
    open_ones = [(await breaker(desk, number))[0] for number in [*numbers, elsewhere]]
    await clerk.answers()
    probes = await clerk.begins(later=4.0)
    await clerk.answers()

    assert (others, probes) == (2, 1)
    assert open_ones == [True, True, True, None]
    assert await clerk.begins() == 11


async def test_who_takes_a_number_over_knows_nothing_of_its_breaker(
    desk: Desk, client: Scripted
) -> None:
    stage, clerk = desk.stage, Clerk(desk, client)
    await queue(stage, stage.number, 5)
    await clerk.begins()
    await clerk.answers(clerk.unreachable)
    await clerk.begins()
    await stage.sql("update number_senders set until = clock_timestamp()")
    await stage.pass_time(100)

    async with Scripted() as other:
        heir = Sender(stage.pool, VAULT, other, **desk.settings)
        await heir.step()

        assert len(await other.begun(5)) == 5
    assert await breaker(desk, stage.number) == (None, "connect")


async def test_its_breakers_can_be_seen(desk: Desk, client: Scripted) -> None:
    stage, clerk = desk.stage, Clerk(desk, client)
    await queue(stage, stage.number, 5)
    await clerk.begins()
    number, throttle = str(stage.number), clerk.sender.throttle
    closed = throttle.states(), throttle.host_states()

    await clerk.answers(clerk.unreachable)
    opened = throttle.states()
    desk.now += 5

    host = desk.meta.url.removeprefix("http://")
    assert closed == ({number: 0.0}, {host: 0.0})
    assert (opened, throttle.states()) == ({number: 1.0}, {number: 0.5})
