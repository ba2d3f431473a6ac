"""What happens to processes in a day: one is frozen, they are restarted one after the other, connections are cut."""

import asyncio
import random
from pathlib import Path

import pytest

from recado.whatsapp.fake_faults import Fault
from tests.e2e.kill.archive import alerts, dry
from tests.e2e.kill.beside import beside
from tests.e2e.kill.crowd import Crowd
from tests.e2e.kill.process import Recado, free_port
from tests.e2e.kill.script import scripts
from tests.e2e.kill.shop import Shop, open_shop

ANA, BIA, CRIS = "5511970000001", "5511970000002", "5511970000003"
FIRST, SECOND = "Qual é o seu nome?", "{}, em que cidade você mora?"
SENDER = {"roles": "send,settle"}
LISTENERS = """from pg_stat_activity
                where datname = current_database() and application_name = 'recado listen'"""

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


async def test_a_frozen_sender_finds_its_work_done_by_another_and_spoils_nothing(
    database_url: str, tmp_path: Path
) -> None:
    roles = [{"roles": "web,turn"}, SENDER, SENDER]
    async with open_shop(database_url, tmp_path, roles, own_gates=True) as shop:
        await shop.post(shop.says(CRIS, "oi"))
        await shop.hears(CRIS, 1)
        frozen = await shop.sender()
        way = shop.gates[shop.processes.index(frozen)]
        (others,) = [each for each in shop.gates[1:] if each is not way]
        way.close()
        others.close()
        for customer in (ANA, BIA):
            await shop.post(shop.says(customer, "oi"))
        await way.wait_for(2)
        frozen.freeze()
        # Meta takes Ana's message and refuses Bia's, and nobody hears either.
        shop.meta.fail(Fault(kind="error", code=131026, to=BIA, count=1))
        way.open()
        await shop.post(shop.says(CRIS, "Cris"))
        await others.wait_for(2, within=40)  # Cris's answer, and Bia's again; Ana's was adopted
        heir, before = await shop.sender(), way.came

        frozen.freeze(thaw=True)
        await _awake(shop, frozen)
        others.open()
        for customer, name in ((ANA, "Ana"), (BIA, "Bia")):
            await shop.post(shop.says(customer, name))
            await shop.hears(customer, 2)
        after = way.came
        await heir.stop()
        await shop.post(shop.says(CRIS, "Recife"))
        await asyncio.wait_for(_hears(shop, CRIS, 4), 20)
        await shop.meta.idle()
        await dry(shop.db)
        raised = await alerts(shop.db)
        fates = await shop.db.fetch("select status from messages where direction = 'out'")

    assert heir is not frozen
    assert before == after  # it wrote nothing to Meta before it had the lease again
    assert way.came > after
    assert _texts(shop, ANA) == [FIRST, SECOND.format("Ana")]
    assert _texts(shop, BIA) == [FIRST, SECOND.format("Bia")]
    assert {row["status"] for row in fates} == {"read"}
    assert raised == {}


async def test_processes_restarted_one_after_the_other_lose_nothing(
    database_url: str, tmp_path: Path
) -> None:
    full = {"options": ("--reuse-port",), "port": free_port()}
    async with open_shop(database_url, tmp_path, [full] * 2) as shop:
        shop.meta.fail(Fault(kind="delay", ms=100))
        crowd, codes = Crowd(shop.meta, scripts(40, random.Random(4))), []

        async def restart(process: Recado) -> None:
            await crowd.reach(crowd.progress + 40)
            codes.append(await process.stop())
            await process.start()

        async with beside(crowd.count()):
            for half, process in enumerate(shop.processes):
                async with asyncio.TaskGroup() as group:
                    group.create_task(restart(process))
                    group.create_task(crowd.talk(crowd.customers[half::2], at_once=10))
            verdict = await shop.judge(crowd)

    assert codes == [0, 0]
    assert not verdict.complaints, "\n".join(verdict.complaints)
    assert (verdict.lost, verdict.doubled, verdict.unknown, verdict.reordered) == (0, 0, 0, 0)


async def test_listening_goes_on_after_its_connections_were_cut(
    database_url: str, tmp_path: Path
) -> None:
    roles = [{"roles": "web"}, {"roles": "turn"}, SENDER]
    async with open_shop(database_url, tmp_path, roles) as shop:
        await shop.post(shop.says(ANA, "oi"))
        await shop.hears(ANA, 1)
        listeners = await shop.db.fetchval(f"select count(*) {LISTENERS}")
        await shop.post(shop.says(ANA, "Ana"))
        cut = await shop.db.fetchval(f"select count(pg_terminate_backend(pid, 5000)) {LISTENERS}")
        async with asyncio.timeout(20):
            while await shop.db.fetchval(f"select count(*) {LISTENERS}") < listeners:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await shop.post(shop.says(ANA, "Recife"))

        texts = await shop.hears(ANA, 4)

    assert cut == listeners > 0
    assert texts == [FIRST, SECOND.format("Ana"), "Anotado: Recife.", "E a sua cor, Ana?"]


async def _hears(shop: Shop, customer: str, count: int) -> None:
    await shop.meta.wait_for(lambda: len(shop.meta.sent_to(customer)) >= count, within=60)


async def _awake(shop: Shop, process: Recado) -> None:
    """Waits until a process that was frozen has looked at its results."""
    async with asyncio.timeout(20):
        while not process.events["late_result_ignored"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _texts(shop: Shop, customer: str) -> list[str]:
    return [sent.text for sent in shop.meta.sent_to(customer)]
