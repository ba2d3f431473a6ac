"""E-mails, sent to a mail server that really listens: what arrives, and what is said where it does not."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recado.calls.email import Smtp, perform
from recado.engine.events import CallResult
from recado.engine.requests import Email
from tests.calls.fake_smtp import AUTH, PASSWORD, USER, FakeSmtp, certificate, fake_smtp
from tests.calls.smtp_urls import RIGHT, WRONG

ANA, BIA = "ana@example.com", "bia@example.com"
SIGNED_IN: dict[str, Any] = {"username": USER, "password": PASSWORD}


def order(*to: str, subject: str = "Pedido nº 7", body: str = "Olá, Ana!\n\nAté logo.") -> Email:
    return Email(to or (ANA,), subject, body)


def at(server: FakeSmtp, **more: Any) -> Smtp:
    """How to reach a server; by a name, since that is what certificates are for."""
    options = {"name": "Loja do Zé", "start_tls": "never", **more}
    return Smtp("localhost", server.port, "bot@loja.example", **options)


async def sent(server: FakeSmtp, request: Email | None = None, **more: Any) -> CallResult:
    return await perform(request or order(), at(server, **more), timeout=10)


# What arrives.


@pytest.mark.asyncio
async def test_a_mail_arrives() -> None:
    async with fake_smtp() as server:
        result = await sent(server, order(ANA, BIA))

    mail = server.mail()
    assert (result.ok, result.value, result.detail) == (True, {"refused": []}, "")
    [(sender, recipients)] = server.envelopes
    assert sender.startswith("FROM:<bot@loja.example>")
    assert recipients == [f"TO:<{ANA}>", f"TO:<{BIA}>"]
    assert mail["From"] == "Loja do Zé <bot@loja.example>"
    assert mail["To"] == f"{ANA}, {BIA}"
    assert mail["Subject"] == "Pedido nº 7"
    assert mail.get_content().splitlines() == ["Olá, Ana!", "", "Até logo."]
    assert mail.get_content_type() == "text/plain"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@loja.example>")
    assert mail["Date"]
    assert server.heard[0] == "EHLO loja.example"
    assert server.heard[-1] == "QUIT"


@pytest.mark.asyncio
async def test_every_mail_has_its_own_id() -> None:
    async with fake_smtp() as server:
        await sent(server)
        await sent(server)

    ids = [line for mail in server.mails for line in mail.splitlines() if b"Message-ID" in line]
    assert len(set(ids)) == 2


@pytest.mark.asyncio
async def test_a_mail_is_seven_bits_in_short_lines() -> None:
    long = "ação " * 2_000 + "\n.\n.ponto\r\x00\ud800 fim"
    async with fake_smtp() as server:
        result = await sent(server, order(subject="ação 👩‍👩‍👧 " * 40, body=long))

    assert result.ok
    [raw] = server.mails
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    mail = server.mail()
    assert "👩‍👩‍👧" in mail["Subject"]
    first, *others = mail.get_content().splitlines()
    assert first.startswith("ação ação")
    assert others == [".", ".ponto", "? fim"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "subject",
    [
        "Oi\r\nBcc: eve@example.com",
        "Oi\nBcc: eve@example.com\n\nBody",
        "Oi\rBcc: eve@example.com",
        "Oi\u2028Bcc: eve@example.com",
        "Oi\x0bBcc: eve@example.com",
        "Oi\x85Bcc: eve@example.com",
        "Oi\ud800\r\n\r\nBcc: eve@example.com",
    ],
)
async def test_no_subject_becomes_another_header(subject: str) -> None:
    async with fake_smtp() as server:
        assert (await sent(server, order(subject=subject))).ok

    mail = server.mail()
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Oi Bcc: eve@example.com")
    assert server.envelopes[0][1] == [f"TO:<{ANA}>"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "address",
    [
        "eve@example.com, mal@example.com",
        "eve@example.com>\r\nRCPT TO:<mal@example.com",
        "eve@example.com\r\nBcc: mal@example.com",
        "Eve <eve@example.com>",
        '"eve"@example.com',
        "eve@exämple.com",
        "eve",
        "",
    ],
)
async def test_what_is_no_single_address_is_never_tried(address: str) -> None:
    async with fake_smtp() as server:
        result = await sent(server, order(ANA, address))

    assert (result.ok, result.error) == (False, "not_sent")
    assert server.envelopes == []
    assert not [line for line in server.heard if line.startswith(("MAIL", "RCPT"))]


# How we sign in.


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A certificate that this process trusts."""
    context, trusted = certificate(tmp_path, datetime.now(UTC))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return context


@pytest.mark.asyncio
async def test_signs_in_over_a_connection_that_is_encrypted_on_the_way(tls: Any) -> None:
    async with fake_smtp(tls=tls, signs_in=True) as server:
        result = await sent(server, **SIGNED_IN, start_tls="always")

    assert result.ok
    assert server.encrypted == [True]
    assert f"AUTH PLAIN {AUTH}" in server.heard


@pytest.mark.asyncio
async def test_signs_in_over_a_connection_that_is_encrypted_from_the_start(tls: Any) -> None:
    async with fake_smtp(tls=tls, from_the_start=True, signs_in=True) as server:
        result = await sent(server, **SIGNED_IN, tls=True)

    assert result.ok
    assert server.encrypted == [True]


@pytest.mark.asyncio
@pytest.mark.parametrize("encrypts", [True, False])
async def test_takes_what_encryption_is_offered(tls: Any, *, encrypts: bool) -> None:
    async with fake_smtp(tls=tls if encrypts else None) as server:
        result = await sent(server, start_tls="offered")

    assert result.ok
    assert server.encrypted == [encrypts]


@pytest.mark.asyncio
async def test_no_password_goes_over_a_line_that_anybody_can_read() -> None:
    async with fake_smtp(signs_in=True) as server:
        result = await sent(server, **SIGNED_IN, start_tls="always")

    assert (result.ok, result.error) == (False, "not_sent")
    assert "STARTTLS" in result.detail
    assert not [line for line in server.heard if line.startswith("AUTH")]


@pytest.mark.asyncio
async def test_no_password_goes_to_a_server_that_is_somebody_else(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path, datetime.now(UTC))
    async with fake_smtp(tls=context, signs_in=True) as server:
        result = await sent(server, **SIGNED_IN, start_tls="always")

    assert (result.ok, result.error) == (False, "not_reached")
    assert not [line for line in server.heard if line.startswith("AUTH")]


@pytest.mark.asyncio
async def test_a_password_that_is_refused_is_not_repeated() -> None:
    async with fake_smtp(
        signs_in=True, answers={"AUTH": f"535 {AUTH} is not {PASSWORD}"}
    ) as server:
        result = await sent(server, **SIGNED_IN)

    assert (result.ok, result.error) == (False, "not_sent")
    assert result.detail == "535 ••• is not •••"
    assert PASSWORD not in repr(at(server, **SIGNED_IN))


# What goes wrong.


@pytest.mark.asyncio
async def test_without_a_mail_server_nothing_is_sent() -> None:
    assert await perform(order(), None, timeout=1) == CallResult(ok=False, error="smtp_missing")


@pytest.mark.asyncio
async def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = await sent(FakeSmtp(port=taken.getsockname()[1]))

    assert (result.ok, result.error) == (False, "not_reached")
    assert result.detail


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "moment", ["", "EHLO", "MAIL", "RCPT", "DATA", "END OF DATA"], ids=lambda each: each or "hello"
)
async def test_a_server_that_says_nothing_any_more(moment: str) -> None:
    async with fake_smtp(answers={moment: None}) as server:
        result = await perform(order(), at(server), timeout=0.2)

    assert (result.ok, result.error) == (False, "timeout")


@pytest.mark.asyncio
async def test_a_server_that_does_not_say_goodbye_has_taken_the_mail() -> None:
    async with fake_smtp(answers={"QUIT": None}) as server:
        result = await perform(order(), at(server), timeout=10)

    assert result.ok
    assert len(server.mails) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("moment", "reply", "error"),
    [
        ("", "554 go away", "not_reached"),
        ("EHLO", "421 too busy", "not_sent"),
        ("MAIL", "550 who are you?", "not_sent"),
        ("RCPT", "550 no such user", "not_sent"),
        ("DATA", "451 later", "not_sent"),
        ("END OF DATA", "552 too large " + "x" * 800, "not_sent"),
    ],
)
async def test_a_server_that_refuses(moment: str, reply: str, error: str) -> None:
    async with fake_smtp(answers={moment: reply, "HELO": reply}) as server:
        result = await sent(server)

    assert (result.ok, result.error) == (False, error)
    assert reply.partition(" ")[2][:20] in result.detail
    assert len(result.detail) <= 500


@pytest.mark.asyncio
async def test_one_recipient_of_two_is_refused() -> None:
    async with fake_smtp(answers={f"RCPT TO:<{BIA}>": "550 no such user"}) as server:
        result = await sent(server, order(ANA, BIA))

    assert (result.ok, result.value) == (True, {"refused": [BIA]})
    assert "550 no such user" in result.detail
    assert server.envelopes[0][1] == [f"TO:<{ANA}>"]


# The setting.


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Smtp.parse(url)


def test_right_urls_are_read() -> None:
    first, second, third, fourth, fifth, sixth = map(Smtp.parse, RIGHT)

    assert first == Smtp(
        "mail.example.com", 2525, "bot@loja.example", "Loja", USER, "senha:1", start_tls="always"
    )
    assert (second.port, second.sender, second.start_tls) == (587, "bot@mail.example.com", "always")
    assert (third.port, third.tls, third.start_tls) == (25, False, "offered")
    assert (fourth.port, fourth.tls, fourth.start_tls) == (465, True, "never")
    assert (fifth.host, fifth.port) == ("::1", 25)
    assert (sixth.name, sixth.sender) == ("Loja do Zé", "ze@loja.example")
