"""Events that fail: their batch is taken apart, they are tried three times, then parked, and the lane goes on."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from recado.worker.turn import Turns
from tests.worker.bad_nodes import BAD_TYPES, flow_with
from tests.worker.stage import ASK_NAME, Stage, set_up

pytestmark = pytest.mark.asyncio

APOLOGY = ">Desculpe, ocorreu um erro. Tente novamente."
ONE_LIFE = Path(__file__).with_name("one_life.py")


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, flow_with("raises"))


async def run_with_failures(turns: Turns) -> int:
    """Does what the worker's loop does about failing steps; gives how many failed."""
    failures = 0
    for _ in range(100):
        try:
            if not await turns.step():
                return failures
        except RuntimeError as problem:
            failures += 1
            turns.isolate(problem)
    raise AssertionError("never idle")


async def test_an_event_that_fails_alone_is_tried_three_times_and_parked(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.hears(ana, "boom")

    failures = await run_with_failures(stage.turns(BAD_TYPES))

    assert failures == 1 + 3  # in its batch, then alone
    (row,) = await stage.rows("select tries, parked_at, error from inbox")
    assert row["tries"] == 3
    assert row["parked_at"] is not None
    assert row["error"] == "RuntimeError"
    assert await stage.history(ana) == ["<boom", APOLOGY]
    assert await stage.alerts() == {"event_parked": 1}


async def test_neighbours_of_a_failing_event_are_answered_before_it_is_parked(stage: Stage) -> None:
    people = [await stage.customer(f"551195550000{n}") for n in range(4)]
    for person, text in zip(people, ("oi", "boom", "oi", "oi"), strict=True):
        await stage.hears(person, text)

    await run_with_failures(stage.turns(BAD_TYPES))

    for person in (people[0], people[2], people[3]):
        assert await stage.history(person) == ["<oi", ">Oi!"]


async def test_the_lane_goes_on_behind_a_parked_event(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.hears(ana, "boom", seconds=-2)
    await stage.hears(ana, "oi", seconds=-1)

    await run_with_failures(stage.turns(BAD_TYPES))

    assert sorted(await stage.history(ana)) == sorted(["<boom", APOLOGY, "<oi", ">Oi!"])


async def test_what_failed_before_never_joins_a_batch_again(stage: Stage) -> None:
    ana, bia = await stage.customer(), await stage.customer("5511955500001")
    await stage.hears(ana, "boom")
    await stage.sql("update inbox set tries = 1")
    await stage.hears(bia, "oi")

    with pytest.raises(RuntimeError):
        await stage.turns(BAD_TYPES).step()

    assert await stage.history(bia) == ["<oi", ">Oi!"]
    assert await stage.value("select tries from inbox") == 2


async def test_a_parked_event_can_be_taken_up_again(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.hears(ana, "boom")
    await run_with_failures(stage.turns(BAD_TYPES))
    await stage.publish(ASK_NAME)

    await stage.sql("update inbox set parked_at = null, tries = 0")
    await run_with_failures(stage.turns(BAD_TYPES))

    assert await stage.value("select count(*) from inbox") == 0
    assert await stage.history(ana) == ["<boom", APOLOGY, ">Qual é o seu nome?"]


async def test_a_timer_that_fails_is_given_up_with_its_session(pool: Pool) -> None:
    stage = await set_up(pool, _fails_at_its_timeout())
    ana = await stage.customer()
    await stage.hears(ana, "boom")
    await run_with_failures(stage.turns(BAD_TYPES))
    await stage.sql(
        """update conversation_states set wake_at = clock_timestamp(), engine = jsonb_set(
               engine::jsonb, '{wait,until}', to_jsonb(clock_timestamp()))"""
    )

    failures = await run_with_failures(stage.turns(BAD_TYPES))

    assert failures == 1 + 3
    assert await stage.value("select status from conversation_states") == "failed"
    assert await stage.history(ana) == ["<boom", ">Nome?", APOLOGY]
    assert await stage.alerts() == {"event_parked": 1}


async def test_a_state_that_cannot_be_read_fails_its_session_only(stage: Stage) -> None:
    ana = await stage.customer()
    await stage.sql(
        """insert into conversation_states
                  (id, workspace_id, conversation_id, chatbot_id, flow_id, flow_version_id, status, engine)
           values ($1, $2, $3, $4, $5, $6, 'active', '{"visits": "many"}')""",
        stage.flow,
        stage.workspace,
        ana,
        stage.chatbot,
        stage.flow,
        stage.version,
    )
    await stage.hears(ana, "oi")
    await stage.hears(ana, "de novo", seconds=1)
    turns = stage.turns(BAD_TYPES)

    await _run_any_failures(turns)

    assert (
        await stage.value("select status from conversation_states order by id limit 1") == "failed"
    )
    assert (await stage.history(ana))[-1] == ">Oi!"


async def test_what_kills_the_process_is_parked_after_three_deaths_of_its_own(
    pool: Pool, database_url: str
) -> None:
    stage = await set_up(pool, flow_with("kills"))
    people = [await stage.customer(f"551195550000{n}") for n in range(4)]
    for person, text in zip(people, ("oi", "boom", "oi", "oi"), strict=True):
        await stage.hears(person, text)

    codes: list[int] = []
    answered_after: list[int] = []
    while not codes or (codes[-1] and len(codes) < 10):
        codes.append(await _one_life(database_url))
        answered_after.append(await stage.value("select count(*) from messages where text = 'Oi!'"))

    # In a batch once, unseen; then three times alone, counted; the fifth life parks it.
    assert codes == [9, 9, 9, 9, 0]
    assert (
        answered_after[2] == 3
    )  # at the second life that takes care, all neighbours have their answer
    assert await stage.history(people[1]) == ["<boom", APOLOGY]
    assert await stage.alerts() == {"event_parked": 1}
    assert await stage.value("select count(*) from workers") == 0


async def _one_life(url: str) -> int:
    """Runs a worker process until it has nothing to do or dies; gives its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.worker.one_life", url, cwd=ONE_LIFE.parents[2]
    )
    return await process.wait()


def _fails_at_its_timeout() -> dict[str, Any]:
    question = {"content": "Nome?", "variableName": "nome", "timeout": 60}
    return {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "name", "type": "question", "data": question},
            {"id": "bad", "type": "raises"},
        ],
        "edges": [
            {"id": "e1", "source": "start", "target": "name"},
            {"id": "e2", "source": "name", "sourceHandle": "timeout", "target": "bad"},
        ],
    }


async def _run_any_failures(turns: Turns) -> None:
    for _ in range(100):
        try:
            if not await turns.step():
                return
        except ValueError as problem:
            turns.isolate(problem)
    raise AssertionError("never idle")
