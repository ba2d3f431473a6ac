"""Calls of language models: what they are told of the conversation, what they use, and when they may not be asked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiohttp import web

from recado.calls.ai import Exchange
from recado.store.exchanges import Spoken
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.worker.exchanges import exchanges
from tests.worker.flows import Document, ask, flow, say
from tests.worker.outside_world import Asked, Phone, World, open_phone, open_world
from tests.worker.stage import Stage, run_until_idle, set_up
from tests.worker.talk import said

pytestmark = pytest.mark.asyncio


def model(_: Asked) -> web.Response:
    """Answers like a model that has little to say."""
    return web.json_response(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Sim."},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 70, "completion_tokens": 30, "total_tokens": 100},
        }
    )


def chat(history: int = 10) -> Document:
    """A flow that has the model answer each message."""
    prompt = {
        "account": "modelo",
        "prompt": "{{pergunta}}",
        "history": history,
        "save_to": "resposta",
        "fallback": "Agora não.",
    }
    return flow(
        ask("pergunta", "Pergunte."),
        {"id": "ai", "type": "ai_prompt", "data": prompt},
        say("answer", "{{resposta}}"),
        edges="start>pergunta pergunta>ai ai>answer ai:error>answer answer>pergunta",
    )


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        world.answer = model
        yield world


@pytest_asyncio.fixture
async def stage(pool: Pool, world: World) -> Stage:
    stage = await set_up(pool, chat())
    await stage.sql(
        """insert into ai_accounts (id, workspace_id, name, base_url, model)
           values ($1, $2, 'modelo', $3, 'm')""",
        new_id(),
        stage.workspace,
        f"{world.url}/v1",
    )
    return stage


@pytest_asyncio.fixture
async def phone(stage: Stage, tmp_path: Path) -> AsyncIterator[Phone]:
    async with open_phone(stage, tmp_path) as phone:
        yield phone


async def begun(stage: Stage, number: str = "5511912345678") -> UUID:
    ana = await stage.customer(number)
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    await stage.settles()
    return ana


async def asks(stage: Stage, phone: Phone, ana: UUID, text: str) -> str:
    """Lets a customer ask; gives what the bot answers."""
    await stage.hears(ana, text)
    await run_until_idle(stage.turns().step)
    await phone.work()
    await run_until_idle(stage.turns().step)
    await stage.settles()
    return (await said(stage, ana))[-2]


def told(asked: Asked) -> list[tuple[str, str]]:
    messages: list[dict[str, Any]] = json.loads(asked.body)["messages"]
    return [(message["role"], message["content"]) for message in messages]


async def test_a_model_is_told_what_was_said_before_and_the_question_once(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage)

    answers = [await asks(stage, phone, ana, text) for text in ("Abre hoje?", "E amanhã?")]

    assert answers == ["Sim.", "Sim."]
    assert told(world.asked[0]) == [
        *(("user", "oi"), ("assistant", "Pergunte.")),
        ("user", "Abre hoje?"),
    ]
    assert told(world.asked[1]) == [
        *(("user", "oi"), ("assistant", "Pergunte.")),
        *(("user", "Abre hoje?"), ("assistant", "Sim.\nPergunte.")),
        ("user", "E amanhã?"),
    ]


async def test_what_the_customer_writes_meanwhile_is_not_in_it(
    stage: Stage, phone: Phone, world: World
) -> None:
    ana = await begun(stage)
    await stage.hears(ana, "Abre hoje?")
    await run_until_idle(stage.turns().step)
    await stage.hears(ana, "Alô?")
    await run_until_idle(stage.turns().step)

    await phone.work()

    assert told(world.asked[0])[2:] == [("user", "Abre hoje?")]


async def test_tokens_are_counted_by_day_account_and_contact(stage: Stage, phone: Phone) -> None:
    ana, rui = await begun(stage), await begun(stage, "5511900000001")
    for customer, text in ((ana, "1"), (rui, "2"), (ana, "3")):
        await asks(stage, phone, customer, text)

    rows = await stage.rows(
        """select v.id, u.calls, u.tokens_in, u.tokens_out, u.day = (now() at time zone w.timezone)::date
             from ai_usage u join conversations v on v.contact_id = u.contact_id
             join workspaces w on w.id = u.workspace_id"""
    )
    assert {row[0]: tuple(row)[1:] for row in rows} == {
        ana: (2, 140, 60, True),
        rui: (1, 70, 30, True),
    }


@pytest.mark.parametrize(
    ("column", "others"), [("daily_tokens", "Agora não."), ("daily_tokens_per_contact", "Sim.")]
)
async def test_whose_budget_is_used_up_is_not_asked_until_tomorrow(
    stage: Stage, phone: Phone, world: World, column: str, others: str
) -> None:
    await stage.sql(f"update ai_accounts set {column} = 150")
    ana, rui = await begun(stage), await begun(stage, "5511900000001")

    today = [await asks(stage, phone, ana, text) for text in ("1", "2", "3")]
    of_another = await asks(stage, phone, rui, "4")
    asked = len(world.asked)
    await stage.sql("update ai_usage set day = day - 1")
    tomorrow = await asks(stage, phone, ana, "5")

    assert today == ["Sim.", "Sim.", "Agora não."]
    assert of_another == others
    assert asked == (3 if others == "Sim." else 2)
    assert tomorrow == "Sim."
    budget = "select count(*) from journal where event::jsonb #>> '{result,error}' = 'budget'"
    assert await stage.value(budget) == 5 - 1 - asked


async def test_an_account_that_is_gone_is_an_error(stage: Stage, phone: Phone) -> None:
    ana = await begun(stage)
    await stage.sql("delete from ai_accounts")

    assert await asks(stage, phone, ana, "Abre hoje?") == "Agora não."

    result = await stage.value(
        "select event::jsonb -> 'result' from journal where event::jsonb ? 'result'"
    )
    assert (result["error"], result["detail"]) == ("account_missing", "modelo")


@pytest.mark.parametrize(
    ("spoken", "most", "expected"),
    [
        ("", 5, []),
        ("<a", 5, []),
        (">a", 5, []),
        (">a <b >c", 5, [("b", "c")]),
        ("<a <b >c >d <e >f <g", 5, [("a\nb", "c\nd"), ("e", "f")]),
        ("<a >b <c >d", 1, [("c", "d")]),
        ("<a >b", 0, []),
    ],
)
async def test_words_become_exchanges(
    spoken: str, most: int, expected: list[tuple[str, str]]
) -> None:
    words = [Spoken("in" if each[0] == "<" else "out", each[1:]) for each in spoken.split()]

    assert exchanges(words, most) == [Exchange(*each) for each in expected]
