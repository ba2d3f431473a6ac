"""The fake's Graph API: who may call, what it answers, numbers, media, templates."""

import msgspec
import pytest

from recado.whatsapp.fake_records import FakeTemplate
from recado.whatsapp.fake_world import FakeOptions
from tests.whatsapp.fake_stage import ANA, NUMBER, OTHER, on_stage, text

pytestmark = pytest.mark.asyncio


async def test_an_accepted_message_answers_contacts_and_a_wamid() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")

        status, answer = await stage.post(text())

        assert status == 200
        assert answer["messaging_product"] == "whatsapp"
        assert answer["contacts"] == [{"input": f"+{ANA}", "wa_id": ANA}]
        assert answer["messages"] == [{"id": stage.fake.sent_to(ANA)[0].wamid}]


@pytest.mark.parametrize(("token", "code"), [("", 104), ("wrong", 190)])
async def test_a_missing_or_wrong_token_is_401(token: str, code: int) -> None:
    async with on_stage() as stage:
        status, answer = await stage.post(text(), token=token)

        assert status == 401
        assert answer["error"]["code"] == code
        assert answer["error"]["type"] == "OAuthException"
        assert answer["error"]["fbtrace_id"]


@pytest.mark.parametrize("number", ["999", OTHER.phone_number_id])
async def test_an_unknown_or_foreign_number_is_no_object(number: str) -> None:
    async with on_stage() as stage:
        status, answer = await stage.post(text(), number=number)

        assert status == 400
        assert answer["error"]["code"] == 100
        assert answer["error"]["error_subcode"] == 33


async def test_a_refusal_is_metas_error_object() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")

        status, answer = await stage.post(text("x" * 4097))

        assert status == 400
        assert answer["error"]["message"].startswith("(#100) Param text['body'] must be at most")
        assert stage.fake.sent_to(ANA) == []


async def test_a_body_that_is_no_json_lacks_its_parameters() -> None:
    async with on_stage() as stage:
        url = f"{stage.fake.url}/v25.0/{NUMBER.phone_number_id}/messages"
        headers = {"Authorization": "Bearer EAAtoken"}

        async with stage.client.post(url, data=b"{oops", headers=headers) as answer:
            error = (await answer.json())["error"]

        assert error["message"] == "(#100) The parameter messaging_product is required."


async def test_a_body_beyond_4_mb_is_refused() -> None:
    async with on_stage() as stage:
        status, answer = await stage.post(text("x" * (4 << 20)))

        assert status == 413
        assert answer["error"]["code"] == 100


async def test_an_unknown_path_is_an_error_object() -> None:
    async with on_stage() as stage:
        status, answer = await stage.get("/v25.0/1/2/3")

        assert status == 404
        assert answer["error"]["code"] == 2500


@pytest.mark.parametrize("spelling", [f"+{ANA}", ANA, "551187654321", "+55 (11) 8765-4321"])
async def test_brazilian_spellings_are_one_person_and_meta_may_drop_the_ninth_digit(
    spelling: str,
) -> None:
    async with on_stage(FakeOptions(drop_ninth_digit=True)) as stage:
        stage.fake.say(ANA, "oi")

        _, answer = await stage.post(text(to=spelling))
        await stage.fake.idle()

        assert answer["contacts"] == [{"input": spelling, "wa_id": "551187654321"}]
        assert stage.fake.sent_to(ANA)[0].text == "olá"
        assert stage.webhook.posts[0].messages[0]["from"] == "551187654321"


async def test_a_customer_without_phone_is_reached_by_their_user_id() -> None:
    async with on_stage() as stage:
        user_id = "BR.13491208655302741918"
        stage.fake.say(user_id, "oi", name="Bruno")
        body = text(recipient=user_id)
        del body["to"]

        _, answer = await stage.post(body)
        await stage.fake.idle()

        assert answer["contacts"] == [{"input": user_id, "user_id": user_id}]
        heard = stage.webhook.posts[0]
        assert "from" not in heard.messages[0]
        assert heard.messages[0]["from_user_id"] == user_id
        assert "wa_id" not in heard.value["contacts"][0]
        assert stage.webhook.posts[1].statuses[0]["recipient_user_id"] == user_id
        assert "recipient_id" not in stage.webhook.posts[1].statuses[0]


async def test_a_customer_with_a_phone_answers_to_their_user_id_too() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        await stage.fake.idle()
        body = text(recipient=stage.webhook.posts[0].messages[0]["from_user_id"])
        del body["to"]

        status, _ = await stage.post(body)

        assert status == 200
        assert len(stage.fake.sent_to(ANA)) == 1


async def test_marking_as_read_answers_success_and_is_remembered() -> None:
    async with on_stage() as stage:
        wamid = stage.fake.say(ANA, "oi")
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}

        first = await stage.post(body)
        second = await stage.post({**body, "typing_indicator": {"type": "text"}})

        assert first == second == (200, {"success": True})
        assert [(read.wamid, read.typing) for read in stage.fake.world.reads] == [
            (wamid, False),
            (wamid, True),
        ]


async def test_a_template_is_accepted_by_name_and_others_are_404() -> None:
    async with on_stage() as stage:
        template = {"name": "aviso", "language": {"code": "pt_BR"}}
        body = {**text(), "type": "template", "template": template}
        unknown = await stage.post(body)
        stage.fake.add_template(NUMBER.waba_id, FakeTemplate(name="aviso", language="pt_BR"))

        status, answer = await stage.post(body)

        assert unknown[0] == 404
        assert unknown[1]["error"]["code"] == 132001
        assert status == 200
        assert answer["messages"][0]["message_status"] == "accepted"


async def test_a_number_and_its_waba_can_be_read() -> None:
    async with on_stage() as stage:
        _, number = await stage.get(f"/v25.0/{NUMBER.phone_number_id}")
        _, asked = await stage.get(f"/v25.0/{NUMBER.phone_number_id}?fields=verified_name")
        _, waba = await stage.get(f"/v25.0/{NUMBER.waba_id}")
        _, numbers = await stage.get(f"/v25.0/{NUMBER.waba_id}/phone_numbers")
        foreign, _ = await stage.get(f"/v25.0/{OTHER.waba_id}")

        assert number["display_phone_number"] == NUMBER.display_phone_number
        assert asked == {"id": NUMBER.phone_number_id, "verified_name": "Padaria"}
        assert waba["id"] == NUMBER.waba_id
        assert [one["id"] for one in numbers["data"]] == [NUMBER.phone_number_id]
        assert foreign == 400


async def test_templates_are_listed_in_pages() -> None:
    async with on_stage() as stage:
        for name in ("um", "dois"):
            stage.fake.add_template(NUMBER.waba_id, FakeTemplate(name=name, language="pt_BR"))
        path = f"/v25.0/{NUMBER.waba_id}/message_templates"

        _, first = await stage.get(f"{path}?limit=2")
        _, rest = await stage.get(f"{path}?limit=2&after={first['paging']['cursors']['after']}")
        _, named = await stage.get(f"{path}?name=dois")

        assert [one["name"] for one in first["data"]] == ["hello_world", "um"]
        assert "next" in first["paging"]
        assert [one["name"] for one in rest["data"]] == ["dois"]
        assert "next" not in rest["paging"]
        assert [one["status"] for one in named["data"]] == ["APPROVED"]


async def test_without_a_subscription_nothing_arrives() -> None:
    async with on_stage() as stage:
        url = f"{stage.fake.url}/v25.0/{NUMBER.waba_id}/subscribed_apps"
        headers = {"Authorization": "Bearer EAAtoken"}
        async with stage.client.delete(url, headers=headers):
            _, none = await stage.get(f"/v25.0/{NUMBER.waba_id}/subscribed_apps")
        stage.fake.say(ANA, "ninguém ouve")
        await stage.fake.idle()
        silent = list(stage.webhook.posts)

        async with stage.client.post(url, headers=headers) as answer:
            subscribed = await answer.json()
        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        assert none["data"] == []
        assert silent == []
        assert subscribed == {"success": True}
        assert stage.webhook.posts[0].messages[0]["text"]["body"] == "oi"


async def test_an_override_address_must_pass_the_handshake() -> None:
    async with on_stage() as stage:
        stage.fake.add_number(msgspec.structs.replace(NUMBER, webhook_url=None))
        url = f"{stage.fake.url}/v25.0/{NUMBER.waba_id}/subscribed_apps"
        headers = {"Authorization": "Bearer EAAtoken"}
        override = {"override_callback_uri": stage.webhook.url, "verify_token": "wrong"}
        async with stage.client.post(url, json=override, headers=headers) as answer:
            refused = answer.status

        good = {**override, "verify_token": "verify-me"}
        async with stage.client.post(url, json=good, headers=headers) as answer:
            passed = answer.status
        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        assert (refused, passed) == (400, 200)
        assert len(stage.webhook.posts) == 1


async def test_the_handshake_needs_the_exact_challenge() -> None:
    async with on_stage() as stage:
        number = NUMBER.phone_number_id
        passed = await stage.fake.verify(number)
        stage.webhook.challenge = '"{}"'.format
        quoted = await stage.fake.verify(number)
        stage.fake.add_number(
            msgspec.structs.replace(stage.fake.world.numbers[number], verify_token="wrong")
        )
        wrong_token = await stage.fake.verify(number)

        assert (passed, quoted, wrong_token) == (True, False, False)
