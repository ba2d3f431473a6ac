"""What Meta refuses in a body, rule by rule: each case takes a good body and breaks one thing."""

import copy
from typing import Any

import pytest

from recado.whatsapp.fake_records import FakeTemplate
from recado.whatsapp.fake_rules import Known, check

KNOWN = Known(
    media=frozenset({"77"}),
    templates={
        ("lembrete", "pt_BR"): FakeTemplate(
            name="lembrete",
            language="pt_BR",
            components=({"type": "BODY", "text": "Olá {{1}}, é às {{2}}"},),
        ),
        ("nomeado", "pt_BR"): FakeTemplate(
            name="nomeado",
            language="pt_BR",
            components=({"type": "BODY", "text": "Olá {{nome}}"},),
        ),
        ("codigo", "pt_BR"): FakeTemplate(
            name="codigo", language="pt_BR", category="AUTHENTICATION"
        ),
        ("pausado", "pt_BR"): FakeTemplate(name="pausado", language="pt_BR", status="PAUSED"),
        ("desligado", "pt_BR"): FakeTemplate(name="desligado", language="pt_BR", status="DISABLED"),
    },
    inbound=frozenset({"wamid.in"}),
    own_phone="551140001234",
)


def message(kind: str, content: object) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+5511987654321",
        "type": kind,
        kind: content,
    }


def interactive(kind: str, action: object, **more: object) -> dict[str, Any]:
    body = {"type": kind, "body": {"text": "Escolha"}, "action": action, **more}
    return message("interactive", body)


def template(name: str, *parameters: object) -> dict[str, Any]:
    components = [{"type": "body", "parameters": list(parameters)}] if parameters else []
    language = {"code": "pt_BR"}
    return message("template", {"name": name, "language": language, "components": components})


def rows(count: int, prefix: str = "r") -> list[dict[str, str]]:
    return [{"id": f"{prefix}{n}", "title": f"Linha {n}"} for n in range(count)]


def button(number: int) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": f"b{number}", "title": f"Botão {number}"}}


def card(number: int) -> dict[str, Any]:
    return {
        "card_index": number,
        "type": "cta_url",
        "header": {"type": "image", "image": {"link": "https://x.br/a.png"}},
        "body": {"text": "Oferta"},
        "action": {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://x.br"}},
    }


IMAGE_HEADER = {"type": "image", "image": {"id": "77"}}
TEXT_PARAMETERS = ({"type": "text", "text": "Ana"}, {"type": "text", "text": "10 h"})
FLOW = {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Abrir"}
PRODUCTS = {"catalog_id": "1", "sections": [{"product_items": [{"product_retailer_id": "a"}]}]}

GOOD: dict[str, dict[str, Any]] = {
    "text": message("text", {"body": "oi", "preview_url": True}),
    "image": message("image", {"id": "77", "caption": "x"}),
    "video": message("video", {"link": "https://x.br/a.mp4", "caption": "x"}),
    "audio": message("audio", {"id": "77", "voice": True}),
    "document": message("document", {"id": "77", "caption": "x", "filename": "a.pdf"}),
    "sticker": message("sticker", {"id": "77"}),
    "location": message("location", {"latitude": -23.5, "longitude": "-46.6", "name": "Aqui"}),
    "contacts": message(
        "contacts", [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "1"}]}]
    ),
    "reaction": message("reaction", {"message_id": "wamid.in", "emoji": "👍"}),
    "button": interactive("button", {"buttons": [button(1), button(2), button(3)]}),
    "list": interactive(
        "list",
        {
            "button": "Abrir",
            "sections": [{"title": "A", "rows": rows(5)}, {"title": "B", "rows": rows(5, "s")}],
        },
    ),
    "cta_url": interactive(
        "cta_url", {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://x.br"}}
    ),
    "location_request": interactive("location_request_message", {"name": "send_location"}),
    "flow": interactive("flow", {"name": "flow", "parameters": FLOW}),
    "product": interactive("product", {"catalog_id": "1", "product_retailer_id": "a"}),
    "product_list": interactive(
        "product_list", PRODUCTS, header={"type": "text", "text": "Produtos"}
    ),
    "catalog": interactive("catalog_message", {"name": "catalog_message"}),
    "carousel": interactive("carousel", {"cards": [card(0), card(1)]}),
    "address": interactive(
        "address_message", {"name": "address_message", "parameters": {"country": "IN"}}
    ),
    "order_status": interactive(
        "order_status",
        {
            "name": "review_order",
            "parameters": {"reference_id": "1", "order": {"status": "shipped"}},
        },
    ),
    "call_permission": interactive("call_permission_request", {"name": "call_permission_request"}),
    "voice_call": interactive(
        "voice_call", {"name": "voice_call", "parameters": {"display_text": "Ligar"}}
    ),
    "template": template("lembrete", *TEXT_PARAMETERS),
    "read": {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.in"},
}

# Body, path to the broken thing, its new value (... removes it), the code that Meta answers.
INTERACTIVE = ("interactive",)
ACTION = ("interactive", "action")
BUTTON = (*ACTION, "buttons", 0, "reply")
SECTION = (*ACTION, "sections", 0)
PARAMETERS = (*ACTION, "parameters")
BAD: list[tuple[str, tuple[str | int, ...], Any, int]] = [
    ("text", ("messaging_product",), ..., 100),
    ("text", ("messaging_product",), "sms", 100),
    ("text", ("recipient_type",), "crowd", 100),
    ("text", ("to",), ..., 100),
    ("text", ("to",), "abc", 131009),
    ("text", ("to",), "123456", 131009),
    ("text", ("to",), "1" * 16, 131009),
    ("text", ("to",), "+55 11 4000-1234", 131021),
    ("text", ("type",), "poem", 100),
    ("text", ("text",), ..., 100),
    ("text", ("text",), "oi", 100),
    ("text", ("text", "body"), ..., 100),
    ("text", ("text", "body"), "", 100),
    ("text", ("text", "body"), "  \n ", 100),
    ("text", ("text", "body"), 5, 100),
    ("text", ("text", "body"), "x" * 4097, 100),
    ("text", ("text", "preview_url"), "yes", 100),
    ("text", ("text", "colour"), "red", 100),
    ("text", ("biz_opaque_callback_data",), "x" * 513, 100),
    ("text", ("context",), {"id": "wamid.in"}, 100),
    ("image", ("image", "id"), ..., 100),
    ("image", ("image", "link"), "https://x.br/a.png", 100),
    ("image", ("image", "id"), "78", 131009),
    ("image", ("image", "caption"), "x" * 1025, 100),
    ("image", ("image", "filename"), "a.png", 100),
    ("video", ("video", "link"), "ftp://x.br/a", 131009),
    ("video", ("video", "link"), "https://", 131009),
    ("video", ("video", "caption"), "x" * 1025, 100),
    ("audio", ("audio", "caption"), "x", 100),
    ("audio", ("audio", "voice"), "yes", 100),
    ("document", ("document", "caption"), "x" * 1025, 100),
    ("sticker", ("sticker", "caption"), "x", 100),
    ("location", ("location", "latitude"), ..., 100),
    ("location", ("location", "latitude"), 91, 131009),
    ("location", ("location", "longitude"), "west", 131009),
    ("location", ("location", "longitude"), -181, 131009),
    ("contacts", ("contacts",), [], 131009),
    ("contacts", ("contacts",), [{"name": {"formatted_name": "A"}}] * 258, 131009),
    ("contacts", ("contacts", 0, "name"), ..., 100),
    ("contacts", ("contacts", 0, "birthday"), "1/2/2000", 131009),
    ("reaction", ("reaction", "message_id"), ..., 100),
    ("reaction", ("reaction", "emoji"), "yes", 131009),
    ("button", (*INTERACTIVE, "type"), "buttons", 100),
    ("button", (*INTERACTIVE, "body"), ..., 100),
    ("button", (*INTERACTIVE, "body", "text"), "x" * 1025, 100),
    ("button", (*INTERACTIVE, "body", "text"), "  ", 100),
    ("button", (*INTERACTIVE, "footer"), {"text": "x" * 61}, 131009),
    ("button", (*INTERACTIVE, "header"), {"type": "text", "text": "x" * 61}, 131009),
    ("button", (*INTERACTIVE, "header"), {"type": "text"}, 131009),
    ("button", (*INTERACTIVE, "header"), {"type": "audio", "audio": {"id": "77"}}, 100),
    ("button", (*INTERACTIVE, "header"), {"type": "image", "image": {"id": "78"}}, 131009),
    ("button", (*INTERACTIVE, "mood"), "good", 100),
    ("button", (*ACTION, "buttons"), [], 131009),
    ("button", (*ACTION, "buttons"), [button(n) for n in range(4)], 131009),
    ("button", (*BUTTON, "title"), "x" * 21, 131009),
    ("button", (*BUTTON, "title"), "", 131009),
    ("button", (*BUTTON, "title"), "a\nb", 131009),
    ("button", (*BUTTON, "title"), "Botão 2", 131009),
    ("button", (*BUTTON, "id"), "b2", 131009),
    ("button", (*BUTTON, "id"), "x" * 257, 131009),
    ("button", (*BUTTON, "id"), " b1", 131009),
    ("button", (*BUTTON, "description"), "x", 100),
    ("list", (*INTERACTIVE, "body", "text"), "x" * 4097, 100),
    ("list", (*INTERACTIVE, "header"), IMAGE_HEADER, 131009),
    ("list", (*INTERACTIVE, "footer"), {"text": "x" * 61}, 131009),
    ("list", (*ACTION, "button"), ..., 100),
    ("list", (*ACTION, "button"), "x" * 21, 131009),
    ("list", (*ACTION, "sections"), [], 131009),
    (
        "list",
        (*ACTION, "sections"),
        [{"title": "A", "rows": rows(1, f"{n}-")} for n in range(11)],
        131009,
    ),
    ("list", (*SECTION, "title"), ..., 100),
    ("list", (*SECTION, "title"), "x" * 25, 131009),
    ("list", (*SECTION, "rows"), rows(6), 131009),
    ("list", (*SECTION, "rows"), [], 131009),
    ("list", (*SECTION, "rows", 0, "id"), "r1", 131009),
    ("list", (*SECTION, "rows", 0, "id"), "x" * 201, 131009),
    ("list", (*SECTION, "rows", 0, "title"), "x" * 25, 131009),
    ("list", (*SECTION, "rows", 0, "description"), "x" * 73, 131009),
    ("cta_url", (*PARAMETERS, "display_text"), "x" * 21, 131009),
    ("cta_url", (*PARAMETERS, "url"), "x.br", 131009),
    ("cta_url", (*INTERACTIVE, "body", "text"), "x" * 1025, 100),
    ("location_request", (*ACTION, "name"), "locate", 100),
    ("location_request", (*INTERACTIVE, "body", "text"), "x" * 1025, 100),
    ("location_request", (*INTERACTIVE, "header"), {"type": "text", "text": "x"}, 131009),
    ("flow", (*PARAMETERS, "flow_message_version"), "2", 100),
    ("flow", (*PARAMETERS, "flow_cta"), ..., 100),
    ("flow", (*PARAMETERS, "flow_name"), "f", 131009),
    ("flow", (*PARAMETERS, "flow_id"), ..., 131009),
    ("flow", (*PARAMETERS, "mode"), "test", 100),
    ("flow", (*PARAMETERS, "flow_action"), "jump", 100),
    ("product", (*ACTION, "catalog_id"), ..., 100),
    ("product", (*INTERACTIVE, "header"), {"type": "text", "text": "x"}, 131009),
    ("product_list", (*INTERACTIVE, "header"), ..., 100),
    ("product_list", (*SECTION, "product_items"), [{"product_retailer_id": "a"}] * 31, 131009),
    ("carousel", (*ACTION, "cards"), [card(0)], 131009),
    ("carousel", (*ACTION, "cards"), [card(n) for n in range(11)], 131009),
    ("carousel", (*ACTION, "cards", 1, "card_index"), 0, 131009),
    ("carousel", (*ACTION, "cards", 1, "header"), {"type": "video", "video": {"id": "77"}}, 131009),
    ("carousel", (*ACTION, "cards", 0, "body", "text"), "x" * 161, 100),
    ("carousel", (*ACTION, "cards", 0, "body", "text"), "a\nb\nc\nd", 131009),
    ("carousel", (*INTERACTIVE, "footer"), {"text": "x"}, 100),
    ("carousel", (*INTERACTIVE, "header"), IMAGE_HEADER, 131009),
    ("address", (*PARAMETERS, "country"), ..., 100),
    ("voice_call", (*PARAMETERS, "display_text"), "x" * 21, 100),
    ("template", ("template", "name"), "nenhum", 132001),
    ("template", ("template", "name"), "x" * 513, 100),
    ("template", ("template", "language", "code"), "en_US", 132001),
    ("template", ("template", "language"), ..., 100),
    ("template", ("template", "name"), "pausado", 132015),
    ("template", ("template", "name"), "desligado", 132016),
    ("template", ("template", "components"), [], 132000),
    ("template", ("template", "components", 0, "parameters", 0, "text"), "a\nb", 132018),
    ("template", ("template", "components", 0, "parameters", 0, "text"), "", 131008),
    ("template", ("template", "components", 0, "parameters", 0, "text"), "x" * 1025, 132005),
    ("template", ("template", "components", 0, "type"), "feet", 100),
    ("read", ("status",), "seen", 100),
    ("read", ("message_id",), ..., 100),
    ("read", ("message_id",), "wamid.unknown", 131009),
    ("read", ("typing_indicator",), {"type": "drum"}, 100),
]


def broken(body: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    found = copy.deepcopy(body)
    inner: Any = found
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return found


@pytest.mark.parametrize("name", GOOD)
def test_a_good_body_is_taken(name: str) -> None:
    assert check(GOOD[name], KNOWN) is None


@pytest.mark.parametrize(("name", "path", "value", "code"), BAD)
def test_a_broken_body_is_refused(
    name: str, path: tuple[str | int, ...], value: object, code: int
) -> None:
    error = check(broken(GOOD[name], path, value), KNOWN)

    assert error is not None
    assert error.code == code


AT_THE_LIMIT: list[tuple[str, tuple[str | int, ...], Any]] = [
    ("text", ("text", "body"), "x" * 4096),
    ("text", ("biz_opaque_callback_data",), "x" * 512),
    ("text", ("to",), "+1-631-555-5555"),
    ("image", ("image", "caption"), "x" * 1024),
    ("button", (*INTERACTIVE, "body", "text"), "x" * 1024),
    ("button", (*INTERACTIVE, "header"), {"type": "text", "text": "x" * 60}),
    ("button", (*INTERACTIVE, "footer"), {"text": "x" * 60}),
    ("button", (*BUTTON, "title"), "é" * 20),
    ("button", (*BUTTON, "id"), "x" * 256),
    ("list", (*INTERACTIVE, "body", "text"), "x" * 4096),
    ("list", (*ACTION, "sections"), [{"rows": rows(10)}]),
    ("list", (*SECTION, "rows", 0, "id"), "x" * 200),
    ("list", (*SECTION, "rows", 0, "title"), "x" * 24),
    ("list", (*SECTION, "rows", 0, "description"), "x" * 72),
    ("cta_url", (*PARAMETERS, "display_text"), "x" * 20),
    ("carousel", (*ACTION, "cards"), [card(n) for n in range(10)]),
    ("carousel", (*ACTION, "cards", 0, "body", "text"), "a\nb\nc"),
    ("reaction", ("reaction", "emoji"), ""),
]


@pytest.mark.parametrize(("name", "path", "value"), AT_THE_LIMIT)
def test_the_limit_itself_is_taken(name: str, path: tuple[str | int, ...], value: object) -> None:
    assert check(broken(GOOD[name], path, value), KNOWN) is None


@pytest.mark.parametrize("body", [None, 5, "oi", [], {}])
def test_what_is_no_message_is_refused(body: object) -> None:
    error = check(body, KNOWN)

    assert error is not None
    assert error.code == 100


def test_a_body_without_a_type_is_a_text() -> None:
    body = broken(GOOD["text"], ("type",), ...)

    assert check(body, KNOWN) is None


def test_a_bsuid_goes_into_recipient_and_not_into_to() -> None:
    to_bsuid = broken(GOOD["text"], ("to",), "BR.13491208655302741918")
    recipient = broken(broken(GOOD["text"], ("to",), ...), ("recipient",), "BR.1349")
    nonsense = broken(recipient, ("recipient",), "5511987654321")

    refused, unshaped = check(to_bsuid, KNOWN), check(nonsense, KNOWN)

    assert check(recipient, KNOWN) is None
    assert refused is not None
    assert refused.code == 131009
    assert unshaped is not None
    assert unshaped.code == 131009


def test_an_authentication_template_needs_a_phone() -> None:
    body = broken(broken(template("codigo"), ("to",), ...), ("recipient",), "BR.1349")

    error = check(body, KNOWN)

    assert check(template("codigo"), KNOWN) is None
    assert error is not None
    assert error.code == 131062


def test_named_parameters_must_carry_the_templates_names() -> None:
    good = template("nomeado", {"type": "text", "parameter_name": "nome", "text": "Ana"})
    wrong = template("nomeado", {"type": "text", "parameter_name": "name", "text": "Ana"})

    error = check(wrong, KNOWN)

    assert check(good, KNOWN) is None
    assert error is not None
    assert error.code == 132012


def test_a_group_gets_no_interactive_messages() -> None:
    group = {"recipient_type": "group", "to": "Y2FwaV9ncm91cA"}

    error = check({**GOOD["button"], **group}, KNOWN)

    assert check({**GOOD["text"], **group}, KNOWN) is None
    assert error is not None
    assert error.code == 131051


def test_the_message_names_the_parameter_as_meta_does() -> None:
    unexpected = check(broken(GOOD["text"], ("text", "colour"), "red"), KNOWN)
    missing = check(broken(GOOD["text"], ("text", "body"), ...), KNOWN)

    assert unexpected is not None
    assert unexpected.message == '(#100) Unexpected key "colour" on param "text".'
    assert missing is not None
    assert missing.message == "(#100) The parameter text['body'] is required."
