"""Templates at Meta: listed page by page, and never only in part."""

import json

import pytest

from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.fake_records import FakeTemplate
from recado.whatsapp.outcomes import NotSent, Refused, Unknown
from recado.whatsapp.templates import ListedTemplate, list_templates
from tests.whatsapp.fake_stage import NUMBER, OTHER, on_stage
from tests.whatsapp.graph_server import answering, serving
from tests.whatsapp.meta_schema import description
from tests.whatsapp.test_fake_client import account

pytestmark = pytest.mark.asyncio
BODY = ({"type": "BODY", "text": "Olá {{nome}}"},)


async def test_all_pages_are_read() -> None:
    async with on_stage() as stage, GraphClient() as client:
        for place in range(230):
            template = FakeTemplate(name=f"aviso_{place:03}", language="pt_BR")
            stage.fake.add_template(NUMBER.waba_id, template)

        listed = await list_templates(client, account(stage), NUMBER.waba_id)

        assert isinstance(listed, list)
        names = [template.name for template in listed]
        assert names == ["hello_world", *(f"aviso_{place:03}" for place in range(230))]


async def test_a_template_is_read_whole() -> None:
    template = FakeTemplate(
        id="77",
        name="pedido",
        language="pt_BR",
        category="MARKETING",
        status="REJECTED",
        components=BODY,
        parameter_format="NAMED",
        quality="YELLOW",
    )
    async with on_stage() as stage, GraphClient() as client:
        stage.fake.add_template(NUMBER.waba_id, template)

        listed = await list_templates(client, account(stage), NUMBER.waba_id)

        assert isinstance(listed, list)
        assert listed[-1] == ListedTemplate(
            id="77",
            name="pedido",
            language="pt_BR",
            category="MARKETING",
            status="REJECTED",
            parameter_format="NAMED",
            components=list(BODY),
            quality="YELLOW",
            rejected_reason="ABUSIVE_CONTENT",
        )


async def test_metas_own_example_of_a_list_is_understood() -> None:
    path = description()["paths"]["/{Version}/{WABA-ID}/message_templates"]["get"]
    content = path["responses"]["200"]["content"]["application/json"]
    example = content["examples"]["Example response"]["value"]

    answer = answering(200, json.dumps(example).encode())
    async with serving(answer) as server, GraphClient() as client:
        listed = await list_templates(client, server.account(), "200")

    assert isinstance(listed, list)
    assert [template.name for template in listed] == ["hello_world", "2023_april_promo"]
    assert listed[1].components[-1]["buttons"] == [
        {"text": "Stop promotions", "type": "QUICK_REPLY"}
    ]
    assert len(server.calls) == 1  # a cursor without a next page is the end


async def test_the_next_pages_address_is_not_followed_but_its_cursor() -> None:
    elsewhere = b'{"data":[],"paging":{"cursors":{"after":"MQ"},"next":"http://localhost:1/steal"}}'

    async with serving(answering(200, elsewhere)) as server, GraphClient() as client:
        listed = await list_templates(client, server.account(), "200")

    assert listed == Unknown("too_many_pages")
    assert "after=MQ" in server.calls[1].head
    assert all(call.head.startswith("GET /v25.0/200/message_templates?") for call in server.calls)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="error", code=80007, on="message_templates"),
        Fault(kind="http_500", on="message_templates"),
        Fault(kind="reset_before", on="message_templates"),
    ],
)
async def test_a_failure_is_no_empty_list(fault: Fault) -> None:
    async with on_stage() as stage, GraphClient() as client:
        stage.fake.fail(fault)

        listed = await list_templates(client, account(stage), NUMBER.waba_id)

        assert isinstance(listed, Refused | NotSent | Unknown)


async def test_somebody_elses_account_is_refused() -> None:
    async with on_stage() as stage, GraphClient() as client:
        refused = await list_templates(client, account(stage), OTHER.waba_id)

        assert isinstance(refused, Refused)
        assert refused.code == 100


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":[{}]}', b'{"data":{}}', b"<html>"])
async def test_an_answer_of_another_shape_is_no_list(body: bytes) -> None:
    async with serving(answering(200, body)) as server, GraphClient() as client:
        assert isinstance(await list_templates(client, server.account(), "200"), Unknown)


async def test_characters_that_postgresql_refuses_are_taken_out() -> None:
    page = (
        b'{"data":[{"id":"1","name":"a","language":"pt_BR","status":"approved",'
        b'"components":[{"type":"BODY","text":"a\\u0000b\\ud800"}]}]}'
    )

    async with serving(answering(200, page)) as server, GraphClient() as client:
        listed = await list_templates(client, server.account(), "200")

    assert isinstance(listed, list)
    assert listed[0].components == [{"type": "BODY", "text": "ab\N{REPLACEMENT CHARACTER}"}]
    assert (listed[0].status, listed[0].parameter_format) == ("APPROVED", "POSITIONAL")


async def test_without_a_token_nothing_is_asked() -> None:
    async with GraphClient() as client:
        refused = await list_templates(client, Account("1", ""), "200")

    assert isinstance(refused, Refused)
    assert refused.code == 190
