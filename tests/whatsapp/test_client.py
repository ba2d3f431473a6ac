"""What the client says about a request that was answered, and what it puts on the wire."""

import json

import pytest

from recado.whatsapp.client import Accepted, Account, GraphClient, Marked, NotSent, Refused, Unknown
from recado.whatsapp.errors import Action
from tests.whatsapp.graph_server import ACCEPTED, BODY, TOKEN, answering, sent, serving

pytestmark = pytest.mark.asyncio


async def test_a_message_is_posted_once_with_the_numbers_own_token() -> None:
    async with serving(answering(200, ACCEPTED)) as server, GraphClient() as client:
        result = await client.send(server.account(), BODY)

    [call] = server.calls
    assert result == Accepted(wamid="wamid.A", wa_id="551187654321")
    assert call.head.startswith("POST /v25.0/100200/messages HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}\r\n" in call.head
    assert "Content-Type: application/json\r\n" in call.head
    assert json.loads(call.body) == BODY


async def test_a_person_without_phone_is_named_by_user_id() -> None:
    answer = b'{"contacts":[{"user_id":"BR.1"}],"messages":[{"id":"w","message_status":"held"}]}'

    assert await sent(answering(200, answer)) == Accepted("w", None, "BR.1", "held")


async def test_a_refusal_carries_its_rule_and_the_time_to_wait() -> None:
    error = b'{"error":{"code":131056,"message":"Pair rate","error_data":{"details":"slow"}}}'

    result = await sent(answering(400, error, "Retry-After: 16"))

    assert isinstance(result, Refused)
    assert (result.rule.action, result.code, result.http_status) == (
        Action.PACE_PAIR,
        131056,
        400,
    )
    assert (result.message, result.details, result.retry_after) == ("Pair rate", "slow", 16.0)


@pytest.mark.parametrize(
    ("status", "body", "action", "code"),
    [
        (500, b'{"error":{"code":131000,"message":"m"}}', Action.RETRY, 131000),
        (503, b'{"error":{"message":"m"}}', Action.RETRY, None),
        (200, b'{"error":{"code":"190","message":"m"}}', Action.AUTH, 190),
        (404, b"<html>", Action.DROP, None),
        (400, b"", Action.DROP, None),
        (400, b'{"error":"text"}', Action.DROP, None),
        (429, b"", Action.PACE_NUMBER, None),
    ],
)
async def test_what_says_no_is_a_refusal(
    status: int, body: bytes, action: Action, code: int | None
) -> None:
    result = await sent(answering(status, body))

    assert isinstance(result, Refused)
    assert (result.rule.action, result.code) == (action, code)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"", "http_500"),
        (502, b"<html>bad gateway</html>", "http_502"),
        (503, b'{"message":"no error object"}', "http_503"),
        (200, b"", "answer_without_id"),
        (200, b"ok", "answer_without_id"),
        (200, b"[]", "answer_without_id"),
        (200, b'{"messages":[]}', "answer_without_id"),
        (200, b'{"messages":[{"id":5}]}', "answer_without_id"),
        (200, b"[" * 100_000, "answer_without_id"),
        (200, b" " * (1024 * 1024 + 1), "answer_cut_off"),
    ],
)
async def test_what_says_neither_yes_nor_no_is_unknown(
    status: int, body: bytes, reason: str
) -> None:
    assert await sent(answering(status, body)) == Unknown(reason)


async def test_a_redirect_is_not_followed() -> None:
    async with serving(answering(200, ACCEPTED)) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/steal"
        result = await sent(answering(307, b"", location))

    assert isinstance(result, Refused)
    assert result.rule.action is Action.FIX
    assert elsewhere.connections == 0


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "tókeń", "a\0"])
async def test_a_token_that_cannot_stand_in_a_header_is_a_matter_of_auth(token: str) -> None:
    async with serving(answering(200, ACCEPTED)) as server, GraphClient() as client:
        result = await client.send(server.account(access_token=token), BODY)

    assert isinstance(result, Refused)
    assert (result.rule.action, result.code) == (Action.AUTH, 190)
    assert server.connections == 0


@pytest.mark.parametrize("address", ["", "graph.facebook.com", "ftp://x", "http://", "http://x:y"])
async def test_an_impossible_address_is_not_sent(address: str) -> None:
    async with GraphClient() as client:
        assert await client.send(Account("1", TOKEN, address), BODY) == NotSent("bad_address")


async def test_a_number_id_cannot_leave_its_place_in_the_path() -> None:
    async with serving(answering(200, ACCEPTED)) as server, GraphClient() as client:
        await client.send(server.account(phone_number_id="../1/x?a#c"), BODY)

    assert server.calls[0].head.split(" ")[1] == "/v25.0/..%2F1%2Fx%3Fa%23c/messages"


async def test_cookies_are_not_kept() -> None:
    set_cookie = answering(200, ACCEPTED, "Set-Cookie: a=b; Path=/")
    async with serving(set_cookie) as server, GraphClient() as client:
        for _ in range(2):
            await client.send(server.account(), BODY)

    assert not [call for call in server.calls if "cookie" in call.head.lower()]


async def test_the_token_never_shows() -> None:
    assert TOKEN not in repr(Account("1", TOKEN))


async def test_a_message_is_marked_as_read() -> None:
    async with serving(answering(200, b'{"success":true}')) as server, GraphClient() as client:
        result = await client.mark_read(server.account(), "wamid.1", typing=True)

    assert result == Marked()
    assert json.loads(server.calls[0].body) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
        "typing_indicator": {"type": "text"},
    }


async def test_a_read_receipt_may_be_refused_too() -> None:
    refusal = answering(400, b'{"error":{"code":100,"message":"m"}}')
    async with serving(refusal) as server, GraphClient() as client:
        result = await client.mark_read(server.account(), "wamid.1")

    assert isinstance(result, Refused)
    assert result.rule.action is Action.FIX


async def test_a_read_receipt_without_success_is_unknown() -> None:
    async with serving(answering(200, b"{}")) as server, GraphClient() as client:
        assert await client.mark_read(server.account(), "w") == Unknown("answer_without_id")


async def test_a_body_that_is_no_json_is_our_bug_and_rises() -> None:
    async with GraphClient() as client:
        with pytest.raises(TypeError):
            await client.send(Account("1", TOKEN), {"x": object()})
