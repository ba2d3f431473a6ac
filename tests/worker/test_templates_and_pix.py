"""Templates and Pix on their whole way: judged as what they are, confirmed or refused, tapped, shown."""

from datetime import timedelta
from typing import Any

import pytest

from recado.store.pool import Pool
from recado.store.withdraw import withdraw_begun
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.fake_records import FakeTemplate
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

PHONE = "5511912345678"
REMINDER = FakeTemplate(
    name="lembrete",
    language="pt_BR",
    components=(
        {"type": "BODY", "text": "Olá {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]},
    ),
)
TEMPLATE = {"name": "lembrete", "body": ["{{contact.name}}"]}
WAITING = {
    **TEMPLATE,
    "buttons": [{"id": "sim", "text": "Confirmar"}],
    "wait_for_button": True,
}
PIX = {
    "key": "123e4567-e12b-12d1-a456-426655440000",
    "merchant_name": "Fulano de Tal",
    "merchant_city": "BRASILIA",
    "content": "Pague por aqui",
}
CODE = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR"
    "5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)


def flow(type: str, data: dict[str, Any], *ports: str) -> dict[str, Any]:
    """A flow of one box, each port leading to its own last words."""
    ends = [{"id": port, "type": "end", "data": {"content": f"({port})"}} for port in ports]
    edges = [
        {"id": f"e:{port}", "source": "box", "sourceHandle": port, "target": port} for port in ports
    ]
    return {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "box", "type": type, "data": data},
            *ends,
        ],
        "edges": [{"id": "e", "source": "start", "target": "box"}, *edges],
    }


async def begin(stage: Stage, desk: Desk) -> Any:
    """Lets Ana write, so that the flow begins; gives her conversation."""
    desk.meta.add_template("200", REMINDER)
    desk.meta.say(PHONE, "oi")
    ana = await stage.customer(PHONE)
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    return ana


async def go_on(stage: Stage, desk: Desk) -> None:
    """Sends what waits, takes up what comes of it, and sends what that makes."""
    await desk.work()
    await run_until_idle(stage.turns().step)
    await desk.work()


async def test_a_template_goes_out_and_the_flow_goes_on_when_meta_has_it(pool: Pool) -> None:
    stage = await set_up(pool, flow("whatsapp_template", TEMPLATE, "next", "error"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        before = await stage.value("select count(*) from outbox")
        await go_on(stage, desk)

        (kept, _) = await stage.rows("select * from messages where direction = 'out' order by id")
        assert before == 1
        assert desk.texts(PHONE) == ["Olá Ana", "(next)"]
        assert (kept["type"], kept["text"]) == ("template", "[lembrete] Ana")


@pytest.mark.parametrize("code", [132001, 131047, 131026])
async def test_a_refused_template_leaves_by_error(pool: Pool, code: int) -> None:
    stage = await set_up(pool, flow("whatsapp_template", TEMPLATE, "next", "error"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        desk.meta.fail(Fault(kind="error", code=code, count=1))
        await go_on(stage, desk)

        assert desk.texts(PHONE) == ["(error)"]


async def test_a_template_that_may_be_lost_is_not_sent_again(pool: Pool) -> None:
    stage = await set_up(pool, flow("whatsapp_template", TEMPLATE, "next", "error"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        desk.meta.fail(Fault(kind="reset_after", count=1), Fault(kind="no_statuses"))
        await go_on(stage, desk)
        await stage.pass_time(60)
        await go_on(stage, desk)

        assert desk.texts(PHONE) == ["Olá Ana", "(error)"]
        assert await stage.alerts() == {"send_unknown": 1}


async def test_a_template_needs_no_open_window_and_lives_a_day(pool: Pool) -> None:
    stage = await set_up(pool, flow("whatsapp_template", TEMPLATE, "next"))
    async with open_desk(stage) as desk:
        desk.meta.add_template("200", REMINDER)
        desk.meta.say(PHONE, "oi")
        desk.meta.advance(25 * 3600)
        ana = await stage.customer(PHONE)
        await stage.hears(ana, "oi")
        await stage.sql("update conversations set window_expires_at = now() - interval '1 day'")
        await run_until_idle(stage.turns().step)
        row, reply = await stage.rows(
            """select o.policy, o.origin, o.expires_at - m.at as lives from outbox o
                 join messages m using (id) order by o.seq"""
        )
        await desk.work()

        assert tuple(row) == ("at_most_once", "timer", timedelta(days=1))
        assert (reply["policy"], reply["origin"]) == ("at_least_once", "reply")
        assert desk.texts(PHONE) == ["Olá Ana"]  # and the free words were refused


async def test_who_refuses_our_messages_gets_no_template_that_still_waits(pool: Pool) -> None:
    stage = await set_up(pool, flow("whatsapp_template", TEMPLATE, "next"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        contact = await stage.value("select id from contacts")
        async with pool.acquire() as db, db.transaction():
            await withdraw_begun(db, [contact])
        await desk.work()

        assert desk.texts(PHONE) == ["(next)"]


async def test_a_tap_on_a_template_chooses_the_way(pool: Pool) -> None:
    stage = await set_up(pool, flow("whatsapp_template", WAITING, "sim", "other", "error"))
    async with open_desk(stage) as desk:
        ana = await begin(stage, desk)
        await go_on(stage, desk)
        (sent,) = desk.meta.sent_to(PHONE)
        assert sent.filled is not None
        payload = sent.filled["buttons"][0]["payload"]
        visit, _, option = payload.partition(":")
        await stage.hears(ana, "Confirmar", type="button", tap={"option": option, "visit": visit})
        await run_until_idle(stage.turns().step)
        await desk.work()

        assert desk.texts(PHONE) == ["Olá Ana", "(sim)"]


async def test_a_pix_is_a_picture_and_a_code_in_that_order(pool: Pool) -> None:
    stage = await set_up(pool, flow("pix", PIX, "next", "error"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        await desk.work()

        picture, code, last = desk.meta.sent_to(PHONE)
        file = desk.meta.world.media[picture.body["image"]["id"]]
        kept = await stage.rows(
            "select type, text from messages where direction = 'out' order by id"
        )
        assert (file.mime_type, picture.text) == ("image/png", "Pague por aqui")
        assert (code.text, last.text) == (CODE, "(next)")
        assert [tuple(row) for row in kept] == [
            ("qr_code", "Pague por aqui"),
            ("text", CODE),
            ("text", "(next)"),
        ]


async def test_a_picture_that_cannot_be_uploaded_is_tried_again_before_the_code_goes(
    pool: Pool,
) -> None:
    stage = await set_up(pool, flow("pix", PIX, "next"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        desk.meta.fail(Fault(kind="error", code=131000, on="media", count=1))
        await desk.work()
        before = desk.texts(PHONE)
        await stage.pass_time(10)
        await desk.work()

        assert before == []
        assert desk.texts(PHONE) == ["Pague por aqui", CODE, "(next)"]


@pytest.mark.parametrize("kind", ["http_500", "reset_before"])
async def test_an_upload_of_unknown_fate_is_simply_made_again(pool: Pool, kind: Any) -> None:
    stage = await set_up(pool, flow("pix", PIX, "next"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        desk.meta.fail(Fault(kind=kind, on="media", count=1))
        await desk.work()
        (row,) = await stage.rows("select status, tries, resent from outbox order by seq limit 1")
        await stage.pass_time(60)
        await desk.work()

        assert tuple(row) == ("queued", 0, False)
        assert desk.texts(PHONE) == ["Pague por aqui", CODE, "(next)"]


async def test_a_picture_that_meta_will_never_take_is_lost_and_the_code_goes_all_the_same(
    pool: Pool,
) -> None:
    stage = await set_up(pool, flow("pix", PIX, "next"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        desk.meta.fail(Fault(kind="error", code=100, on="media"))
        await desk.work()

        assert desk.texts(PHONE) == [CODE, "(next)"]
        assert await stage.alerts() == {"send_failed": 1}


async def test_a_refused_order_leaves_by_error(pool: Pool) -> None:
    data = {**PIX, "as": "order_details", "amount": 24.9}
    stage = await set_up(pool, flow("pix", data, "next", "error"))
    async with open_desk(stage) as desk:
        await begin(stage, desk)
        desk.meta.fail(Fault(kind="error", code=134011, count=1))
        await go_on(stage, desk)

        assert desk.texts(PHONE) == ["(error)"]
