"""A node's values against the template as Meta lists it."""

from typing import Any

import pytest

from recado.engine.template_checks import (
    KnownButton,
    KnownTemplate,
    check_template,
    check_templates,
    read_template,
)
from recado.nodes.whatsapp_template import WhatsappTemplate

# As Meta writes a template of each part.
COMPONENTS = [
    {"type": "HEADER", "format": "TEXT", "text": "Olá {{1}}"},
    {"type": "BODY", "text": "Seu pedido {{1}} sai {{2}}. Pedido {{1}}!", "example": {}},
    {"type": "FOOTER", "text": "Padaria {{9}}"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Certo"},
            {"type": "URL", "text": "Ver", "url": "https://x.br/{{1}}"},
            {"type": "COPY_CODE", "example": "PROMO"},
            {"type": "URL", "text": "Site", "url": "https://x.br"},
            {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+5511"},
        ],
    },
]
FITS: dict[str, Any] = {
    "name": "pedido",
    "header": "Ana",
    "body": ["7", "hoje"],
    "buttons": [
        {"id": "certo"},
        {"type": "url", "value": "7"},
        {"type": "copy_code", "value": "P7"},
    ],
}


def known(components: Any = COMPONENTS, **more: Any) -> KnownTemplate:
    given = {"status": "APPROVED", "parameter_format": "POSITIONAL", **more}
    return read_template("pedido", "pt_BR", components=components, **given)


def found(node: dict[str, Any], template: KnownTemplate) -> list[str]:
    """The problems of a node, each with its field; every one has its sentence in both languages."""
    use = WhatsappTemplate.model_validate({"name": "pedido", **node})
    assert not [problem for problem in use.problems() if problem.severity == "error"]
    problems = list(check_template(use, template))
    assert all(problem.say("pt-BR") and problem.say("en") for problem in problems)
    return [f"{problem.code} at {problem.field}" for problem in problems]


def test_a_template_is_read_as_meta_lists_it() -> None:
    assert known() == KnownTemplate(
        name="pedido",
        language="pt_BR",
        header="text",
        header_values=("1",),
        body_values=("1", "2"),
        buttons=(
            KnownButton("quick_reply", "Certo"),
            KnownButton("url", "Ver", needs_value=True),
            KnownButton("copy_code", "", needs_value=True),
            KnownButton("url", "Site"),
            KnownButton("phone_number", "Ligar"),
        ),
    )


@pytest.mark.parametrize("components", [None, "x", {}, [1, None], [{"type": 3}], []])
def test_a_template_of_nothing_that_is_understood_needs_nothing(components: Any) -> None:
    assert known(components) == KnownTemplate(name="pedido", language="pt_BR")


def test_the_button_of_an_authentication_template_is_sent_as_a_link() -> None:
    buttons = [{"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]

    assert found({"buttons": [{"type": "url", "value": "123"}]}, known(buttons)) == []


def test_a_node_that_fits_has_no_problem() -> None:
    assert found(FITS, known()) == []


@pytest.mark.parametrize("status", ["PENDING", "PAUSED", "REJECTED", "DISABLED", "NEW_WORD"])
def test_only_an_approved_template_can_be_sent(status: str) -> None:
    assert found(FITS, known(status=status)) == ["template_not_approved at name"]


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"body": ["7"]}, ["template_values at body"]),
        ({"body": ["7", "hoje", "x"]}, ["template_values at body"]),
        (
            {"body": [{"name": "a", "value": "7"}, {"name": "b", "value": "x"}]},
            ["template_names_not_taken at body"],
        ),
        ({"header": None}, ["template_header at header"]),
        (
            {"header": {"media": {"type": "image", "media_id": "1"}}},
            ["template_header at header"],
        ),
        ({"header": {"name": "x", "text": "y"}}, ["template_names_not_taken at header"]),
        (
            {"buttons": [{"id": "certo"}, {"type": "url", "value": "7"}]},
            ["template_button_value at buttons"],
        ),
        (
            {"buttons": [{"id": "a", "index": 1}, {"type": "copy_code", "index": 2, "value": "x"}]},
            ["template_button at buttons"],
        ),
        (
            {"buttons": [*FITS["buttons"], {"type": "url", "value": "x"}]},
            ["template_button_fixed at buttons"],
        ),
        (
            {"buttons": [*FITS["buttons"], {"id": "z", "index": 9}]},
            ["template_button_missing at buttons"],
        ),
    ],
)
def test_what_meta_would_refuse_is_found(change: dict[str, Any], problems: list[str]) -> None:
    assert found({**FITS, **change}, known()) == problems


def test_a_file_is_wanted_where_the_header_is_one() -> None:
    template = known([{"type": "HEADER", "format": "DOCUMENT"}])
    document = {"media": {"type": "document", "media_id": "1"}}

    assert found({"header": document}, template) == []
    assert found({}, template) == ["template_header at header"]
    assert found({"header": "Ana"}, template) == ["template_header at header"]


def test_what_the_header_wants_is_said_in_both_languages() -> None:
    template = known([{"type": "HEADER", "format": "IMAGE"}])
    use = WhatsappTemplate.model_validate({"name": "pedido", "header": "Ana"})
    [problem] = check_template(use, template)

    assert problem.say("pt-BR") == "O cabeçalho do modelo pede uma imagem, e o nó tem um texto."
    assert problem.say("en") == "The template's header wants an image, and the node has a text."


def test_a_fixed_header_wants_nothing() -> None:
    template = known([{"type": "HEADER", "format": "TEXT", "text": "Olá"}])

    assert found({}, template) == []
    assert found({"header": "Ana"}, template) == ["template_header at header"]


def test_values_with_names_are_held_against_the_templates_names() -> None:
    body = [{"type": "BODY", "text": "{{nome}}, seu pedido {{pedido}}"}]
    template = known(body, parameter_format="NAMED")

    def named(*names: str) -> dict[str, Any]:
        return {"body": [{"name": name, "value": "x"} for name in names]}

    assert found(named("pedido", "nome"), template) == []
    assert found(named("pedido", "cliente"), template) == ["template_names at body"]
    assert found({"body": ["x", "y"]}, template) == ["template_names_needed at body"]


def test_a_reply_that_the_node_does_not_know_is_a_warning_where_a_button_is_waited_for() -> None:
    replies = [{"type": "QUICK_REPLY", "text": text} for text in ("Sim", "Não")]
    template = known([{"type": "BUTTONS", "buttons": replies}])
    node = {"buttons": [{"id": "sim"}]}

    assert found(node, template) == []
    assert found({**node, "wait_for_button": True}, template) == [
        "template_reply_unnamed at buttons"
    ]


def test_a_node_is_held_against_the_template_in_its_language() -> None:
    use = WhatsappTemplate.model_validate({**FITS, "language": "en_US"})
    portuguese = known()
    english = read_template(
        "pedido", "en_US", status="PAUSED", parameter_format="POSITIONAL", components=COMPONENTS
    )

    (elsewhere,) = check_templates(use, [portuguese])
    (paused,) = check_templates(use, [portuguese, english])

    assert (elsewhere.code, elsewhere.params["languages"]) == ("template_not_in_language", "pt_BR")
    assert paused.code == "template_not_approved"
    assert list(check_templates(use, [])) == []


def test_of_two_accounts_with_a_template_of_one_name_one_that_fits_is_enough() -> None:
    use = WhatsappTemplate.model_validate(FITS)

    assert list(check_templates(use, [known([]), known()])) == []
