"""Every content that we can send fits Meta's description, and the fake takes it."""

from typing import Any

import pytest
from jsonschema import ValidationError

from recado.engine.content import (
    Button,
    Buttons,
    ContactCard,
    Contacts,
    Content,
    ListMenu,
    Location,
    Media,
    Section,
    Text,
)
from recado.whatsapp.fake_rules import Known, check
from recado.whatsapp.messages import Recipient, payload, read_receipt
from tests.whatsapp.meta_schema import validate_against_meta

ANA = Recipient(phone="5511987654321")
BRUNO = Recipient(user_id="BR.13491208655302741918")
KNOWN = Known(media=frozenset({"77"}), inbound=frozenset({"wamid.1"}))
OPTIONS = (Button("v:1", "Um"), Button("v:2", "Dois"), Button("v:3", "Três"))
CONTENTS: dict[str, Content] = {
    "text": Text("Olá https://x.br", preview_url=True),
    "longest text": Text("x" * 4096),
    "buttons": Buttons("Qual?", OPTIONS, header="Topo", footer="Pé"),
    "fullest buttons": Buttons(
        "x" * 1024, (Button("i" * 256, "t" * 20),), header="h" * 60, footer="f" * 60
    ),
    "buttons under an image": Buttons(
        "Qual?", OPTIONS, header=Media("image", link="https://x.br/a.png")
    ),
    "buttons under a video": Buttons("Qual?", OPTIONS, header=Media("video", media_id="77")),
    "buttons under a document": Buttons(
        "Qual?", OPTIONS, header=Media("document", media_id="77", filename="nota.pdf")
    ),
    "list": ListMenu("Qual?", "Abrir", (Section(OPTIONS),), header="Topo", footer="Pé"),
    "fullest list": ListMenu(
        "x" * 4096,
        "b" * 20,
        tuple(
            Section((Button(f"{n}".ljust(200, "i"), "t" * 24, "d" * 72),), title="s" * 24)
            for n in range(10)
        ),
    ),
    "image": Media("image", link="https://x.br/a.png", caption="Foto"),
    "video": Media("video", media_id="77", caption="x" * 1024),
    "audio": Media("audio", media_id="77"),
    "document": Media("document", media_id="77", caption="Nota", filename="nota.pdf"),
    "sticker": Media("sticker", link="https://x.br/a.webp"),
    "location": Location(-23.5505199, -46.6333094, name="Padaria", address="Rua da Sé, 1"),
    "corner of the map": Location(-90, 180),
    "contacts": Contacts(
        (
            ContactCard("Ana", ("+551140000001", "4000-0002"), ("ana@padaria.br",), "Padaria"),
            ContactCard("Bia"),
        )
    ),
}


@pytest.mark.parametrize("to", [ANA, BRUNO])
@pytest.mark.parametrize("name", CONTENTS)
def test_what_we_send_fits_metas_description_and_the_fake(name: str, to: Recipient) -> None:
    body = payload(CONTENTS[name], to=to, reply_to="wamid.1", opaque="0198.1")

    validate_against_meta(body)
    assert check(body, KNOWN) is None


@pytest.mark.parametrize("typing", [True, False])
def test_our_read_receipt_fits_too(typing: bool) -> None:
    body = read_receipt("wamid.1", typing=typing)

    validate_against_meta(body)
    assert check(body, KNOWN) is None


BROKEN: list[dict[str, Any]] = [
    {"type": "text", "text": {"body": "oi", "colour": "red"}},
    {"type": "text", "text": {"body": "oi"}, "to": None},
    {"type": "image", "image": {"id": "1", "link": "https://x.br"}},
    {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "x"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]},
        },
    },
    {"messaging_product": None, "status": "read", "message_id": 5},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_the_description_finds_what_is_broken(broken: dict[str, Any]) -> None:
    body = {**payload(Text("oi"), to=ANA), **broken}

    with pytest.raises(ValidationError):
        validate_against_meta(body)
