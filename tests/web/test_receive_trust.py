"""Who is believed: the handshake, signatures, and tenants who must not speak for each other."""

import json

import pytest
from structlog.testing import capture_logs

from recado.store.pool import Pool
from tests.web.desk import (
    PATH,
    Json,
    add_number,
    add_workspace,
    change,
    message_post,
    open_desk,
    post,
    text,
)

pytestmark = pytest.mark.asyncio


def hello(token: str, challenge: str = "1158201444", mode: str = "subscribe") -> dict[str, str]:
    return {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": challenge}


async def test_the_handshake_answers_the_challenge_exactly(pool: Pool) -> None:
    first, second = await add_number(pool), await add_number(pool, phone_number_id="2")

    async with open_desk(pool) as desk:
        for path in (PATH, "/whatsapp/webhook", "/whatsapp/webhook/"):
            for number in (first, second):
                answer = await desk.get(path, **hello(number.verify_token))
                assert answer == (200, "1158201444", "text/plain")


async def test_a_number_has_its_own_handshake(pool: Pool) -> None:
    first, second = await add_number(pool), await add_number(pool, phone_number_id="2")
    own = f"{PATH}/{first.webhook_token}"

    async with open_desk(pool) as desk:
        assert (await desk.get(own, **hello(first.verify_token)))[0] == 200
        assert (await desk.get(own, **hello(second.verify_token)))[0] == 403
        assert (await desk.get(f"{PATH}/none", **hello(first.verify_token)))[0] == 403


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hub.mode": "subscribe", "hub.challenge": "1"},
        hello(""),
        hello("wrong"),
        hello("verifé"),
        hello("{ours}", mode="unsubscribe"),
        {"hub.mode": "subscribe", "hub.verify_token": "{ours}"},
    ],
)
async def test_a_handshake_that_is_none_is_403(pool: Pool, query: dict[str, str]) -> None:
    number = await add_number(pool)
    asked = {name: value.format(ours=number.verify_token) for name, value in query.items()}

    async with open_desk(pool) as desk:
        assert (await desk.get(**asked))[0] == 403


async def test_an_empty_verify_token_opens_nothing(pool: Pool) -> None:
    await add_number(pool)
    await pool.execute("update whatsapp_numbers set webhook_verify_token = ''")

    async with open_desk(pool) as desk:
        assert (await desk.get(**hello("")))[0] == 403


@pytest.mark.parametrize("secret", [None, "", "other"])
async def test_a_post_without_the_right_signature_is_401(pool: Pool, secret: str | None) -> None:
    number = await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text()), secret=secret))[0] == 401

    assert await pool.fetchval("select count(*) from inbox") == 0
    row = await pool.fetchrow("select * from webhook_log")
    assert (row["outcome"], row["workspace_id"]) == ("rejected", number.workspace_id)
    assert row["reason"] == ("not_signed" if secret is None else "bad_signature")


async def test_another_tenants_secret_stores_nothing(pool: Pool) -> None:
    victim = await add_number(pool, secret="victim's", waba_id="W")
    # The attacker claims the victim's account as his own.
    await add_number(pool, secret="attacker's", phone_number_id="666", waba_id="W")

    async with open_desk(pool) as desk:
        answer = await desk.post(message_post(victim, text()), secret="attacker's")

    assert answer[0] == 401
    assert await pool.fetchval("select count(*) from inbox") == 0
    assert await pool.fetchval("select count(*) from contacts") == 0


async def test_a_tenant_without_secret_does_not_unlock_its_neighbour(pool: Pool) -> None:
    victim = await add_number(pool, secret="victim's", waba_id="W")
    await add_number(pool, secret=None, phone_number_id="666", waba_id="W")
    news = post({"field": "account_update", "value": {"event": "X"}}, waba_id="W")

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(victim, text())))[0] == 401
        assert (await desk.post(news))[0] == 401
        assert (await desk.post(news, secret="victim's"))[0] == 200

    outcomes = await pool.fetch("select outcome, workspace_id from webhook_log order by id")
    assert tuple(outcomes[2]) == ("ignored", victim.workspace_id)


async def test_a_siblings_secret_speaks_for_the_account(pool: Pool) -> None:
    workspace = await add_workspace(pool)
    old = await add_number(pool, workspace=workspace, secret="old", waba_id="W")
    await add_number(pool, workspace=workspace, secret="new", phone_number_id="2", waba_id="W")

    async with open_desk(pool) as desk:
        for secret in ("old", "new"):
            assert (await desk.post(message_post(old, text()), secret=secret))[0] == 200


async def test_in_a_mixed_post_only_what_is_signed_counts(pool: Pool) -> None:
    ours = await add_number(pool, secret="ours", waba_id="A")
    theirs = await add_number(pool, secret="theirs", phone_number_id="2", waba_id="B")
    mixed: Json = {
        "entry": [
            message_post(ours, text("ours"))["entry"][0],
            message_post(theirs, text("theirs"))["entry"][0],
        ]
    }

    async with open_desk(pool) as desk:
        assert (await desk.post(mixed, secret="ours"))[0] == 200

    assert await pool.fetchval("select message ->> 'text' from inbox") == "ours"
    rows = {row["workspace_id"]: row for row in await pool.fetch("select * from webhook_log")}
    assert rows[ours.workspace_id]["outcome"] == "stored"
    assert rows[theirs.workspace_id]["outcome"] == "rejected"
    # Each sees only its own part.
    assert json.loads(rows[ours.workspace_id]["body"])["entry"] == mixed["entry"][:1]
    assert json.loads(rows[theirs.workspace_id]["body"])["entry"] == mixed["entry"][1:]


async def test_a_new_secret_counts_at_once(pool: Pool) -> None:
    number = await add_number(pool, secret="old")
    newer = await add_number(pool, secret="new", phone_number_id="2", waba_id="other")

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text()), secret="old"))[0] == 200
        await pool.execute(
            """update whatsapp_numbers set app_secret_id =
                      (select app_secret_id from whatsapp_numbers where id = $2) where id = $1""",
            number.id,
            newer.id,
        )
        assert (await desk.post(message_post(number, text()), secret="old"))[0] == 401
        assert (await desk.post(message_post(number, text()), secret="new"))[0] == 200


async def test_a_secret_that_does_not_open_believes_nobody(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    await pool.execute("update secrets set key_id = 'another'")

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text()), secret="s"))[0] == 401
        assert (await desk.post(message_post(number, text())))[0] == 401


async def test_a_number_without_secret_is_believed_and_named_in_the_log_once(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        with capture_logs() as logs:
            for _ in range(3):
                assert (await desk.post(message_post(number, text())))[0] == 200

    warnings = [entry for entry in logs if entry["event"] == "webhook_unsigned"]
    assert [entry["number"] for entry in warnings] == [str(number.id)]
    assert await pool.fetchval("select count(*) from inbox") == 3


async def test_strangers_cannot_fill_the_disk(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    await pool.execute(
        """insert into webhook_log (id, workspace_id, outcome, body)
           select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, 'rejected', 'x'
             from generate_series(1, 1000) n""",
        number.workspace_id,
    )

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text("x" * 400_000))))[0] == 401

    assert await pool.fetchval("select count(*) from webhook_log") == 1000
    newest = await pool.fetchrow("select * from webhook_log order by id desc limit 1")
    assert len(newest["body"]) == 256 * 1024
    assert newest["reason"] == "not_signed, cut"


async def test_a_signed_post_is_logged_without_words_or_secrets(pool: Pool) -> None:
    number = await add_number(pool, secret="very-secret")
    body = post(change(number, [text("confidencial")]))

    async with open_desk(pool) as desk:
        with capture_logs() as logs:
            await desk.post(body, secret="wrong")
            await desk.post(body, secret="very-secret")

    assert "confidencial" not in repr(logs)
    assert "very-secret" not in repr(logs)
