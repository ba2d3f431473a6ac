"""Many things at the same moment, on the real server and on several of them: one turn each, one request at a time."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from recado.whatsapp.fake_faults import Fault
from tests.e2e.kill.archive import dry
from tests.e2e.kill.crowd import Crowd
from tests.e2e.kill.process import free_port
from tests.e2e.kill.script import prescribed, scripts
from tests.e2e.kill.shop import open_shop

ANA, BIA = "5511970000001", "5511970000002"
FULL: dict[str, Any] = {"options": ("--reuse-port",)}

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(200)]


@pytest.mark.parametrize("processes", [1, 2])
async def test_the_same_webhook_five_times_twice_at_once_is_one_turn(
    database_url: str, tmp_path: Path, processes: int
) -> None:
    async with open_shop(database_url, tmp_path, [{}] * processes) as shop:
        hello = shop.says(ANA, "oi")
        codes = [*await asyncio.gather(shop.post(hello), shop.post(hello, processes - 1))]
        for _ in range(3):
            codes.append(await shop.post(hello))
        # Copies that had come through would have their turns before this one, which was taken last.
        codes.append(await shop.post(shop.says(ANA, "Ana")))

        texts = await shop.hears(ANA, 2)
        thread = await shop.thread(ANA)

    assert codes == [200] * 6
    assert texts == ["Qual é o seu nome?", "Ana, em que cidade você mora?"]
    assert [message.text for message in thread.inbound] == ["oi", "Ana"]
    assert thread.turns == [message.id for message in thread.inbound]


async def test_two_messages_in_parallel_posts_are_both_answered_one_at_a_time(
    database_url: str, tmp_path: Path
) -> None:
    async with open_shop(database_url, tmp_path) as shop:
        shop.gate.close()
        await asyncio.gather(
            shop.post(shop.says(ANA, "oi")),
            shop.post(shop.says(ANA, "Ana")),
        )
        await shop.turns(2)
        await shop.post(shop.says(BIA, "oi"))
        await shop.gate.wait_for(2)  # Ana's and Bia's: the sender did not wait for Ana's answer
        lane = await shop.db.fetch(
            """select o.status from outbox o join messages m on m.id = o.id
                 join conversations v on v.id = m.conversation_id join contacts c on c.id = v.contact_id
                where c.phone = $1 order by seq""",
            ANA,
        )
        shop.gate.open()

        texts = await shop.hears(ANA, 2)
        thread = await shop.thread(ANA)

    assert [row["status"] for row in lane] == ["sending", "queued"]
    assert shop.gate.most == 1
    said = [message.text for message in thread.turned]
    assert sorted(said) == ["Ana", "oi"]
    assert thread.turns == [message.id for message in thread.inbound]
    assert texts == [text for answers in prescribed(said) for text in answers]


async def test_requests_for_one_customer_never_overlap_in_a_slow_crowd(
    database_url: str, tmp_path: Path
) -> None:
    async with open_shop(database_url, tmp_path) as shop:
        shop.meta.fail(Fault(kind="delay", ms=40, probability=0.5))
        crowd = Crowd(shop.meta, scripts(40, random.Random(1)))

        verdict = await shop.talk(crowd, at_once=40)

    assert not verdict.complaints, "\n".join(verdict.complaints)
    assert shop.gate.most == 1
    assert shop.gate.most_of_all > 1


async def test_what_one_process_takes_in_another_answers(database_url: str, tmp_path: Path) -> None:
    roles = [{"roles": "web"}, {"roles": "turn,send,settle"}]
    async with open_shop(database_url, tmp_path, roles) as shop:
        await shop.post(shop.says(ANA, "oi"))
        texts = await shop.hears(ANA, 1)
        await shop.meta.idle()  # the statuses too went to the process without a settle role
        await dry(shop.db)
        (message,) = (await shop.thread(ANA)).outbound
        workers = await shop.db.fetch("select pid from workers")
        web, worker = shop.processes

    assert texts == ["Qual é o seu nome?"]
    assert message.status == "read"
    assert [row["pid"] for row in workers] == [worker.process.pid]
    assert (web.events["turn_done"], worker.events["turn_done"]) == (0, 1)


async def test_a_turn_and_its_sending_may_be_two_processes(
    database_url: str, tmp_path: Path
) -> None:
    roles = [{"roles": "web,turn"}, {"roles": "send,settle"}]
    async with open_shop(database_url, tmp_path, roles) as shop:
        await shop.post(shop.says(ANA, "oi"))
        await shop.hears(ANA, 1)
        await shop.post(shop.says(ANA, "Ana"))

        texts = await shop.hears(ANA, 2)

    assert texts == ["Qual é o seu nome?", "Ana, em que cidade você mora?"]


async def test_two_full_processes_on_one_port_double_nothing(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    async with open_shop(database_url, tmp_path, [{**FULL, "port": port}] * 2) as shop:
        shop.meta.fail(Fault(kind="duplicate"), Fault(kind="delay", ms=20, probability=0.3))
        crowd = Crowd(shop.meta, scripts(60, random.Random(2)))

        verdict = await shop.talk(crowd, at_once=60)
        worked = [process.events["turn_done"] for process in shop.processes]

    assert not verdict.complaints, "\n".join(verdict.complaints)
    assert verdict.doubled == 0
    assert shop.gate.most == 1
    assert min(worked) > 0
    assert sum(worked) == verdict.turns


async def test_a_killed_process_leaves_its_work_to_the_other(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    async with open_shop(database_url, tmp_path, [{**FULL, "port": port}] * 2) as shop:
        shop.meta.fail(Fault(kind="delay", ms=20, probability=0.5))
        killed = asyncio.Event()
        crowd = Crowd(shop.meta, scripts(60, random.Random(3)))

        async def kill_the_sender() -> None:
            await crowd.reach(crowd.total // 3)
            sender = await shop.sender()
            sender.strike()
            killed.set()
            await sender.bury()

        async with asyncio.TaskGroup() as group:
            group.create_task(kill_the_sender())
            verdict = await shop.talk(crowd, at_once=60)

    print(f"\n{verdict}")
    assert killed.is_set()
    assert not verdict.complaints, "\n".join(verdict.complaints)
