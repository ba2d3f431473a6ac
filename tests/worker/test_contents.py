"""Every kind of content on its whole way: written by a turn, kept in the history, posted to Meta."""

from typing import Any

import pytest

from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker.settle import Settler
from tests.worker.desk import open_desk
from tests.worker.flows import ask, bye, flow, say
from tests.worker.stage import run_until_idle, set_up

pytestmark = pytest.mark.asyncio

PHONE = "5511912345678"
PLACE = {"latitude": -23.55, "longitude": -46.63, "name": "Padaria", "address": "Rua A, 1"}
CARD = {"name": "Ana Souza", "phones": ["+55 11 91234-5678"]}
PICTURE = {
    "type": "image",
    "url": "https://example.com/pao.jpg",
    "caption": "Pão de {{trigger.text}}",
}
BUTTONS = {
    "id": "buttons",
    "type": "interactive_buttons",
    "data": {
        "content": "Mais um?",
        "header": {"media": {"type": "image", "url": "https://example.com/pao.jpg"}},
        "buttons": [{"id": "sim", "title": "Sim"}],
    },
}


def node(**data: Any) -> dict[str, Any]:
    return {"id": "m", "type": "message", "data": data}


@pytest.mark.parametrize(
    ("box", "kind", "words", "posted"),
    [
        (node(location=PLACE), "location", "Padaria", "location"),
        (node(contacts=[CARD]), "contacts", "Ana Souza", "contacts"),
        (node(media=PICTURE), "image", "Pão de queijo", "image"),
        (BUTTONS, "buttons", "Mais um?", "interactive"),
    ],
)
async def test_a_content_is_kept_and_goes_out(
    pool: Pool, box: dict[str, Any], kind: str, words: str, posted: str
) -> None:
    stage = await set_up(pool, flow(box, bye()))
    async with open_desk(stage) as desk:
        desk.meta.say(PHONE, "oi")
        ana = await stage.customer(PHONE)
        await stage.hears(ana, "queijo")
        await run_until_idle(stage.turns().step)
        await desk.work()

        (kept,) = await stage.rows("select * from messages where direction = 'out'")
        (sent,) = desk.meta.sent_to(PHONE)
        assert (kept["type"], kept["text"], kept["status"]) == (kind, words, "accepted")
        assert kept["content"]["type"] == ("media" if kind == "image" else kind)
        assert sent.type == posted


async def test_a_refused_question_ends_in_the_failure_text(pool: Pool) -> None:
    stage = await set_up(pool, flow(say("hi", "Olá"), ask("x", "X?"), bye()))
    async with open_desk(stage) as desk:
        desk.meta.say(PHONE, "oi")
        ana = await stage.customer(PHONE)
        await stage.hears(ana, "oi")
        await run_until_idle(stage.turns().step)
        desk.meta.fail(Fault(kind="error", code=131009, count=2))
        await desk.work()
        waiting = await stage.rows("select kind, event from inbox")
        await run_until_idle(stage.turns().step)
        await desk.work()

        token = waiting[0]["event"]["token"]
        assert [dict(row) for row in waiting] == [
            {"kind": "settled", "event": {"type": "settled", "token": token, "code": 131009}}
        ]
        assert desk.texts(PHONE) == ["Desculpe, ocorreu um erro. Tente novamente."]
        assert await stage.value("select status from conversation_states") == "failed"


async def test_a_message_that_carries_no_wait_is_refused_and_the_flow_goes_on(pool: Pool) -> None:
    stage = await set_up(pool, flow(say("hi", "Olá"), ask("x", "X?"), bye()))
    async with open_desk(stage) as desk:
        desk.meta.say(PHONE, "oi")
        ana = await stage.customer(PHONE)
        await stage.hears(ana, "oi")
        await run_until_idle(stage.turns().step)
        desk.meta.fail(Fault(kind="error", code=131009, count=1))
        await desk.work()

        assert await stage.value("select count(*) from inbox") == 0
        assert desk.texts(PHONE) == ["X?"]
        assert await stage.alerts() == {"send_failed": 1}


async def test_a_status_that_fails_later_routes_nothing(pool: Pool) -> None:
    stage = await set_up(pool, flow(ask("x", "X?"), bye()))
    ana = await stage.customer(PHONE)
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    question = await stage.value("select id from outbox")

    await stage.hears_status(question, "failed", payload={"errors": [{"code": 131026}]})
    await run_until_idle(Settler(pool, freed=lambda _: None).step)

    assert await stage.value("select count(*) from inbox") == 0
    assert await stage.alerts() == {"delivery_failed": 1}
    assert await stage.value("select status from conversation_states") == "active"
