"""Calls on a real database and a real web server: once each, whoever dies, and never told to the wrong wait."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from recado.store import calls as store
from recado.store.calls import Calling
from recado.store.ids import new_id
from recado.store.notices import Released
from recado.store.pool import Pool
from recado.worker.caller import Caller, Made, NotBegun
from tests.worker.flows import ask, flow, say
from tests.worker.outside_world import (
    Phone,
    World,
    answered,
    api,
    begun,
    open_phone,
    open_world,
    tracking,
)
from tests.worker.stage import VAULT, Stage, run_until_idle, set_up
from tests.worker.talk import said, session, tell

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


@pytest_asyncio.fixture
async def stage(pool: Pool, world: World) -> Stage:
    return await set_up(pool, tracking(world.url))


@pytest_asyncio.fixture
async def phone(stage: Stage, tmp_path: Path) -> AsyncIterator[Phone]:
    async with open_phone(stage, tmp_path) as phone:
        yield phone


async def test_what_a_service_answers_is_what_the_bot_says(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage)

    assert await answered(stage, phone, ana) == ["Situação: em trânsito"]

    id = (await session(stage))["id"]
    (asked,) = world.asked
    assert (asked.method, asked.path) == ("GET", "/pedidos/7")
    assert asked.key.startswith(f"{id}:")
    assert await stage.value("select count(*) from calls") == 0
    (event,) = await stage.rows(
        "select event::jsonb from journal where event::jsonb ->> 'event' = 'call_finished'"
    )
    assert event["event"]["result"]["value"] == {"status": "em trânsito"}


async def test_two_processes_never_make_one_call_twice(
    stage: Stage, phone: Phone, world: World
) -> None:
    people = [await begun(stage) for _ in range(12)]
    loops = [phone.another(at_once=3) for _ in range(2)]
    world.open.clear()

    await asyncio.gather(*(calls.step() for calls in loops))
    await world.was_asked(6)
    world.open.set()
    for calls in loops:
        await phone.work(calls)
    await run_until_idle(stage.turns().step)

    assert len({asked.key for asked in world.asked}) == len(world.asked) == 12
    assert [await said(stage, ana) for ana in people] == [["Situação: em trânsito"]] * 12


async def test_a_call_that_could_not_be_prepared_is_queued_again(
    stage: Stage, phone: Phone, world: World
) -> None:
    class Hesitant(Caller):
        hesitates = True

        async def make(self, call: Calling) -> Made:
            if self.hesitates:
                self.hesitates = False
                raise NotBegun
            return await super().make(call)

    ana = await begun(stage, tracking(world.url, method="POST"))
    calls = phone.another(caller=Hesitant(stage.pool, VAULT, phone.outside))
    await phone.work(calls)
    before = await stage.value("select status from calls")

    await phone.tick(calls)
    await phone.work(calls)
    await run_until_idle(stage.turns().step)

    assert before == "running"
    assert await said(stage, ana) == ["Situação: em trânsito"]


async def test_a_bug_in_a_call_is_an_error_of_the_call(stage: Stage, phone: Phone) -> None:
    class Buggy(Caller):
        async def make(self, call: Calling) -> Made:
            raise RuntimeError("s3cr3t")

    ana = await begun(stage)
    await phone.work(phone.another(caller=Buggy(stage.pool, VAULT, phone.outside)))
    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Não consegui consultar."]
    result = await stage.value(
        "select event::jsonb -> 'result' from journal where event::jsonb ? 'result'"
    )
    assert result == {"ok": False, "error": "broke"}


async def test_a_result_that_cannot_be_written_does_not_hold_up_the_others(
    stage: Stage, phone: Phone
) -> None:
    people = [await begun(stage) for _ in range(3)]
    await stage.sql(
        f"""alter table inbox add constraint odd check (
               kind <> 'called' or event #>> '{{result,error}}' is not null
               or conversation_id <> '{people[1]}')"""
    )
    for _ in range(10):
        try:
            await phone.work()
        except Exception as problem:  # noqa: BLE001 - as the loop does
            phone.calls.isolate(problem)
    await run_until_idle(stage.turns().step)

    assert [await said(stage, ana) for ana in people] == [
        ["Situação: em trânsito"],
        ["Não consegui consultar."],
        ["Situação: em trânsito"],
    ]


async def test_a_call_that_nobody_waits_for_any_more_is_not_made(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage)
    await stage.hears(ana, "sair")
    await run_until_idle(stage.turns().step)

    await answered(stage, phone, ana)

    assert world.asked == []
    assert await stage.value("select count(*) from calls") == 0


async def test_the_result_of_before_a_command_changes_nothing(
    stage: Stage, phone: Phone, world: World
) -> None:
    document = flow(
        ask("pedido", "Qual pedido?"),
        api("api", f"{world.url}/{{{{pedido}}}}"),
        say("ok", "Situação: {{resposta.status}}"),
    )
    ana = await begun(stage, document)
    await stage.settles()
    await stage.hears(ana, "7")
    await run_until_idle(stage.turns().step)
    world.open.clear()
    await phone.calls.step()
    await world.was_asked(1)

    await stage.hears(ana, "recomeçar")
    await run_until_idle(stage.turns().step)
    world.open.set()
    told = await answered(stage, phone, ana)

    assert told == ["Qual pedido?", "Qual pedido?"]
    assert (await session(stage))["variables"] == {}
    (last,) = await stage.rows(
        "select event::jsonb, trace::jsonb from journal order by id desc limit 1"
    )
    assert last["event"]["result"]["value"] == {"status": "em trânsito"}
    assert last["trace"]["notes"] == ["old_token"]


async def test_a_result_waits_for_its_session_while_a_person_has_the_conversation(
    stage: Stage, phone: Phone
) -> None:
    ana = await begun(stage)
    await stage.sql("update conversations set mode = 'human'")

    held = await answered(stage, phone, ana)
    await tell(stage, ana, Released())

    assert held == []
    assert await said(stage, ana) == ["Situação: em trânsito"]


async def test_a_result_for_a_session_that_is_over_is_dropped(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage)
    world.open.clear()
    await phone.calls.step()
    await world.was_asked(1)
    await stage.hears(ana, "sair")
    await run_until_idle(stage.turns().step)
    before = await said(stage, ana)

    world.open.set()
    told = await answered(stage, phone, ana)

    assert told == before
    assert await stage.value("select count(*) from inbox") == 0
    assert await stage.alerts() == {}


async def test_workspaces_take_turns_and_scripts_are_few(stage: Stage) -> None:
    await stage.sql("update whatsapp_numbers set phone_number = '+551', phone_number_id = '99'")
    other = await set_up(stage.pool)
    rows = [(stage, "http")] * 4 + [(other, "http")] * 2 + [(stage, "script")] * 3
    for owner, kind in rows:
        conversation = await owner.customer(f"55{new_id().int % 10**11:011}")
        await owner.sql(
            """with s as (insert into conversation_states
                                 (id, workspace_id, conversation_id, flow_id, flow_version_id, status, engine)
                          values ($1, $2, $3, $1, $1, 'active',
                                  '{"wait": {"kind": "call", "token": "t", "round": 1}}') returning id)
               insert into calls (id, workspace_id, conversation_id, session_id, flow_version_id, token,
                                  kind, request, timeout, repeatable)
               select id, $2, $3, id, id, 't.1', $4, '{}', 5, true from s""",
            new_id(),
            owner.workspace,
            conversation,
            kind,
        )

    async with stage.pool.acquire() as db:
        first, _ = await store.claim(
            db, new_id(), limit=4, most=5, scripts=1, busy={stage.workspace: 1}
        )
        rest, _ = await store.claim(db, new_id(), limit=50, most=50, scripts=1, busy={})

    assert sorted(call.workspace_id == other.workspace for call in first) == [
        *(False, False, True, True)
    ]
    assert [call.kind for call in rest].count("script") == 1
    assert await stage.value("select count(*) from calls where status = 'queued'") == 2
