"""Keywords on a real database: which flow begins where no session is open."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.worker.flows import ask, bye, flow
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

PRICES = flow(
    *(ask("what", "Preço de quê?"), bye()),
    start={"triggers": [{"type": "keyword", "words": ["preço"], "match": "contains"}]},
)


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool, flow(ask("name", "Nome?"), bye()))


async def prices(stage: Stage) -> tuple[UUID, UUID]:
    """Adds a flow with a keyword to the chatbot."""
    id, version = await stage.add_flow(PRICES)
    await stage.sql(
        "insert into chatbot_flows (chatbot_id, flow_id) values ($1, $2)", stage.chatbot, id
    )
    return id, version


async def hears(stage: Stage, conversation: UUID, text: str, **more: Any) -> str:
    await stage.hears(conversation, text, **more)
    await run_until_idle(stage.turns().step)
    await stage.settles()
    return (await stage.history(conversation))[-1]


async def test_a_keyword_begins_its_flow_and_other_words_the_main_one(stage: Stage) -> None:
    await prices(stage)

    ana, bia = await stage.customer(), await stage.customer("5511977777777")

    assert await hears(stage, ana, "qual o PRECO?") == ">Preço de quê?"
    assert await hears(stage, bia, "bom dia") == ">Nome?"
    kinds = await stage.rows(
        "select engine::jsonb->'trigger' as trigger from conversation_states order by id"
    )
    assert [row["trigger"].get("kind", "any") for row in kinds] == ["keyword", "any"]


async def test_keywords_are_not_read_while_a_session_runs(stage: Stage) -> None:
    await prices(stage)
    ana = await stage.customer()
    await hears(stage, ana, "oi")

    await hears(stage, ana, "preço")

    rows = await stage.rows("select status, variables from conversation_states")
    assert [(row["status"], row["variables"]) for row in rows] == [("completed", {"name": "preço"})]


async def test_one_turn_may_end_a_session_and_the_next_begin_by_keyword(stage: Stage) -> None:
    id, _ = await prices(stage)
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    await stage.hears(ana, "Ana")

    await hears(stage, ana, "preço")

    assert (
        await stage.value("select flow_id from conversation_states where status = 'active'") == id
    )


async def test_only_published_flows_of_the_chatbot_that_answers_have_keywords(stage: Stage) -> None:
    id, _ = await prices(stage)
    await stage.add_flow(PRICES)  # of no chatbot
    await stage.sql("update flows set published_version_id = null where id = $1", id)
    ana = await stage.customer()

    assert await hears(stage, ana, "preço") == ">Nome?"


async def test_a_keyword_flow_that_is_corrupt_goes_to_a_person(stage: Stage) -> None:
    _, version = await prices(stage)
    await stage.sql("""update flow_versions set document = '{"nodes": 7}' where id = $1""", version)
    ana = await stage.customer()

    said = await hears(stage, ana, "preço")

    assert said == ">Erro ao processar mensagem. Um atendente vai continuar."
    assert await stage.value("select mode from conversations") == "waiting"


async def test_a_tap_without_a_session_begins_one_and_its_title_is_the_trigger(
    stage: Stage,
) -> None:
    await prices(stage)
    ana = await stage.customer()
    tap = {"option": "p", "visit": "0123456789ab"}

    said = await hears(stage, ana, "Ver preços", type="button_reply", tap=tap)

    assert said == ">Preço de quê?"


async def test_a_second_tap_on_the_button_that_ended_the_session_begins_none(pool: Pool) -> None:
    buttons = {
        "id": "ok",
        "type": "interactive_buttons",
        "data": {"content": "Certo?", "buttons": [{"id": "sim", "title": "Sim"}]},
    }
    stage = await set_up(pool, flow(buttons, bye(content="Feito")))
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    visit = await stage.value("select engine::jsonb->'wait'->>'token' from conversation_states")
    tap = {"option": "sim", "visit": visit}

    first = await hears(stage, ana, "Sim", type="button_reply", tap=tap)
    second = await hears(stage, ana, "Sim", type="button_reply", tap=tap)

    assert (first, second) == (">Feito", "<Sim")
    assert await stage.value("select count(*) from conversation_states") == 1
