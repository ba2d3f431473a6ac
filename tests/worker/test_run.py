"""The worker as a whole: webhook in, answer out; doubled and parallel posts; several processes; drain; kill -9."""

import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from recado.store.pool import Pool, create_pool
from recado.whatsapp.fake_faults import Fault
from recado.worker.life import Life
from tests.worker.stage import ASK_NAME, set_up
from tests.worker.town import Town, kill, open_town

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"
CROWD = [f"55119555000{n:02}" for n in range(30)]


@pytest_asyncio.fixture
async def town(pool: Pool, database_url: str) -> AsyncIterator[Town]:
    async with open_town(await set_up(pool, ASK_NAME), pool, database_url) as town:
        yield town


async def test_a_conversation_through_the_webhook(town: Town) -> None:
    await town.worker()

    for count, text in enumerate(("oi", "Ana", "30"), start=1):
        town.meta.say(ANA, text)
        await town.got(ANA, count)

    assert town.texts(ANA) == ["Qual é o seu nome?", "E a idade, Ana?", "Ana, 30 anos"]


async def test_a_message_posted_twice_is_answered_once(town: Town) -> None:
    town.meta.fail(Fault(kind="duplicate"))
    await town.worker()

    for count, text in enumerate(("oi", "Ana", "30"), start=1):
        town.meta.say(ANA, text)
        await town.got(ANA, count)
    await town.meta.idle()

    assert town.texts(ANA) == ["Qual é o seu nome?", "E a idade, Ana?", "Ana, 30 anos"]
    assert await town.stage.value("select count(*) from messages where direction = 'in'") == 3


async def test_two_messages_at_once_are_both_kept_and_the_flow_asks_once(town: Town) -> None:
    town.meta.say(ANA, "oi")
    town.meta.say(ANA, "tudo bem?")
    await town.meta.idle()
    await town.worker()
    await town.got(ANA, 1)
    town.meta.say(ANA, "Ana")
    await town.got(ANA, 2)

    assert town.texts(ANA) == ["Qual é o seu nome?", "E a idade, Ana?"]
    heard = await town.stage.rows("select text from messages where direction = 'in'")
    assert sorted(row["text"] for row in heard) == ["Ana", "oi", "tudo bem?"]


async def test_statuses_reach_the_message(town: Town) -> None:
    await town.worker()
    town.meta.say(ANA, "oi")
    await town.got(ANA, 1)
    await town.meta.idle()

    await town.stage.until("select status = 'read' from messages where direction = 'out'")

    (fate,) = await town.stage.rows("select wamid, pricing from messages where direction = 'out'")
    assert fate["wamid"] == town.meta.sent_to(ANA)[0].wamid


async def test_turns_in_one_process_and_sends_in_another(town: Town) -> None:
    await town.worker("turn")
    await town.worker("send")

    town.meta.say(ANA, "oi")

    assert await town.got(ANA, 1) == ["Qual é o seu nome?"]


async def test_a_turn_beside_a_sender_without_the_lease_tells_the_one_that_has_it(
    town: Town,
) -> None:
    await town.worker("send")
    town.meta.say(ANA, "oi")
    await town.worker("turn", "send")

    await town.got(ANA, 1)
    town.meta.say(ANA, "Ana")

    assert await town.got(ANA, 2) == ["Qual é o seu nome?", "E a idade, Ana?"]
    assert await town.stage.value("select count(*) from number_senders") == 1


async def test_a_drained_worker_leaves_nothing_and_the_next_goes_on(town: Town) -> None:
    first = await town.worker()
    for customer in CROWD:
        town.meta.say(customer, "oi")
    await town.meta.wait_for(lambda: any(map(town.texts, CROWD)))

    await first.drain()
    town.workers.remove(first)
    registered = await town.stage.value("select count(*) from workers")
    on_the_wire = await town.stage.value("select count(*) from outbox where status = 'sending'")
    await town.worker()
    for customer in CROWD:
        await town.got(customer, 1)

    assert (registered, on_the_wire) == (0, 0)
    assert [town.texts(customer) for customer in CROWD] == [["Qual é o seu nome?"]] * len(CROWD)


async def test_a_killed_worker_loses_nothing_and_answers_nobody_twice(town: Town) -> None:
    killed = await town.process()
    for customer in CROWD:
        town.meta.say(customer, "oi")
    await town.meta.wait_for(lambda: sum(map(len, map(town.texts, CROWD))) >= 5)

    await kill(killed)
    heir = await town.process()
    for customer in CROWD:
        await town.got(customer, 1)
    for customer in CROWD:
        town.meta.say(customer, "Ana")
    for customer in CROWD:
        await town.got(customer, 2)
    code = await kill(heir, signal.SIGTERM)

    expected = ["Qual é o seu nome?", "E a idade, Ana?"]
    assert [town.texts(customer) for customer in CROWD] == [expected] * len(CROWD)
    assert code == 0
    assert await town.stage.alerts() == {}


async def test_a_process_that_died_on_this_machine_frees_its_leases_at_once(town: Town) -> None:
    killed = await town.process()
    town.meta.say(ANA, "oi")
    await town.got(ANA, 1)
    await kill(killed)
    held = await town.stage.value("select until > clock_timestamp() from number_senders")

    life = await Life.begin(town.url)
    free = await town.stage.value("select until <= clock_timestamp() from number_senders")
    await life.end()
    next_life = await Life.begin(town.url)
    await next_life.end()

    assert (held, free) == (True, True)
    assert (life.after_crash, next_life.after_crash) == (True, False)


async def test_a_living_process_is_not_taken_for_a_dead_one(town: Town) -> None:
    await town.worker("send")

    life = await Life.begin(town.url)
    await life.end()

    assert not life.after_crash
    assert await town.stage.value("select count(*) from workers") == 1


async def test_a_failing_step_does_not_stop_the_loop(town: Town) -> None:
    await town.stage.sql("alter table journal rename to away")
    await town.worker()
    town.meta.say(ANA, "oi")
    await town.meta.idle()
    await town.stage.until("select exists (select from inbox where tries > 0)")
    await town.stage.sql("alter table away rename to journal")

    assert await town.got(ANA, 1)


async def test_loops_that_get_no_connection_wait_and_go_on_with_the_least_pool(
    pool: Pool, database_url: str
) -> None:
    stage = await set_up(pool, ASK_NAME)
    small = await create_pool(database_url, min_size=2, max_size=2)
    async with open_town(replace(stage, pool=small), pool, database_url) as town:
        await town.worker()
        async with small.acquire(), small.acquire():
            town.meta.say(ANA, "oi")
            await town.meta.idle()
            assert await pool.fetchval("select count(*) from inbox") == 1

        assert await town.got(ANA, 1)
    await small.close()
