"""Webhooks of the fake: signed, in Meta's escaped form, in order, repeated until 200."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from recado.whatsapp.fake_records import FakeTemplate
from recado.whatsapp.fake_traffic import NoSuchChoice
from recado.whatsapp.fake_world import FakeOptions
from recado.whatsapp.signature import verify
from recado.whatsapp.webhook import parse
from tests.whatsapp.fake_stage import ANA, NUMBER, on_stage, text

pytestmark = pytest.mark.asyncio
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BUTTONS = {
    "type": "button",
    "body": {"text": "Qual?"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "sim", "title": "Sim"}},
            {"type": "reply", "reply": {"id": "nao", "title": "Não"}},
        ]
    },
}
LIST = {
    "type": "list",
    "body": {"text": "Qual?"},
    "action": {
        "button": "Abrir",
        "sections": [{"rows": [{"id": "a", "title": "Letra A", "description": "primeira"}]}],
    },
}


async def test_a_message_arrives_signed_in_metas_shape() -> None:
    async with on_stage() as stage:
        wamid = stage.fake.say(ANA, "oi", name="Ana Souza")
        await stage.fake.idle()

        (post,) = stage.webhook.posts
        entry = json.loads(post.body)["entry"][0]
        assert verify("app-secret", post.body, post.signature)
        assert entry["id"] == NUMBER.waba_id
        assert post.value["metadata"] == {
            "display_phone_number": NUMBER.display_phone_number,
            "phone_number_id": NUMBER.phone_number_id,
        }
        assert post.value["contacts"][0]["profile"] == {"name": "Ana Souza"}
        (message,) = post.messages
        assert (message["from"], message["id"], message["text"]) == (ANA, wamid, {"body": "oi"})
        assert message["timestamp"] == "1800000000"


async def test_the_bytes_are_escaped_as_meta_escapes_them() -> None:
    async with on_stage() as stage:
        words = "até às 5% <já> @ana / 🙂"

        stage.fake.say(ANA, words)
        await stage.fake.idle()

        (post,) = stage.webhook.posts
        assert post.body.isascii()
        assert (
            b"at\\u00e9 \\u00e0s 5\\u0025 \\u003Cj\\u00e1> \\u0040ana \\/ \\ud83d\\ude42"
            in post.body
        )
        assert post.messages[0]["text"]["body"] == words


async def test_a_number_without_app_secret_posts_unsigned() -> None:
    async with on_stage() as stage:
        number = stage.fake.world.numbers[NUMBER.phone_number_id]
        stage.fake.add_number(msgspec.structs.replace(number, app_secret=None))

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        assert [post.signature for post in stage.webhook.posts] == [None]


async def test_a_webhook_is_repeated_until_it_gets_200() -> None:
    async with on_stage() as stage:
        stage.webhook.answers.extend([500, 204, 302])

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        assert len(stage.webhook.posts) == 4
        assert len(set(stage.webhook.posts)) == 1
        (delivery,) = stage.fake.deliveries.kept
        assert delivery.state == "delivered"
        assert [attempt.status for attempt in delivery.attempts] == [500, 204, 302, 200]


async def test_a_webhook_is_given_up_when_its_gaps_are_used_up() -> None:
    async with on_stage(gaps=(0.0, 0.0)) as stage:
        stage.webhook.answers.extend([503] * 3)

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        (delivery,) = stage.fake.deliveries.kept
        assert (delivery.state, len(delivery.attempts)) == ("given_up", 3)


async def test_a_webhook_nobody_listens_to_is_tried_again() -> None:
    async with on_stage(gaps=(0.0,)) as stage:
        number = stage.fake.world.numbers[NUMBER.phone_number_id]
        nowhere = "http://127.0.0.1:1/hook"
        stage.fake.add_number(msgspec.structs.replace(number, webhook_url=nowhere))

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        (delivery,) = stage.fake.deliveries.kept
        assert [attempt.error for attempt in delivery.attempts] == ["ClientConnectorError"] * 2


async def test_a_failing_webhook_does_not_hold_up_the_next() -> None:
    async with on_stage(gaps=(3600.0,)) as stage:
        stage.webhook.answers.append(500)

        stage.fake.say(ANA, "um")
        stage.fake.say(ANA, "dois")
        await stage.fake.wait_for(lambda: len(stage.webhook.posts) == 2)

        first, second = (post.messages[0]["text"]["body"] for post in stage.webhook.posts)
        assert (first, second) == ("um", "dois")


async def test_a_customers_messages_arrive_in_the_order_they_were_said() -> None:
    async with on_stage() as stage:
        for number in range(20):
            stage.fake.say(ANA, str(number))
        await stage.fake.idle()

        heard = [post.messages[0]["text"]["body"] for post in stage.webhook.posts]
        assert heard == [str(number) for number in range(20)]


async def test_statuses_come_in_order_with_opaque_text_and_price() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        _, answer = await stage.post(text(biz_opaque_callback_data="0198.1"))
        await stage.fake.idle()

        statuses = [post.statuses[0] for post in stage.webhook.posts[1:]]
        assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
        assert {status["id"] for status in statuses} == {answer["messages"][0]["id"]}
        assert {status["biz_opaque_callback_data"] for status in statuses} == {"0198.1"}
        assert {status["recipient_id"] for status in statuses} == {ANA}
        assert [status.get("pricing", {}).get("category") for status in statuses] == [
            "service",
            "service",
            None,
        ]
        assert stage.webhook.all_signed()


async def test_who_hides_read_receipts_is_never_read() -> None:
    async with on_stage(FakeOptions(read=False)) as stage:
        stage.fake.say(ANA, "oi")
        await stage.post(text())
        await stage.fake.idle()

        assert stage.webhook.statuses() == ["sent", "delivered"]


async def test_a_template_is_priced_by_its_category() -> None:
    async with on_stage() as stage:
        promo = FakeTemplate(name="promo", language="pt_BR", category="MARKETING")
        stage.fake.add_template(NUMBER.waba_id, promo)
        template = {"name": "promo", "language": {"code": "pt_BR"}}

        await stage.post({**text(), "type": "template", "template": template})
        await stage.fake.idle()

        assert stage.webhook.posts[0].statuses[0]["pricing"]["category"] == "marketing"


@pytest.mark.parametrize("choice", ["nao", "Não"])
async def test_a_tap_carries_the_button_and_the_message_it_belongs_to(choice: str) -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        await stage.post({**text(), "type": "interactive", "interactive": BUTTONS})

        stage.fake.tap(ANA, choice)
        await stage.fake.idle()

        (tap,) = stage.webhook.posts[-1].messages
        assert tap["interactive"] == {
            "type": "button_reply",
            "button_reply": {"id": "nao", "title": "Não"},
        }
        assert tap["context"] == {
            "from": NUMBER.display_phone_number,
            "id": stage.fake.sent_to(ANA)[0].wamid,
        }


async def test_a_row_carries_its_description() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        await stage.post({**text(), "type": "interactive", "interactive": LIST})

        stage.fake.tap(ANA, "a")
        await stage.fake.idle()

        row = {"id": "a", "title": "Letra A", "description": "primeira"}
        assert stage.webhook.posts[-1].messages[0]["interactive"]["list_reply"] == row


async def test_an_old_button_can_be_tapped_by_naming_its_message() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        for _ in range(2):
            await stage.post({**text(), "type": "interactive", "interactive": BUTTONS})
        old, new = stage.fake.sent_to(ANA)

        stage.fake.tap(ANA, "sim", message=old.wamid)
        stage.fake.tap(ANA, "sim")
        await stage.fake.idle()

        taps = [post.messages[0] for post in stage.webhook.posts if post.messages][-2:]
        assert [tap["context"]["id"] for tap in taps] == [old.wamid, new.wamid]


async def test_nobody_taps_what_is_not_there() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")

        with pytest.raises(NoSuchChoice):
            stage.fake.tap(ANA, "sim")


async def test_a_file_arrives_with_an_id_that_the_business_can_read() -> None:
    async with on_stage() as stage:
        stage.fake.send_file(ANA, "image", b"picture", mime_type="image/png", caption="Foto")
        await stage.fake.idle()

        image = stage.webhook.posts[0].messages[0]["image"]
        status, about = await stage.get(f"/v25.0/{image['id']}")
        assert (image["mime_type"], image["caption"]) == ("image/png", "Foto")
        assert status == 200
        assert about["file_size"] == 7


async def test_our_own_parser_reads_what_the_fake_posts() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi", name="Ana")
        stage.fake.say("BR.13491208655302741918", "olá", name="Bruno")
        await stage.post(text(biz_opaque_callback_data="0198.1"))
        await stage.fake.idle()

        parsed = [parse(post.body, NOON) for post in stage.webhook.posts]
        changes = [change for one in parsed for entry in one.entries for change in entry.changes]
        inbound = [item for change in changes for item in change.messages]
        statuses = [item for change in changes for item in change.statuses]
        assert [(one.wa_id, one.user_id) for one in inbound if one.name == "Bruno"] == [
            (None, "BR.13491208655302741918")
        ]
        assert [one.wa_id for one in inbound if one.name == "Ana"] == [ANA]
        assert [(one.status, one.opaque) for one in statuses] == [
            ("sent", "0198.1"),
            ("delivered", "0198.1"),
            ("read", "0198.1"),
        ]


async def test_any_payload_can_be_posted() -> None:
    async with on_stage() as stage:
        payload = {"object": "whatsapp_business_account", "entry": []}

        stage.fake.deliver(payload, number=NUMBER.phone_number_id)
        await stage.fake.idle()

        assert json.loads(stage.webhook.posts[0].body) == payload
        assert stage.webhook.all_signed()


async def test_two_fakes_never_give_out_the_same_wamid() -> None:
    async with on_stage() as one, on_stage() as other:
        first = {one.fake.say(ANA, "oi") for _ in range(50)}
        second = {other.fake.say(ANA, "oi") for _ in range(50)}

        assert len(first | second) == 100


async def test_waiting_ends_with_a_time_out_when_nothing_comes() -> None:
    async with on_stage() as stage:
        with pytest.raises(TimeoutError):
            await stage.fake.wait_for(lambda: stage.fake.sent_to(ANA), within=0.01)
