"""Flows that jump into flows, on a real database: which version is found, where the session stands, whose flows."""

import itertools
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.worker.shelf import MOST_FLOWS
from tests.worker.flows import ask, bye, call, flow, go, say
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    return await set_up(pool)


async def hears(stage: Stage, conversation: UUID, *texts: str) -> list[str]:
    """Lets a customer write, each message after the bot has spoken; gives what the bot said."""
    turns = stage.turns()
    for text in texts:
        await stage.settles()
        await stage.hears(conversation, text)
        await run_until_idle(turns.step)
    return [line[1:] for line in await stage.history(conversation) if line.startswith(">")]


async def session(stage: Stage) -> Any:
    (row,) = await stage.rows("select * from conversation_states")
    return row


async def test_a_called_flow_waits_and_comes_back(stage: Stage) -> None:
    returns = [{"name": "cep", "value": "{{cep}}"}]
    address, version = await stage.add_flow(flow(ask("cep", "CEP?"), bye(returns=returns)))
    await stage.publish(flow(call("get", address), bye(content="Vai para {{cep}}")))
    ana = await stage.customer()

    asked = await hears(stage, ana, "oi")
    inside = await session(stage)
    said = await hears(stage, ana, "01310100")

    assert asked == ["CEP?"]
    assert (inside["flow_id"], inside["flow_version_id"]) == (address, version)
    assert inside["engine"]["frames"][0]["flow"] == str(stage.flow)
    assert said == ["CEP?", "Vai para 01310100"]
    after = await session(stage)
    assert (after["flow_id"], after["status"]) == (stage.flow, "completed")


async def test_a_session_follows_its_jump_for_good(stage: Stage) -> None:
    other, version = await stage.add_flow(flow(ask("cor", "Cor?"), bye(content="{{cor}}")))
    await stage.publish(flow(go("there", other)))
    ana = await stage.customer()

    said = await hears(stage, ana, "oi", "azul")

    assert said == ["Cor?", "azul"]
    row = await session(stage)
    assert (row["flow_id"], row["flow_version_id"]) == (other, version)
    answer = await stage.rows(
        "select flow_id, node_id from messages where text = 'azul' order by id"
    )
    assert (answer[0]["flow_id"], answer[0]["node_id"]) == (other, "cor")


async def test_a_call_finds_the_version_that_is_published_at_that_moment(stage: Stage) -> None:
    inner, _ = await stage.add_flow(flow(say("hi", "velho"), bye()))
    await stage.publish(flow(ask("x", "X?"), call("get", inner), bye()))
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    await stage.publish_again(inner, flow(say("hi", "novo"), bye()))

    said = await hears(stage, ana, "1")

    assert said == ["X?", "novo"]


async def test_who_is_inside_a_called_flow_stays_on_its_version_and_so_does_the_caller(
    stage: Stage,
) -> None:
    inner, _ = await stage.add_flow(flow(ask("cep", "CEP?"), say("ok", "velho"), bye()))
    await stage.publish(flow(call("get", inner), bye(content="volta velha")))
    ana = await stage.customer()
    await hears(stage, ana, "oi")
    assert stage.flow
    await stage.publish_again(inner, flow(ask("cep", "CEP?"), say("ok", "novo"), bye()))
    await stage.publish_again(stage.flow, flow(call("get", inner), bye(content="volta nova")))

    said = await hears(stage, ana, "1")

    assert said == ["CEP?", "velho", "volta velha"]


async def test_flows_are_found_however_far_the_jumps_lead(stage: Stage) -> None:
    last, _ = await stage.add_flow(flow(say("end", "chegou"), bye()))
    middle, _ = await stage.add_flow(flow(call("on", last), bye()))
    await stage.publish(flow(call("on", middle), bye(content="e voltou")))
    ana = await stage.customer()

    assert await hears(stage, ana, "oi") == ["chegou", "e voltou"]


async def test_flows_that_call_each_other_are_loaded_once(stage: Stage) -> None:
    ping, pong = new_id(), new_id()
    await stage.add_flow(flow(ask("a", "ping?"), call("on", pong), bye()), id=ping)
    await stage.add_flow(flow(ask("b", "pong?"), call("on", ping), bye()), id=pong)
    await stage.publish(flow(go("on", ping)))
    ana = await stage.customer()

    said = await hears(stage, ana, "oi", "1", "2", "3")

    assert said == ["ping?", "pong?", "ping?", "pong?"]
    world = (await stage.rows("select event::jsonb from journal limit 1"))[0]["event"]["world"]
    assert world["published"].keys() == {str(ping), str(pong)}


async def test_another_workspaces_flow_is_not_found(stage: Stage) -> None:
    foreign = new_id()
    await stage.sql("insert into workspaces (id, name) values ($1, 'Outra')", foreign)
    theirs, _ = await stage.add_flow(flow(say("hi", "segredo"), bye()), workspace=foreign)
    await stage.publish(flow(call("get", theirs), bye()))
    ana = await stage.customer()

    said = await hears(stage, ana, "oi")

    assert "segredo" not in said
    assert await stage.alerts() == {"flow_not_published": 1}


async def test_a_flow_that_was_never_published_is_on_error(stage: Stage) -> None:
    inner, _ = await stage.add_flow(flow(bye()))
    await stage.publish(flow(call("get", inner), bye(content="não")))
    await stage.sql("update flows set published_version_id = null where id = $1", inner)
    ana = await stage.customer()

    said = await hears(stage, ana, "oi")

    assert said == ["Desculpe, ocorreu um erro. Tente novamente."]


async def test_at_most_fifty_flows_are_within_reach_and_the_nearest_are(stage: Stage) -> None:
    ids = [new_id() for _ in range(MOST_FLOWS + 2)]
    for id, following in itertools.pairwise(ids):
        await stage.add_flow(flow(say("here", "."), go("on", following)), id=id)
    await stage.add_flow(flow(say("last", "fim"), bye()), id=ids[-1])
    await stage.publish(flow(ask("x", "X?"), go("on", ids[0])))
    ana = await stage.customer()

    await hears(stage, ana, "oi")

    world = (await stage.rows("select event::jsonb from journal limit 1"))[0]["event"]["world"]
    assert world["published"].keys() == {str(id) for id in ids[:MOST_FLOWS]}


async def test_the_menus_flow_is_within_reach(stage: Stage) -> None:
    menu, _ = await stage.add_flow(flow(ask("what", "Menu?"), bye()))
    await stage.publish(flow(ask("x", "X?"), bye()))
    settings = {"commands": {"menu": ["menu"], "menu_to": {"to_flow": str(menu)}}}
    await stage.sql("update chatbots set settings = $1", settings)
    ana = await stage.customer()

    said = await hears(stage, ana, "oi", "menu")

    assert said == ["X?", "Menu?"]
    assert (await session(stage))["flow_id"] == menu
