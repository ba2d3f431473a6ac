"""Redirects are followed as browsers do it, and what is secret stays with the origin."""

import pytest

from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressRefused
from recado.calls.redirects import MOST
from tests.calls.servers import always, by_path, response, serving

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "POST", "GET", b""),
        (303, "POST", "GET", b""),
        (303, "PUT", "GET", b""),
        (303, "HEAD", "HEAD", b"x"),
        (301, "PUT", "PUT", b"x"),
        (302, "DELETE", "DELETE", b"x"),
        (307, "POST", "POST", b"x"),
        (308, "PATCH", "PATCH", b"x"),
    ],
)
async def test_a_redirect_changes_the_method_as_browsers_do(
    egress: Egress, status: int, method: str, then: str, body: bytes
) -> None:
    answers = {"/": response(status, b"", "Location: next?x=1"), "/next": response(200, b"")}
    async with serving(by_path(answers)) as server:
        url, headers = server.url(host="a.example.com"), [("Content-Type", "text/x")]
        await egress.request(method, url, headers=headers, body=b"x", timeout=5)

    _, second = server.heard
    assert (second.method, second.path, second.body) == (then, "/next?x=1", body)
    assert (second.header("Content-Type") == "text/x") == bool(body)


async def test_an_answer_without_a_place_to_go_is_the_answer(egress: Egress) -> None:
    answers = {"/a": response(302, b"x"), "/b": response(304), "/c": response(300, b"y")}
    async with serving(by_path(answers)) as server:
        statuses = [
            (await egress.request("GET", server.url(path, "a.example.com"), timeout=5)).status
            for path in answers
        ]

    assert statuses == [302, 304, 300]


async def test_credentials_stay_with_the_origin(egress: Egress) -> None:
    secrets = [
        ("Authorization", "Bearer s"),
        ("Cookie", "c=1"),
        ("X-Api-Key", "k"),
        ("X-Open", "1"),
    ]
    async with serving(always(response(200))) as other:
        elsewhere = f"Location: {other.url('/there', 'b.example.com')}"
        answers = {
            "/": response(307, b"", "Location: /same"),
            "/same": response(307, b"", elsewhere),
        }
        async with serving(by_path(answers)) as server:
            await egress.request(
                "POST",
                server.url(host="a.example.com"),
                headers=secrets,
                body=b"x",
                timeout=5,
                secret_headers=["x-api-KEY"],
            )

    first, same = server.heard
    [there] = other.heard
    assert {"authorization", "cookie", "x-api-key"} <= first.names() & same.names()
    assert there.names() & {"authorization", "cookie", "x-api-key", "x-open"} == {"x-open"}
    assert there.body == b"x"


@pytest.mark.parametrize("host", ["a.example.com", "b.example.com"])
async def test_another_port_or_host_is_another_origin(egress: Egress, host: str) -> None:
    async with serving(always(response(200))) as other:
        location = f"Location: {other.url('/', host)}"
        async with serving(always(response(302, b"", location))) as server:
            url = server.url(host="a.example.com")
            await egress.request("GET", url, headers=[("Authorization", "s")], timeout=5)

    assert "authorization" not in other.heard[0].names()


@pytest.mark.parametrize(("status", "arrives"), [(307, False), (308, False), (302, True)])
async def test_a_secret_body_does_not_go_to_another_origin(
    egress: Egress, status: int, arrives: bool
) -> None:
    async with serving(always(response(200))) as other:
        location = f"Location: {other.url('/', 'b.example.com')}"
        async with serving(always(response(status, b"", location))) as server:
            sending = egress.request(
                "POST", server.url(host="a.example.com"), body=b"s", timeout=5, secret_body=True
            )
            if arrives:
                await sending
            else:
                with pytest.raises(EgressRefused, match="redirected"):
                    await sending

    assert [heard.body for heard in other.heard] == ([b""] if arrives else [])


async def test_redirects_come_to_an_end(egress: Egress) -> None:
    async with serving(always(response(302, b"", "Location: /"))) as server:
        with pytest.raises(EgressRefused) as refused:
            await egress.request("GET", server.url(host="a.example.com"), timeout=5)

    assert (refused.value.code, len(server.heard)) == ("redirects", 1 + MOST)


async def test_as_many_redirects_as_allowed_are_followed(egress: Egress) -> None:
    answers = {f"/{n}": response(302, b"", f"Location: /{n + 1}") for n in range(MOST)}
    async with serving(by_path({**answers, f"/{MOST}": response(200, b"here")})) as server:
        answer = await egress.request("GET", server.url("/0", "a.example.com"), timeout=5)

    assert (answer.body, answer.url) == (b"here", server.url(f"/{MOST}", "a.example.com"))
