"""A flow that asks a calendar finds those of its workspace, as they stand at that moment; others carry none."""

from typing import Any

import pytest

from recado.engine.calendar import WEEK
from recado.store import calendars
from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.worker.stage import ASK_NAME, Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

ALWAYS = {day: [{"from": "00:00", "to": "24:00"}] for day in WEEK}
OPEN = {"timezone": "America/Sao_Paulo", "hours": ALWAYS}
CLOSED = {"timezone": "America/Sao_Paulo"}
HOURS: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {
            "id": "hours",
            "type": "datetime",
            "data": {"operation": "business_hours", "calendar": "loja"},
        },
        {"id": "open", "type": "end", "data": {"content": "Aberto"}},
        {"id": "closed", "type": "end", "data": {"content": "Fechado"}},
        {"id": "error", "type": "end", "data": {"content": "Sem calendário"}},
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "hours"},
        {"id": "2", "source": "hours", "sourceHandle": "open", "target": "open"},
        {"id": "3", "source": "hours", "sourceHandle": "closed", "target": "closed"},
        {"id": "4", "source": "hours", "sourceHandle": "error", "target": "error"},
    ],
}


async def answer(stage: Stage) -> str:
    customer = await stage.customer(f"55119000000{stage.count:02}")
    await stage.hears(customer, "oi")
    await run_until_idle(stage.turns().step)
    return (await stage.lane(customer))[-1]


async def test_a_flow_asks_the_calendar_of_its_workspace(pool: Pool) -> None:
    stage = await set_up(pool, HOURS)
    other, id = new_id(), new_id()
    await stage.sql("insert into workspaces (id, name) values ($1, 'Other')", other)

    async with pool.acquire() as db:
        await calendars.insert_calendar(
            db, new_id(), workspace_id=other, name="loja", definition=OPEN
        )
        without = await answer(stage)
        await calendars.insert_calendar(
            db, id, workspace_id=stage.workspace, name="loja", definition=OPEN
        )
        opened = await answer(stage)
        await calendars.update_calendar(db, stage.workspace, id, changes={"definition": CLOSED})
        closed = await answer(stage)

    assert (without, opened, closed) == ("Sem calendário", "Aberto", "Fechado")
    carried = await stage.value(
        "select event::jsonb -> 'world' -> 'calendars' from journal order by seq desc limit 1"
    )
    assert carried == {"loja": CLOSED}


async def test_a_flow_that_asks_none_carries_none(pool: Pool) -> None:
    stage = await set_up(pool, ASK_NAME)
    async with pool.acquire() as db:
        await calendars.insert_calendar(
            db, new_id(), workspace_id=stage.workspace, name="loja", definition=OPEN
        )

    await answer(stage)

    assert (
        await stage.value(
            "select count(*) from journal where event::jsonb -> 'world' ? 'calendars'"
        )
        == 0
    )
