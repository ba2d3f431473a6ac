"""A conversation that met a broken flow is answered again once the flow runs, unless a person has taken it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.worker.stage import ASK_NAME, Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

BROKEN = ">Erro ao processar mensagem. Um atendente vai continuar."
ASKS = ">Qual é o seu nome?"


@pytest_asyncio.fixture
async def stage(pool: Pool) -> AsyncIterator[Stage]:
    """The order of a first run: a customer writes before the flow is published."""
    stage = await set_up(pool, ASK_NAME)
    await stage.sql("update flows set published_version_id = null")
    yield stage


async def hears(stage: Stage, text: str) -> list[str]:
    """Lets the only customer write; gives the history."""
    ana = await stage.value("select id from conversations") or await stage.customer()
    await stage.hears(ana, text)
    await run_until_idle(stage.turns().step)
    return await stage.history(ana)


async def publish(stage: Stage) -> None:
    await stage.sql("update flows set published_version_id = $1", stage.version)


async def test_the_next_message_after_the_flow_is_published_starts_it(stage: Stage) -> None:
    await hears(stage, "oi")
    await hears(stage, "alô?")
    await publish(stage)

    history = await hears(stage, "oi de novo")

    assert history == ["<oi", BROKEN, "<alô?", "<oi de novo", ASKS]
    assert await stage.value("select mode from conversations") == "bot"
    assert await stage.value("select waiting_reason from conversations") is None


async def test_a_flow_that_is_broken_while_it_runs_starts_anew_once_it_is_mended(
    stage: Stage,
) -> None:
    await publish(stage)
    await hears(stage, "oi")
    await stage.sql("""update flow_versions set document = '{"nodes": 7}'""")
    await hears(stage, "Ana")
    await stage.sql("update flow_versions set document = $1", ASK_NAME)

    history = await hears(stage, "oi?")

    assert history[-2:] == ["<oi?", ASKS]
    rows = await stage.rows("select status from conversation_states order by id")
    assert [row["status"] for row in rows] == ["failed", "active"]


async def test_a_reaction_wakes_nobody(stage: Stage) -> None:
    await hears(stage, "oi")
    await publish(stage)
    ana = await stage.value("select id from conversations")
    await stage.hears(ana, "", type="reaction")

    await run_until_idle(stage.turns().step)

    assert await stage.value("select mode from conversations") == "waiting"


@pytest.mark.parametrize("taken", ["mode = 'human'", "assignee_id = $1"])
async def test_a_person_who_has_taken_it_keeps_it(stage: Stage, taken: str) -> None:
    await hears(stage, "oi")
    await publish(stage)
    user = new_id()
    await stage.sql(
        "insert into users (id, email, name, password_hash) values ($1, 'a@b', 'A', '')", user
    )
    await stage.sql(f"update conversations set {taken}", *([user] if "$1" in taken else []))

    history = await hears(stage, "oi de novo")

    assert history == ["<oi", BROKEN, "<oi de novo"]


async def test_who_waits_for_another_reason_keeps_waiting(stage: Stage) -> None:
    await publish(stage)
    await stage.customer()
    await stage.sql("update conversations set mode = 'waiting'")

    assert await hears(stage, "oi") == ["<oi"]
