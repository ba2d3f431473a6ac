"""Requests of nodes: secrets go in at the last moment and come back masked, answers become values."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
import pytest

from recado.calls.egress import Egress
from recado.calls.http import ERRORS, MOST_BYTES, perform
from recado.calls.webhook_signature import sign
from recado.engine import reasons
from recado.engine.events import CallResult
from recado.engine.requests import BasicAuth, Http, SecretRef
from tests.calls.servers import (
    Heard,
    Server,
    always,
    by_path,
    response,
    serving,
)

pytestmark = pytest.mark.asyncio
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SECRET = 'S3"cr/t é&<\\x'
SECRETS = {"KEY": SECRET, "PIN": "123456789012", "UNUSED": "never-sent"}
KEY = SecretRef("KEY")


async def _perform(egress: Egress, request: Http, **given: Any) -> CallResult:
    named = {"timeout": 5.0, "key": "session.visit", "now": NOW, **given}
    return await perform(request, SECRETS, egress, **named)


def _at(server: Server, path: str = "/", method: str = "POST", **given: Any) -> Http:
    return Http(method, (server.url(path, "a.example.com"),), **given)


async def _echo(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Answers with all that was heard, as debugging services do."""
    said = {
        "line": heard.line,
        "headers": dict(heard.headers),
        "body": heard.body.decode(),
        heard.body.decode(): True,
        "list": [[heard.body.decode()]],
    }
    writer.write(response(200, json.dumps(said).encode(), "Content-Type: application/json"))


async def test_a_request_says_who_asks_and_which_one_it_is(egress: Egress) -> None:
    async with serving(always(response(204))) as server:
        result = await _perform(egress, _at(server, body=("{}",), content_type="application/json"))

    [heard] = server.heard
    assert heard.header("Idempotency-Key") == "session.visit"
    assert (heard.header("User-Agent") or "").startswith("Recado/")
    assert heard.header("Content-Type") == "application/json"
    assert (result.ok, result.status, result.value, result.error) == (True, 204, None, None)


async def test_the_author_s_headers_beat_ours(egress: Egress) -> None:
    theirs = ("user-agent", "IDEMPOTENCY-KEY", "content-type", "Authorization")
    async with serving(always(response(200))) as server:
        headers = tuple((name, ("mine",)) for name in theirs)
        basic = BasicAuth(("u",), ("p",))
        request = _at(server, headers=headers, body=("x",), content_type="a/b", basic=basic)
        await _perform(egress, request)

    [heard] = server.heard
    for name in theirs:
        assert [value for each, value in heard.headers if each.lower() == name.lower()] == ["mine"]


async def test_secrets_go_in_as_their_place_demands(egress: Egress) -> None:
    async with serving(always(response(200))) as server:
        request = Http(
            "POST",
            (server.url("/", "a.example.com"), SecretRef("KEY", "url"), "/x?y=1#part"),
            headers=(("X-Key", ("k ", KEY)),),
            query=(("q", ("é ", KEY)), ("r", ("a&b",))),
            body=('{"k": "', SecretRef("KEY", "json"), '"}'),
            basic=BasicAuth(("ana",), (KEY,)),
        )
        await _perform(egress, request)

    [heard] = server.heard
    path, _, query = heard.path.partition("?")
    assert path == "/" + quote(SECRET, safe="") + "/x"
    assert parse_qsl(query) == [("y", "1"), ("q", f"é {SECRET}"), ("r", "a&b")]
    assert (heard.header("X-Key") or "").encode("latin-1").decode() == f"k {SECRET}"
    assert json.loads(heard.body) == {"k": SECRET}
    given = (heard.header("Authorization") or "").removeprefix("Basic ")
    assert base64.b64decode(given).decode() == f"ana:{SECRET}"


async def test_a_secret_that_was_pasted_with_its_line_break_still_works(egress: Egress) -> None:
    async with serving(_echo) as server:
        request = _at(server, headers=(("X-Key", (SecretRef("T"),)),))
        result = await perform(request, {"T": "token-1\r\n"}, egress, timeout=5, key="k", now=NOW)

    assert server.heard[0].header("X-Key") == "token-1"
    assert result.ok
    assert "token-1" not in repr(result)


async def test_what_comes_back_holds_no_secret_in_any_spelling(egress: Egress) -> None:
    async with serving(_echo) as server:
        request = Http(
            "POST",
            (server.url("/", "a.example.com"), SecretRef("KEY", "url")),
            headers=(("X-Key", (KEY,)), ("X-Pin", (SecretRef("PIN"),))),
            query=(("q", (KEY,)),),
            body=('"', SecretRef("KEY", "json"), '" ', KEY),
            basic=BasicAuth(("ana",), (KEY,)),
        )
        result = await _perform(egress, request)

    raw = msgspec.json.encode(result).decode()
    assert "•••" in raw
    plain = base64.b64encode(f"ana:{SECRET}".encode()).decode()
    for spelling in (SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), plain):
        assert spelling not in repr(result)
        assert json.dumps(spelling)[1:-1] not in raw
    assert "123456789012" not in raw


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("kind", ["application/json", "text/html", "text/plain"])
async def test_answers_and_errors_are_masked(egress: Egress, status: int, kind: str) -> None:
    text = f"no such token: {SECRET}!" * 300
    body = json.dumps({"e": text, SECRET: [123456789012]}) if "json" in kind else text
    async with serving(always(response(status, body.encode(), f"Content-Type: {kind}"))) as server:
        headers = (("X-K", (KEY,)), ("X-P", (SecretRef("PIN"),)))
        result = await _perform(egress, _at(server, headers=headers))

    whole = json.dumps(msgspec.to_builtins(result), ensure_ascii=False)
    assert "•••" in whole
    for part in ("S3", "cr/t", "123456789012"):
        assert part not in whole
    assert (result.error, result.detail != "") == (
        (None, False) if status == 200 else ("bad_status", True)
    )


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        ("application/json", b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        ("application/problem+json; charset=utf-8", b'"x"', "x"),
        ("application/json", b"\xef\xbb\xbf[1]", [1]),
        ("application/json; charset=ISO-8859-1", '{"a":"é"}'.encode("latin-1"), {"a": "é"}),
        ("application/json", b"{not json", "{not json"),
        ("application/json", b"[" * 50_000, "[" * 50_000),
        ("application/json", b"[" * 200 + b"]" * 200, "[" * 200 + "]" * 200),
        ("application/json", b'"a\\u0000b"', "ab"),
        ("application/json", b"", None),
        ("application/json", b"  ", None),
        ("text/plain", b'{"a": 1}', '{"a": 1}'),
        ("text/plain; charset=windows-1252", b"\xe9\x80", "é€"),
        ("text/plain; charset=rot13", b"abc", "abc"),
        ("text/plain", b"a\0b\xff", "ab�"),
        ("image/png", b"\x89PNG", "�PNG"),
    ],
)
async def test_a_body_becomes_a_value(
    egress: Egress, kind: str, body: bytes, value: object
) -> None:
    async with serving(always(response(200, body, f"Content-Type: {kind}"))) as server:
        result = await _perform(egress, _at(server))

    assert (result.ok, result.value) == (True, value)


async def test_without_a_content_type_json_is_tried(egress: Egress) -> None:
    async with serving(
        by_path({"/j": response(200, b'{"a":1}'), "/t": response(200, b"hello")})
    ) as server:
        values = [(await _perform(egress, _at(server, path))).value for path in ("/j", "/t")]

    assert values == [{"a": 1}, "hello"]


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503, 304])
async def test_an_error_of_the_service_has_its_status_value_and_words(
    egress: Egress, status: int
) -> None:
    body = b"" if status == 304 else b'{"erro":\n "nao  existe"}'
    async with serving(always(response(status, body, "Content-Type: application/json"))) as server:
        result = await _perform(egress, _at(server))

    value, detail = (
        (None, "") if status == 304 else ({"erro": "nao  existe"}, '{"erro": "nao existe"}')
    )
    assert (result.ok, result.status, result.error) == (False, status, "bad_status")
    assert (result.value, result.detail) == (value, detail)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
async def test_a_secret_in_another_language_s_escapes_is_masked(
    egress: Egress, status: int, kind: str
) -> None:
    php = json.dumps(SECRET)[1:-1].replace("/", "\\/").replace("&", "\\u0026")
    body = f'{{"log": "token {php} not known"}}'.encode()
    async with serving(always(response(status, body, f"Content-Type: {kind}"))) as server:
        result = await _perform(egress, _at(server, headers=(("X", (KEY,)),)))

    whole = json.dumps(msgspec.to_builtins(result), ensure_ascii=False)
    assert "token ••• not known" in whole
    assert "S3" not in whole
    assert "token ••• not known" in result.detail or status == 200


async def test_a_body_over_a_megabyte_is_an_error(egress: Egress) -> None:
    async with serving(always(response(200, b"x" * (MOST_BYTES + 1)))) as server:
        result = await _perform(egress, _at(server))

    assert (result.ok, result.error, result.value) == (False, "too_large", None)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://10.0.0.1/", "address_refused"),
        ("http://93.184.215.14:25/", "address_refused"),
        ("file:///etc/passwd", "bad_address"),
        ("example.com", "bad_address"),
        ("http://u:p@example.com/", "bad_address"),
        ("http://nowhere.example.com/", "not_reached"),
        ("http://a.example.com:1/", "not_reached"),
    ],
)
async def test_an_address_that_does_not_work(egress: Egress, url: str, error: str) -> None:
    result = await _perform(egress, Http("GET", (url,)))

    assert (result.ok, result.error, result.status) == (False, error, None)
    assert result.detail.endswith(".")


async def test_a_service_that_takes_too_long(egress: Egress) -> None:
    over = asyncio.Event()

    async def hang(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with serving(hang) as server:
        result = await _perform(egress, _at(server), timeout=0.2)
        over.set()

    assert (result.ok, result.error) == (False, "timeout")
    assert result.ms > 0


async def test_a_secret_that_does_not_exist_sends_nothing(egress: Egress) -> None:
    async with serving(always(response(200))) as server:
        gone = SecretRef("GONE")
        results = [
            await _perform(egress, _at(server, headers=(("X", (gone,)),))),
            await _perform(egress, _at(server, basic=BasicAuth(("u",), (gone,)))),
            await _perform(egress, _at(server, sign="GONE")),
        ]

    assert {(r.ok, r.error, r.detail) for r in results} == {(False, "secret_missing", "GONE")}
    assert server.connections == 0


async def test_every_word_for_what_goes_wrong_is_explained() -> None:
    assert {*ERRORS.values(), "bad_address", "bad_status"} <= set(reasons.CALL_ERRORS)


async def test_a_webhook_is_signed_over_what_is_sent(egress: Egress) -> None:
    async with serving(always(response(200))) as server:
        forged = ("webhook-signature", ("forged",))
        request = _at(server, body=('{"k":"', KEY, '"}'), sign="PIN", headers=(forged,))
        await _perform(egress, request)

    [heard] = server.heard
    body = f'{{"k":"{SECRET}"}}'.encode()
    signed = sign("123456789012", id="session.visit", timestamp=int(NOW.timestamp()), body=body)
    for name, value in signed.items():
        assert [each for key, each in heard.headers if key.lower() == name] == [value]


async def test_secrets_do_not_follow_a_redirect_to_another_origin(egress: Egress) -> None:
    async with serving(_echo) as other:
        location = f"Location: {other.url('/', 'b.example.com')}"
        async with serving(always(response(307, b"", location))) as server:
            headers = (("X-K", (KEY,)), ("X-Open", ("1",)))
            result = await _perform(egress, _at(server, headers=headers, sign="PIN"))
            secret_body = await _perform(egress, _at(server, body=(KEY,)))

    [heard] = other.heard
    assert heard.names() & {"x-k", "x-open", "webhook-signature"} == {"x-open"}
    assert (result.ok, secret_body.error) == (True, "redirected")
