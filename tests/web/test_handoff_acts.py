"""A flow that calls a person, and what people do then, over HTTP and with a worker at work."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.notices import Migrated
from recado.store.pool import Pool
from tests.web.api import make_api
from tests.web.test_acts import PHONE, Office
from tests.worker.flows import ask, bye, flow, say
from tests.worker.stage import set_up

pytestmark = pytest.mark.asyncio

HOUR = 3_600
WORDS, ALONE, DONE = "Um momento, Ana.", "Ninguém pôde atender.", "Até logo, Ana."
EDGES = "start>nome nome>hand hand:released>done hand:timeout>alone done>bye alone>bye"


def handing_off(edges: str = EDGES) -> dict[str, Any]:
    hand = {
        "id": "hand",
        "type": "handoff",
        "data": {
            "content": "Um momento, {{nome}}.", "team": "Suporte", "agent": "Bia",
            "priority": "high", "note": "De {{nome}}", "timeout": HOUR,
        },
    }  # fmt: skip
    done, alone = say("done", "Até logo, {{nome}}."), say("alone", ALONE)
    return flow(ask("nome", "Nome?"), hand, done, alone, bye(), edges=edges)


@pytest_asyncio.fixture
async def office(pool: Pool) -> AsyncIterator[Office]:
    """A conversation that waits for a person."""
    async with make_api(pool) as api:
        stage = await set_up(pool, handing_off())
        owner = await api.join("owner", workspace_id=stage.workspace)
        office = Office(owner, stage, await stage.customer(PHONE))
        for text in ("oi", "Ana"):
            await hears(office, text)
        yield office


async def hears(office: Office, text: str) -> None:
    """The customer writes, having read what the bot said before."""
    await office.stage.settles()
    await office.stage.hears(office.conversation, text)
    await office.turns()


async def says(office: Office) -> list[str]:
    """What the bot said since it called for a person."""
    said = await office.said()
    return said[said.index(WORDS) + 1 :]


async def stands(office: Office) -> tuple[str, str]:
    """Who has the conversation, and how its session stands."""
    state = await office.state()
    return state["mode"], state["status"]


async def due(office: Office) -> int:
    """Counts the timers that run."""
    count: int = await office.stage.value(
        "select count(*) from conversation_states where wake_at is not null"
    )
    return count


async def test_a_person_is_called(office: Office) -> None:
    assert await stands(office) == ("waiting", "handed_off")
    assert await says(office) == []
    (row,) = await office.stage.rows(
        "select team, agent, priority, handoff_note from conversations"
    )
    assert tuple(row) == ("Suporte", "Bia", "high", "De Ana")
    assert await due(office) == 1


@pytest.mark.parametrize("takes_over", [True, False])
async def test_given_back_the_flow_goes_on(office: Office, *, takes_over: bool) -> None:
    if takes_over:
        await office.does("takeover")
    await hears(office, "quero trocar o pedido")
    silent = await says(office)

    answer = await office.does("release")
    await office.turns()

    assert silent == []
    assert answer.status == 202
    assert await says(office) == [DONE]
    assert await stands(office) == ("bot", "completed")


async def test_whoever_takes_it_stops_the_clock(office: Office) -> None:
    await office.does("takeover")
    running = await due(office)

    await office.stage.pass_time(10 * HOUR)
    await hears(office, "alguém aí?")

    assert running == 0
    assert await says(office) == []
    assert await stands(office) == ("human", "handed_off")


async def test_given_back_after_the_time_was_over(office: Office) -> None:
    await office.does("takeover")
    await office.stage.pass_time(10 * HOUR)

    await office.does("release")
    await office.turns()

    assert await says(office) == [DONE]


async def test_nobody_came(office: Office) -> None:
    await office.stage.pass_time(HOUR - 60)
    await office.turns()
    before = await stands(office)

    await office.stage.pass_time(60)
    await office.turns()

    assert before == ("waiting", "handed_off")
    assert await says(office) == [ALONE]
    assert await stands(office) == ("bot", "completed")


async def test_nobody_came_and_the_flow_says_nothing_of_that(office: Office) -> None:
    stage = office.stage
    assert stage.flow
    await stage.publish_again(stage.flow, handing_off(EDGES.replace("hand:timeout>alone ", "")))
    await office.does("restart")
    await office.turns()
    await hears(office, "Ana")

    await stage.pass_time(HOUR)
    await office.turns()

    ended = await stage.rows("select status, outcome from conversation_states order by id")
    assert tuple(ended[-1]) == ("completed", "unattended")
    assert (await office.state())["mode"] == "bot"
    await hears(office, "oi?")
    assert (await office.said())[-1] == "Nome?"


async def test_a_late_takeover_finds_the_bot_and_silences_it(office: Office) -> None:
    await office.stage.pass_time(HOUR)
    await office.turns()
    assert ALONE in await office.stage.lane(office.conversation)

    await office.does("takeover")

    assert await office.stage.lane(office.conversation) == []
    assert (await office.state())["mode"] == "human"


async def test_a_takeover_that_comes_before_the_timer_is_taken_up_wins(office: Office) -> None:
    await office.stage.pass_time(HOUR)
    await office.does("takeover")

    await office.turns()

    assert await says(office) == []
    assert await stands(office) == ("human", "handed_off")


@pytest.mark.parametrize(
    ("order", "said"),
    [({"to": "restart"}, ["Nome?"]), ({"to": "node", "node": "alone"}, [ALONE])],
)
async def test_given_back_elsewhere(office: Office, order: Any, said: list[str]) -> None:
    await office.does("takeover")

    await office.does("release", order)
    await office.turns()

    assert await says(office) == said
    assert (await office.state())["mode"] == "bot"


@pytest.mark.parametrize("takes_over", [True, False])
async def test_closed(office: Office, *, takes_over: bool) -> None:
    if takes_over:
        await office.does("takeover")

    await office.does("close")
    await office.turns()
    closed = await stands(office)
    await office.stage.pass_time(2 * HOUR)
    await hears(office, "voltei")

    assert closed == ("closed", "stopped")
    assert await says(office) == ["Nome?"]
    assert await stands(office) == ("bot", "active")


async def test_restarted(office: Office) -> None:
    await office.does("restart")
    await office.turns()

    assert await says(office) == ["Nome?"]
    assert await stands(office) == ("bot", "active")


async def test_the_menu_takes_it_back_and_stop_does_not(office: Office) -> None:
    await hears(office, "menu")
    menu = await says(office), await stands(office)
    await hears(office, "Bia")
    await hears(office, "parar mensagens")

    assert menu == (["Nome?"], ("bot", "active"))
    assert (await office.state())["mode"] == "waiting"
    assert (await office.said())[-1].startswith("Pronto, você não vai mais receber")
    assert await due(office) == 0


async def test_a_migration_leaves_the_clock_as_it_is(office: Office) -> None:
    stage, changed = office.stage, handing_off()
    changed["nodes"][3]["data"]["content"] = "Voltamos, {{nome}}."
    assert stage.flow
    version = await stage.publish_again(stage.flow, changed)
    await stage.notices(office.conversation, Migrated(str(stage.flow), str(version), {}))
    await office.turns()

    assert await stands(office) == ("waiting", "handed_off")
    assert await due(office) == 1
    await office.does("release")
    await office.turns()
    assert await says(office) == ["Voltamos, Ana."]
