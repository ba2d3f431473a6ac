"""Publishes and the sessions that run: who stays on their version, who moves, and where to."""

from typing import Any

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.notices import Migrated, Released, post_migration
from recado.store.pool import Pool
from tests.worker.flows import ask, bye, call, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import TWO_QUESTIONS, asked, said, session, tell

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, TWO_QUESTIONS)


async def test_a_publish_moves_a_session_whose_node_is_gone(stage: Stage) -> None:
    ana = await asked(stage)
    new = flow(ask("apelido", "Apelido?"), bye(content="{{apelido}}"))
    moved = await publish_and_migrate(stage, new, {"nome": "apelido"})

    await run_until_idle(stage.turns().step)
    await stage.settles()
    await stage.hears(ana, "Aninha")
    await run_until_idle(stage.turns().step)

    assert moved == 1
    assert await said(stage, ana) == ["Nome?", "Apelido?", "Aninha"]
    assert (await session(stage))["flow_version_id"] == stage.version


async def test_a_publish_ends_a_session_that_has_nowhere_to_go(stage: Stage) -> None:
    await asked(stage)
    await publish_and_migrate(stage, flow(say("hi", "Oi"), bye()), {"nome": None})

    await run_until_idle(stage.turns().step)

    row = await session(stage)
    assert (row["status"], row["outcome"]) == ("stopped", "migrated")


async def test_a_session_that_stands_still_finds_the_new_texts(stage: Stage) -> None:
    ana = await asked(stage)
    new = flow(ask("nome", "Nome?"), bye(content="Prazer, {{nome}}"))
    await publish_and_migrate(stage, new, {})
    await stage.hears(ana, "Ana")

    await run_until_idle(stage.turns().step)

    assert await said(stage, ana) == ["Nome?", "Prazer, Ana"]


async def test_a_migration_says_nothing_into_a_persons_talk(stage: Stage) -> None:
    ana = await asked(stage)
    await stage.sql("update conversations set mode = 'human'")
    await publish_and_migrate(stage, flow(ask("apelido", "Apelido?"), bye()), {"nome": "apelido"})

    await run_until_idle(stage.turns().step)
    silent = await said(stage, ana)
    await tell(stage, ana, Released())

    assert silent == ["Nome?"]
    assert await said(stage, ana) == ["Nome?", "Apelido?"]


async def test_without_a_migration_a_session_stays_on_its_version(stage: Stage) -> None:
    ana = await asked(stage)
    assert stage.flow
    await stage.publish_again(stage.flow, flow(ask("nome", "Nome?"), bye(content="novo")))
    for text in ("Ana", "30"):
        await stage.hears(ana, text)
        await run_until_idle(stage.turns().step)
        await stage.settles()

    assert await said(stage, ana) == ["Nome?", "Idade?", "Ana, 30"]


async def test_a_publish_reaches_the_flow_that_called(stage: Stage) -> None:
    inner, _ = await stage.add_flow(flow(ask("cep", "CEP?"), bye()))
    outer = flow(call("get", inner), bye(content="volta velha"))
    assert stage.flow
    await stage.publish_again(stage.flow, outer)
    ana = await asked(stage)

    new = flow(call("get", inner), bye(content="volta nova"))
    moved = await publish_and_migrate(stage, new, {})
    again = await stage.value("select count(*) from inbox")
    await run_until_idle(stage.turns().step)
    await stage.hears(ana, "1")
    await run_until_idle(stage.turns().step)

    assert (moved, again) == (1, 1)
    assert await said(stage, ana) == ["CEP?", "volta nova"]


async def test_a_migration_concerns_only_sessions_on_another_version_of_that_flow(
    stage: Stage,
) -> None:
    await asked(stage)
    assert stage.flow
    assert stage.version
    other, version = await stage.add_flow(flow(say("hi", "x"), bye()))

    async with stage.pool.acquire() as db:
        same = await post_migration(
            db, stage.workspace, Migrated(str(stage.flow), str(stage.version))
        )
        foreign = await post_migration(db, stage.workspace, Migrated(str(other), str(version)))
        elsewhere = await post_migration(db, new_id(), Migrated(str(stage.flow), str(version)))

    assert (same, foreign, elsewhere) == (0, 0, 0)


async def test_a_migration_that_is_overtaken_by_the_end_of_its_session_is_nothing(
    stage: Stage,
) -> None:
    ana = await asked(stage)
    await publish_and_migrate(stage, TWO_QUESTIONS, {})
    await stage.sql("update conversation_states set status = 'stopped'")

    await run_until_idle(stage.turns().step)

    assert await stage.value("select count(*) from inbox") == 0
    assert await said(stage, ana) == ["Nome?"]


async def publish_and_migrate(
    stage: Stage, document: dict[str, Any], moves: dict[str, str | None]
) -> int:
    assert stage.flow
    stage.version = await stage.publish_again(stage.flow, document)
    async with stage.pool.acquire() as db:
        notice = Migrated(str(stage.flow), str(stage.version), moves)
        return await post_migration(db, stage.workspace, notice)
