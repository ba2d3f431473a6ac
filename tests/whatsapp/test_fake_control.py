"""The fake's own side: steering it over HTTP, the live feed, and who may not."""

import base64
import json

import msgspec
import pytest

from tests.whatsapp.fake_stage import ANA, NUMBER, on_stage, text

pytestmark = pytest.mark.asyncio


async def test_a_customer_writes_over_http_and_the_answer_can_be_seen() -> None:
    async with on_stage() as stage:
        body = {"text": "oi", "name": "Ana", "number": NUMBER.phone_number_id}

        _, said = await stage.control("POST", f"/customers/{ANA}/messages", body)
        await stage.post(text(biz_opaque_callback_data="0198.1"))
        await stage.fake.idle()
        _, all_sent = await stage.control("GET", f"/messages?to={ANA}")
        _, webhooks = await stage.control("GET", "/webhooks")
        _, customers = await stage.control("GET", "/customers")

        (sent,) = all_sent["messages"]
        assert stage.webhook.posts[0].messages[0]["id"] == said["id"]
        assert sent["number"] == NUMBER.phone_number_id
        assert (sent["to"], sent["opaque"], sent["at"]) == (ANA, "0198.1", 1_800_000_000.0)
        assert sent["body"]["text"] == {"body": "olá"}
        assert sent["statuses"] == ["sent", "delivered", "read"]
        assert [hook["state"] for hook in webhooks["webhooks"]] == ["delivered"] * 4
        assert webhooks["webhooks"][0]["payload"]["object"] == "whatsapp_business_account"
        assert webhooks["webhooks"][0]["attempts"][0]["status"] == 200
        assert [one["name"] for one in customers["customers"]] == ["Ana"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            {"message": {"type": "location", "location": {"latitude": 1, "longitude": 2}}},
            "location",
        ),
        (
            {
                "file": {
                    "kind": "document",
                    "mime_type": "application/pdf",
                    "content": base64.b64encode(b"x").decode(),
                    "filename": "a.pdf",
                }
            },
            "document",
        ),
    ],
)
async def test_a_customer_sends_more_than_text(body: dict[str, object], kind: str) -> None:
    async with on_stage() as stage:
        status, _ = await stage.control("POST", f"/customers/{ANA}/messages", body)
        await stage.fake.idle()

        assert status == 200
        assert stage.webhook.posts[0].messages[0]["type"] == kind


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        (ANA, {}, 400),
        (ANA, {"text": "oi", "tap": "sim"}, 400),
        (ANA, {"words": "oi"}, 400),
        (ANA, {"message": {"text": {"body": "oi"}}}, 400),
        (ANA, {"file": {"kind": "image", "mime_type": "image/png", "content": "%%"}}, 400),
        (ANA, {"tap": "sim"}, 404),
        (ANA, {"text": "oi", "number": "999"}, 404),
        ("nobody", {"text": "oi"}, 400),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(
    who: str, body: dict[str, object], status: int
) -> None:
    async with on_stage() as stage:
        got, answer = await stage.control("POST", f"/customers/{who}/messages", body)

        assert got == status
        assert answer["error"]


async def test_faults_are_put_in_force_listed_and_ended() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        await stage.control("POST", "/faults", {"kind": "error", "code": 131057, "count": 2})
        await stage.control("POST", "/faults", [{"kind": "no_statuses"}])
        refused, _ = await stage.post(text())
        _, listed = await stage.control("GET", "/faults")
        wrong, _ = await stage.control("POST", "/faults", {"kind": "earthquake"})
        await stage.control("DELETE", "/faults")
        accepted, _ = await stage.post(text())

        assert (refused, accepted, wrong) == (500, 200, 400)
        assert [(one["fault"]["kind"], one["left"], one["hits"]) for one in listed["faults"]] == [
            ("error", 1, 1),
            ("no_statuses", None, 1),
        ]


async def test_the_clock_moves_past_the_window() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        _, clock = await stage.control("POST", "/clock", {"advance": 90_000})
        _, answer = await stage.post(text())
        backwards, _ = await stage.control("POST", "/clock", {"advance": -1})

        assert clock["now"] == 1_800_090_000.0
        assert answer["error"]["code"] == 131047
        assert backwards == 400


async def test_a_number_is_added_at_run_time_and_verified() -> None:
    async with on_stage() as stage:
        new = {
            "phone_number_id": "300",
            "waba_id": "400",
            "display_phone_number": "+55 31 4000-0000",
            "access_token": "EAAnew",
            "app_secret": "app-secret",
            "webhook_url": stage.webhook.url,
            "verify_token": "verify-me",
        }
        _, added = await stage.control("POST", "/numbers", new)
        _, listed = await stage.control("GET", "/numbers")
        _, again = await stage.control("POST", "/numbers/300/handshake")
        await stage.control("POST", f"/customers/{ANA}/messages", {"text": "oi", "number": "300"})
        status, _ = await stage.post(text(), number="300", token="EAAnew")
        template = {"waba_id": "400", "template": {"name": "aviso", "language": "pt_BR"}}
        await stage.control("POST", "/templates", template)
        named = {"name": "aviso", "language": {"code": "pt_BR"}}
        templated, _ = await stage.post(
            {**text(), "type": "template", "template": named}, number="300", token="EAAnew"
        )

        assert added["verified"] is True
        assert again == {"verified": True}
        assert (status, templated) == (200, 200)
        assert "EAAnew" not in json.dumps(listed)
        assert "app-secret" not in json.dumps(listed)


async def test_any_payload_is_posted_over_http() -> None:
    async with on_stage() as stage:
        payload = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": []}]}

        await stage.control("POST", "/webhooks", {"payload": payload})
        await stage.fake.idle()

        assert json.loads(stage.webhook.posts[0].body) == payload


async def test_a_reset_forgets_all_but_the_numbers() -> None:
    async with on_stage() as stage:
        stage.fake.say(ANA, "oi")
        await stage.post(text())
        await stage.fake.idle()
        await stage.control("POST", "/faults", {"kind": "http_500"})
        await stage.control("POST", "/clock", {"advance": 60})

        await stage.control("DELETE", "")
        _, messages = await stage.control("GET", "/messages")
        _, webhooks = await stage.control("GET", "/webhooks")
        _, faults = await stage.control("GET", "/faults")
        closed, _ = await stage.post(text())

        assert (messages["messages"], webhooks["webhooks"], faults["faults"]) == ([], [], [])
        assert stage.fake.world.now() == 1_800_000_000.0
        assert closed == 400
        assert len(stage.fake.world.numbers) == 2


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recado.whatsapp.fake_world.KEPT", 3)
    async with on_stage() as stage:
        for number in range(5):
            stage.fake.say(ANA, str(number))
            await stage.post(text(str(number)))

        assert [sent.text for sent in stage.fake.sent_to(ANA)] == ["2", "3", "4"]
        assert len(stage.fake.world.said) == 3


async def test_a_number_without_a_webhook_hears_nothing() -> None:
    async with on_stage() as stage:
        stage.fake.add_number(msgspec.structs.replace(NUMBER, webhook_url=None))

        stage.fake.say(ANA, "oi")
        await stage.fake.idle()

        assert not stage.fake.deliveries.kept
        assert len(stage.fake.world.said) == 1
