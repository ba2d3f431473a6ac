"""The egress against real servers on this machine, reached only because the test opens them."""

import pytest

from recado.calls.egress import KEPT_SECONDS, Egress
from recado.calls.egress_errors import EgressError, EgressRefused
from tests.calls.servers import (
    HOSTS,
    Names,
    always,
    by_path,
    going_out,
    outcome,
    response,
    serving,
    trap,
)

pytestmark = pytest.mark.asyncio


async def test_a_request_goes_out_whole_and_its_answer_comes_back(egress: Egress) -> None:
    async with serving(always(response(201, b'{"id":7}', "X-Kind: order"))) as server:
        answer = await egress.request(
            "post",
            server.url("/orders?a=1&b=%2F#part", "a.example.com"),
            headers=[("X-One", "1"), ("Content-Type", "application/json"), ("X-Nome", "Zé")],
            body=b'{"a":1}',
            timeout=5,
        )

    assert (answer.status, answer.body, answer.header("x-kind")) == (201, b'{"id":7}', "order")
    assert answer.url == server.url("/orders?a=1&b=%2F", "a.example.com")
    [heard] = server.heard
    assert (heard.line, heard.body) == ("POST /orders?a=1&b=%2F HTTP/1.1", b'{"a":1}')
    assert heard.header("Host") == f"a.example.com:{server.port}"
    assert heard.header("X-Nome") == "Zé".encode().decode("latin-1")
    assert heard.names() == {
        *("host", "accept", "accept-encoding", "content-length"),
        *("x-one", "x-nome", "content-type"),
    }


async def test_headers_of_the_connection_are_ours(egress: Egress) -> None:
    theirs = ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding"]
    async with serving(always(response(200))) as server:
        url = server.url(host="a.example.com")
        await egress.request("GET", url, headers=[(each, "9") for each in theirs], timeout=5)

    [heard] = server.heard
    assert "9" not in [value for _, value in heard.headers]


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-A", "1\r\nX-B: 2"), ("X-A", "1\n"), ("X-A", "\0"), ("X A", "1"), ("", "1"), ("X:", "1")],
)
async def test_a_header_that_breaks_the_line_is_refused(
    egress: Egress, name: str, value: str
) -> None:
    async with serving(always(response(200))) as server:
        url = server.url(host="a.example.com")
        with pytest.raises(EgressRefused) as refused:
            await egress.request("GET", url, headers=[(name, value)], timeout=5)

    assert (refused.value.code, server.connections) == ("header", 0)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "GET /x", "", "GET\r\n"])
async def test_a_method_that_is_none_of_ours_is_refused(egress: Egress, method: str) -> None:
    with pytest.raises(EgressRefused) as refused:
        await egress.request(method, "http://a.example.com/", timeout=5)

    assert refused.value.code == "method"


async def test_cookies_are_not_kept(egress: Egress) -> None:
    set_cookie = ("Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Domain=example.com")
    answers = {"/": response(302, b"", "Location: /x", *set_cookie), "/x": response(200)}
    async with serving(by_path(answers)) as server:
        for path in ("/", "/x"):
            await egress.request("GET", server.url(path, "a.example.com"), timeout=5)

    assert len(server.heard) == 3
    assert all("cookie" not in heard.names() for heard in server.heard)


async def test_proxies_and_passwords_of_the_environment_are_ignored(
    egress: Egress, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine a.example.com login u password p\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with serving(always(response(200, b"proxy"))) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        async with serving(always(response(200, b"direct"))) as server:
            answer = await egress.request("GET", server.url(host="a.example.com"), timeout=5)

    assert (answer.body, proxy.connections) == (b"direct", 0)
    assert "authorization" not in server.heard[0].names()


async def test_a_port_where_nobody_listens(egress: Egress) -> None:
    async with serving(always(response(200))) as server:
        pass

    assert await outcome(egress, server.url(host="a.example.com")) == "connect"


async def test_a_server_without_tls(egress: Egress) -> None:
    async with trap() as plain:
        assert await outcome(egress, f"https://a.example.com:{plain.port}/") == "tls"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("", "/"),
        ("?q", "/?q"),
        ("/a%2Fb;c=1/%7Ex?x=%2F&y=a+b&z=[1]", "/a%2Fb;c=1/%7Ex?x=%2F&y=a+b&z=[1]"),
        ("/ação?é=ü", "/a%C3%A7%C3%A3o?%C3%A9=%C3%BC"),
        ('/100%/{a}|"b"?<c>', "/100%25/%7Ba%7D%7C%22b%22?%3Cc%3E"),
        ("/a/../b//c/./?#x?y", "/a/../b//c/./"),
    ],
)
async def test_path_and_query_go_out_as_they_were_written(
    egress: Egress, written: str, sent: str
) -> None:
    async with serving(always(response(200))) as server:
        await egress.request("GET", server.url(written, "a.example.com"), timeout=5)

    assert server.heard[0].path == sent


async def test_a_name_that_does_not_exist(egress: Egress) -> None:
    assert await outcome(egress, "http://nowhere.example.com/") == "dns"


async def test_what_goes_wrong_is_said_in_plain_words_without_what_was_sent(
    egress: Egress,
) -> None:
    errors: list[EgressError] = []
    headers = [("Authorization", "Bearer s3cret")]
    for url in (
        "http://u:s3cret@a.example.com/",
        "http://10.0.0.1/?k=s3cret",
        "ftp://s3cret/",
        "http://nowhere.example.com/s3cret",
        "http://a.example.com:1/s3cret",
    ):
        with pytest.raises(EgressError) as caught:
            await egress.request("POST", url, headers=headers, body=b"s3cret", timeout=5)
        errors.append(caught.value)

    assert [error.code for error in errors] == ["userinfo", "address", "scheme", "dns", "connect"]
    for error in errors:
        assert "s3cret" not in f"{error}{error!r}{error.__cause__!r}"
        assert error.__suppress_context__ or error.__context__ is None
        assert str(error).endswith(".")


async def test_connections_are_used_again_but_not_for_long(egress: Egress) -> None:
    async with serving(always(response(200, b"x"))) as server:
        for _ in range(3):
            await egress.request("GET", server.url(host="a.example.com"), timeout=5)

    assert (server.connections, len(server.heard)) == (1, 3)
    assert KEPT_SECONDS < 5


async def test_a_network_and_a_port_can_be_opened_alone() -> None:
    async with serving(always(response(200))) as server, serving(always(response(200))) as other:
        async with going_out(f"127.0.0.1:{server.port}") as egress:
            assert await outcome(egress, server.url()) == 0
            assert await outcome(egress, other.url()) == "address"
        async with going_out("127.0.0.0/8", Names.fixed(HOSTS)) as egress:
            assert await outcome(egress, server.url()) == 0
            assert await outcome(egress, server.url(host="a.example.com")) == 0
            assert await outcome(egress, f"http://[::1]:{server.port}/") == "address"


async def test_the_system_s_own_resolver_is_asked_where_no_other_is_given() -> None:
    async with serving(always(response(200, b"x"))) as server:
        egress = Egress()
        try:
            assert await outcome(egress, server.url(host="localhost")) == "address"
            assert await outcome(egress, "http://no-such-name.invalid/") == "dns"
            assert server.connections == 0
        finally:
            await egress.close()
