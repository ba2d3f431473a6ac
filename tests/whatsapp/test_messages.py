"""Our contents as Meta's JSON."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from recado.engine.content import (
    Button,
    Buttons,
    ContactCard,
    Contacts,
    Content,
    Header,
    ListMenu,
    Location,
    Media,
    OrderItem,
    Parameter,
    PixOrder,
    QrCode,
    Section,
    Template,
    TemplateButton,
    Text,
)
from recado.whatsapp.messages import Recipient, payload, read_receipt

ANA = Recipient(phone="5511987654321", user_id="BR.1")
DESCRIPTION = next(
    (Path(__file__).parents[3] / "shared" / "corpus" / "openapi").glob("*.yaml"), None
)

CONTENTS: dict[str, tuple[Content, dict[str, Any]]] = {
    "text": (
        Text("Olá https://x.br", preview_url=True),
        {"type": "text", "text": {"body": "Olá https://x.br", "preview_url": True}},
    ),
    "buttons": (
        Buttons("Qual?", (Button("v:1", "Um"), Button("v:2", "Dois", "unused")), "Topo", "Pé"),
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "header": {"type": "text", "text": "Topo"},
                "body": {"text": "Qual?"},
                "footer": {"text": "Pé"},
                "action": {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "v:1", "title": "Um"}},
                        {"type": "reply", "reply": {"id": "v:2", "title": "Dois"}},
                    ]
                },
            },
        },
    ),
    "bare buttons": (
        Buttons("Qual?", (Button("v:1", "Um"),)),
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": "Qual?"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "v:1", "title": "Um"}}]},
            },
        },
    ),
    "list": (
        ListMenu(
            "Escolha",
            "Abrir",
            (
                Section((Button("v:a", "A", "primeira"),), title="Letras"),
                Section((Button("v:1", "1", ""),), title="Números"),
            ),
            header="Topo",
            footer="Pé",
        ),
        {
            "type": "interactive",
            "interactive": {
                "type": "list",
                "header": {"type": "text", "text": "Topo"},
                "body": {"text": "Escolha"},
                "footer": {"text": "Pé"},
                "action": {
                    "button": "Abrir",
                    "sections": [
                        {
                            "title": "Letras",
                            "rows": [{"id": "v:a", "title": "A", "description": "primeira"}],
                        },
                        {"title": "Números", "rows": [{"id": "v:1", "title": "1"}]},
                    ],
                },
            },
        },
    ),
    "bare list": (
        ListMenu("Escolha", "Abrir", (Section((Button("v:a", "A"),)),)),
        {
            "type": "interactive",
            "interactive": {
                "type": "list",
                "body": {"text": "Escolha"},
                "action": {
                    "button": "Abrir",
                    "sections": [{"rows": [{"id": "v:a", "title": "A"}]}],
                },
            },
        },
    ),
    "image by link": (
        Media("image", link="https://x.br/a.png", caption="Foto", filename="unused.png"),
        {"type": "image", "image": {"link": "https://x.br/a.png", "caption": "Foto"}},
    ),
    "document by id": (
        Media("document", media_id="77", caption="Nota", filename="nota.pdf"),
        {"type": "document", "document": {"id": "77", "caption": "Nota", "filename": "nota.pdf"}},
    ),
    "video": (
        Media("video", media_id="77", caption="Filme"),
        {"type": "video", "video": {"id": "77", "caption": "Filme"}},
    ),
    "audio takes no caption": (
        Media("audio", media_id="77", caption="unused", filename="unused"),
        {"type": "audio", "audio": {"id": "77"}},
    ),
    "sticker takes no caption": (
        Media("sticker", link="https://x.br/a.webp", caption="unused"),
        {"type": "sticker", "sticker": {"link": "https://x.br/a.webp"}},
    ),
    "location": (
        Location(-23.5505199, -46.6333094, name="Padaria", address="Rua da Sé, 1"),
        {
            "type": "location",
            "location": {
                "latitude": "-23.5505199",
                "longitude": "-46.6333094",
                "name": "Padaria",
                "address": "Rua da Sé, 1",
            },
        },
    ),
    "bare location near the equator": (
        Location(0.00001, -0.0, name="", address=None),
        {"type": "location", "location": {"latitude": "0.0000100", "longitude": "0.0000000"}},
    ),
    "contacts": (
        Contacts(
            (
                ContactCard(
                    "Padaria da Ana",
                    phones=("+55 11 4000-0001", "4000-0002"),
                    emails=("ana@padaria.br",),
                    organization="Padaria",
                ),
                ContactCard("Bia"),
            )
        ),
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"formatted_name": "Padaria da Ana", "first_name": "Padaria da Ana"},
                    "phones": [
                        {"phone": "+55 11 4000-0001", "wa_id": "551140000001"},
                        {"phone": "4000-0002"},
                    ],
                    "emails": [{"email": "ana@padaria.br"}],
                    "org": {"company": "Padaria"},
                },
                {"name": {"formatted_name": "Bia", "first_name": "Bia"}},
            ],
        },
    ),
    "bare template": (
        Template("aviso", "pt_BR"),
        {
            "type": "template",
            "template": {"name": "aviso", "language": {"policy": "deterministic", "code": "pt_BR"}},
        },
    ),
    "template": (
        Template(
            "pedido",
            "pt_BR",
            Media("document", link="https://x.br/7.pdf", caption="unused", filename="7.pdf"),
            (Parameter("Ana"), Parameter("hoje")),
            (
                TemplateButton(0, "quick_reply", "v:sim", "Sim"),
                TemplateButton(2, "url", "pedido/7"),
                TemplateButton(3, "copy_code", "PROMO7"),
            ),
        ),
        {
            "type": "template",
            "template": {
                "name": "pedido",
                "language": {"policy": "deterministic", "code": "pt_BR"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [
                            {
                                "type": "document",
                                "document": {"link": "https://x.br/7.pdf", "filename": "7.pdf"},
                            }
                        ],
                    },
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": "Ana"},
                            {"type": "text", "text": "hoje"},
                        ],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "0",
                        "parameters": [{"type": "payload", "payload": "v:sim"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "2",
                        "parameters": [{"type": "text", "text": "pedido/7"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "copy_code",
                        "index": "3",
                        "parameters": [{"type": "coupon_code", "coupon_code": "PROMO7"}],
                    },
                ],
            },
        },
    ),
    "template with names": (
        Template("pedido", "en_US", Parameter("Centro", "loja"), (Parameter("Ana", "nome"),)),
        {
            "type": "template",
            "template": {
                "name": "pedido",
                "language": {"policy": "deterministic", "code": "en_US"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [
                            {"type": "text", "parameter_name": "loja", "text": "Centro"}
                        ],
                    },
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "parameter_name": "nome", "text": "Ana"}],
                    },
                ],
            },
        },
    ),
}
PIX = {
    "type": "pix_dynamic_code",
    "pix_dynamic_code": {
        "code": "000201",
        "merchant_name": "Padaria",
        "key": "11222333000181",
        "key_type": "CNPJ",
    },
}
ORDERS: dict[str, tuple[PixOrder, dict[str, Any]]] = {
    "simple": (
        PixOrder("Pague", "R-1", 2490, "000201", "Padaria", "11222333000181", "CNPJ"),
        {},
    ),
    "with items": (
        PixOrder(
            *("Pague", "R-1", 2490, "000201", "Padaria", "11222333000181", "CNPJ"),
            items=(OrderItem("7", "Pão", 830, 3),),
        ),
        {
            "order": {
                "status": "pending",
                "items": [
                    {
                        "retailer_id": "7",
                        "name": "Pão",
                        "amount": {"value": 830, "offset": 100},
                        "quantity": 3,
                    }
                ],
                "subtotal": {"value": 2490, "offset": 100},
                "tax": {"value": 0, "offset": 100},
            }
        },
    ),
}
HEADERS: dict[str, tuple[Header, dict[str, Any]]] = {
    "text": ("Topo", {"type": "text", "text": "Topo"}),
    "image": (
        Media("image", link="https://x.br/a.png", caption="unused", filename="unused"),
        {"type": "image", "image": {"link": "https://x.br/a.png"}},
    ),
    "video": (Media("video", media_id="77"), {"type": "video", "video": {"id": "77"}}),
    "document": (
        Media("document", media_id="77", filename="nota.pdf"),
        {"type": "document", "document": {"id": "77", "filename": "nota.pdf"}},
    ),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_a_content_becomes_metas_json(case: str) -> None:
    content, expected = CONTENTS[case]

    assert payload(content, to=ANA) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+5511987654321",
        **expected,
    }


@pytest.mark.parametrize("case", ORDERS)
def test_an_order_becomes_metas_order_details(case: str) -> None:
    order, more = ORDERS[case]

    assert payload(order, to=ANA)["interactive"] == {
        "type": "order_details",
        "body": {"text": "Pague"},
        "action": {
            "name": "review_and_pay",
            "parameters": {
                "reference_id": "R-1",
                "type": "digital-goods",
                "payment_type": "br",
                "payment_settings": [PIX],
                "currency": "BRL",
                "total_amount": {"value": 2490, "offset": 100},
                **more,
            },
        },
    }


def test_a_qr_code_is_no_message_of_metas() -> None:
    with pytest.raises(ValueError, match="uploaded first"):
        payload(QrCode("000201"), to=ANA)


@pytest.mark.parametrize("case", HEADERS)
def test_buttons_stand_under_a_text_or_a_picture(case: str) -> None:
    header, expected = HEADERS[case]

    body = payload(Buttons("Qual?", (Button("v:1", "Um"),), header=header), to=ANA)

    assert body["interactive"]["header"] == expected


def test_a_header_needs_exactly_one_source() -> None:
    with pytest.raises(ValueError, match="media"):
        payload(Buttons("Qual?", (Button("v:1", "Um"),), header=Media("image")), to=ANA)


def test_a_reply_quotes_and_the_opaque_text_travels_along() -> None:
    body = payload(Text("oi"), to=ANA, reply_to="wamid.1", opaque="0198.1")

    assert body["context"] == {"message_id": "wamid.1"}
    assert body["biz_opaque_callback_data"] == "0198.1"


@pytest.mark.parametrize("phone", ["5511987654321", "+5511987654321", "+55 (11) 98765-4321"])
def test_a_phone_always_gets_its_plus_sign(phone: str) -> None:
    assert payload(Text("oi"), to=Recipient(phone=phone))["to"] == "+5511987654321"


@pytest.mark.parametrize("phone", [None, "", "+"])
def test_a_person_without_phone_is_reached_by_user_id(phone: str | None) -> None:
    body = payload(Text("oi"), to=Recipient(phone=phone, user_id="BR.1"))

    assert body["recipient"] == "BR.1"
    assert "to" not in body


def test_nobody_is_no_recipient() -> None:
    with pytest.raises(ValueError, match="recipient"):
        payload(Text("oi"), to=Recipient())


@pytest.mark.parametrize("media", [Media("image"), Media("image", link="https://x", media_id="1")])
def test_media_needs_exactly_one_source(media: Media) -> None:
    with pytest.raises(ValueError, match="media"):
        payload(media, to=ANA)


def test_a_read_receipt_may_show_typing() -> None:
    plain = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}

    assert read_receipt("wamid.1") == plain
    assert read_receipt("wamid.1", typing=True) == {**plain, "typing_indicator": {"type": "text"}}


@pytest.mark.skipif(DESCRIPTION is None, reason="Meta's description is not on this machine")
def test_what_we_send_fits_metas_own_description() -> None:
    assert DESCRIPTION is not None
    described = yaml.safe_load(DESCRIPTION.read_text())
    component = described["components"]["schemas"]["TemplateComponent"]["properties"]
    # Its pattern of a button's place, `^[2-6, 11-14]$`, refuses the example "0" that stands beside it.
    del component["index"]["pattern"]
    component["sub_type"]["enum"].append("copy_code")  # of her own coupon example

    for content, _ in CONTENTS.values():
        body = payload(content, to=ANA, reply_to="wamid.1", opaque="0198.1")
        known = known_members(described["components"]["schemas"], body["type"])
        assert body["type"] in known
        schema = {"properties": known, "components": described["components"]}
        Draft202012Validator(schema).validate(body)


def known_members(schemas: dict[str, Any], kind: str) -> dict[str, Any]:
    """Joins the parts of a message's schema: as they stand, each forbids the members of the other."""
    named = schemas["Message"]["discriminator"]["mapping"][kind].rsplit("/", 1)[-1]
    parts = [
        schemas[part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part
        for part in schemas[named]["allOf"]
    ]
    return {name: schema for part in parts for name, schema in part["properties"].items()}
