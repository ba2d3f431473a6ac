"""The fake's templates: Meta's counts and kinds, what the customer sees, and what a tap sends."""

from typing import Any

import pytest

from recado.engine.content import Content, OrderItem, Parameter, PixOrder, Template, TemplateButton
from recado.whatsapp.fake_records import FakeTemplate
from recado.whatsapp.fake_rules import Known, check
from recado.whatsapp.messages import Recipient, payload
from tests.whatsapp.fake_stage import ANA, NUMBER, on_stage

TO_ANA = Recipient(phone=ANA)
OFFER = FakeTemplate(
    name="oferta",
    language="pt_BR",
    components=(
        {"type": "HEADER", "format": "TEXT", "text": "Olá {{1}}"},
        {"type": "BODY", "text": "{{2}} por {{1}}"},
        {"type": "FOOTER", "text": "Padaria"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Quero"},
                {"type": "URL", "text": "Ver", "url": "https://x.br/{{1}}"},
                {"type": "URL", "text": "Site", "url": "https://x.br"},
                {"type": "COPY_CODE", "text": "Copiar"},
            ],
        },
    ),
)
NOTE = FakeTemplate(
    name="nota", language="pt_BR", components=({"type": "HEADER", "format": "DOCUMENT"},)
)
KNOWN = Known(templates={(each.name, each.language): each for each in (OFFER, NOTE)})
BUTTONS = (
    TemplateButton(0, "quick_reply", "abcdefghijkl:quero"),
    TemplateButton(1, "url", "pao"),
    TemplateButton(3, "copy_code", "PAO10"),
)
VALUES = (Parameter("R$ 1"), Parameter("Pão"))


def offer(**more: Any) -> Template:
    given = {"header": Parameter("Ana"), "body": VALUES, "buttons": BUTTONS, **more}
    return Template("oferta", "pt_BR", **given)


def refused(content: Content) -> int | None:
    error = check(payload(content, to=TO_ANA), KNOWN)
    return error.code if error else None


def test_a_template_with_all_its_parts_is_taken() -> None:
    assert refused(offer()) is None


def test_a_quick_reply_may_be_left_out() -> None:
    assert refused(offer(buttons=BUTTONS[1:])) is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (offer(header=None), 132000),
        (offer(body=VALUES[:1]), 132000),
        (offer(body=(*VALUES, Parameter("x"))), 132000),
        (offer(buttons=BUTTONS[:2]), 131008),
        (offer(buttons=(BUTTONS[0], BUTTONS[2])), 131008),
        (offer(buttons=(*BUTTONS[:2], TemplateButton(3, "url", "x"))), 132012),
        (offer(buttons=(*BUTTONS, TemplateButton(2, "url", "x"))), 132018),
        (offer(buttons=(*BUTTONS, TemplateButton(4, "url", "x"))), 131009),
        (Template("nota", "pt_BR"), 132012),
        (Template("nota", "pt_BR", Parameter("x")), 132012),
        (Template("nota", "en_US"), 132001),
    ],
)
def test_what_does_not_fit_the_template_is_refused(content: Template, code: int) -> None:
    assert refused(content) == code


def order(**more: Any) -> dict[str, Any]:
    content = PixOrder(
        *("Pague", "R-1", 2490, "000201", "Padaria", "11222333000181", "CNPJ"),
        items=(OrderItem("7", "Pão", 830, 3),),
    )
    body: dict[str, Any] = payload(content, to=TO_ANA)
    body["interactive"]["action"]["parameters"].update(more)
    return body


WRONG_SUM = {
    "status": "pending",
    "items": [
        {
            "retailer_id": "7",
            "name": "Pão",
            "amount": {"value": 830, "offset": 100},
            "quantity": 2,
        }
    ],
    "subtotal": {"value": 2490, "offset": 100},
}


def test_an_order_to_pay_by_pix_is_taken() -> None:
    assert check(order(), Known()) is None
    simple = PixOrder("Pague", "R-1", 2490, "000201", "Padaria", "11222333000181", "CNPJ")
    assert check(payload(simple, to=TO_ANA), Known()) is None


@pytest.mark.parametrize(
    "change",
    [
        {"reference_id": "R 1"},
        {"reference_id": "x" * 61},
        {"currency": "USD"},
        {"total_amount": {"value": 2491, "offset": 100}},
        {"total_amount": {"value": 2490, "offset": 1000}},
        {"order": WRONG_SUM},
        {"payment_settings": []},
        {"payment_settings": [{"type": "pix_dynamic_code", "pix_dynamic_code": {"code": "0"}}]},
    ],
)
def test_an_order_that_does_not_add_up_is_refused(change: dict[str, Any]) -> None:
    error = check(order(**change), Known())

    assert error is not None
    assert error.code in (100, 131009)


@pytest.mark.asyncio
async def test_the_customer_sees_the_words_and_taps_a_button() -> None:
    async with on_stage() as stage:
        stage.fake.add_template(NUMBER.waba_id, OFFER)
        await stage.post(payload(offer(), to=TO_ANA))
        stage.fake.tap(ANA, "Quero")
        await stage.fake.idle()
        _, listed = await stage.control("GET", f"/messages?to={ANA}")

        (sent,) = stage.fake.sent_to(ANA)
        (tapped,) = [message for post in stage.webhook.posts for message in post.messages]
        assert sent.text == "Pão por R$ 1"
        assert listed["messages"][0]["filled"] == {
            "header": "Olá Ana",
            "body": "Pão por R$ 1",
            "footer": "Padaria",
            "buttons": [
                {"type": "quick_reply", "text": "Quero", "payload": "abcdefghijkl:quero"},
                {"type": "url", "text": "Ver", "url": "https://x.br/pao"},
                {"type": "url", "text": "Site", "url": "https://x.br"},
                {"type": "copy_code", "text": "Copiar", "code": "PAO10"},
            ],
        }
        assert tapped["type"] == "button"
        assert tapped["button"] == {"payload": "abcdefghijkl:quero", "text": "Quero"}
        assert tapped["context"]["id"] == sent.wamid


@pytest.mark.asyncio
async def test_a_reply_without_a_payload_of_ours_sends_its_own_words() -> None:
    async with on_stage() as stage:
        stage.fake.add_template(NUMBER.waba_id, OFFER)
        await stage.post(payload(offer(buttons=BUTTONS[1:]), to=TO_ANA))
        stage.fake.tap(ANA, "Quero")
        await stage.fake.idle()

        (tapped,) = [message for post in stage.webhook.posts for message in post.messages]
        assert tapped["button"] == {"payload": "Quero", "text": "Quero"}


@pytest.mark.asyncio
async def test_templates_are_added_and_listed_by_hand() -> None:
    async with on_stage() as stage:
        new = {"name": "novo", "language": "pt_BR", "components": [{"type": "BODY", "text": "Oi"}]}
        added, _ = await stage.control(
            "POST", "/templates", {"waba_id": NUMBER.waba_id, "template": new}
        )
        bad, problem = await stage.control(
            "POST",
            "/templates",
            {"waba_id": NUMBER.waba_id, "template": {**new, "name": "Um Novo"}},
        )
        _, listed = await stage.control("GET", "/templates")

        names = [each["template"]["name"] for each in listed["templates"]]
        assert (added, bad) == (200, 400)
        assert "small letters" in problem["error"]
        assert names.count("novo") == 1
