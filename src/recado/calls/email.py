"""Sends an e-mail by the installation's own mail server, which whoever runs Recado names and trusts."""

import asyncio
import base64
import re
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from msgspec import structs

from recado.calls.masks import Mask
from recado.engine.events import CallResult
from recado.engine.requests import Email

StartTls = Literal["always", "offered", "never"]

PORTS = {"smtps": 465, "smtp": 25}
SUBMISSION = 587  # RFC 6409: where one signs in
# No space, no bracket, no separator, nothing beyond ASCII: an address can never become another line or recipient.
ADDRESS = re.compile(r"[!#$%&'*+/=?^_`{|}~A-Za-z0-9.-]{1,64}@[A-Za-z0-9.-]{1,253}")
UNFIT = ("Cc", "Cs", "Zl", "Zp")
DETAIL = 500  # characters of the server's own words
GOODBYE = 1.0  # seconds that a server has to answer QUIT
# Headers and body as 7-bit text, whatever the server can do; lines end as RFC 5321 wants them.
POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server: where it is, who signs in there, whom mails come from, and how the connection is encrypted."""

    host: str
    port: int
    sender: str
    name: str = ""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    start_tls: StartTls = "offered"

    @staticmethod
    def parse(url: str) -> "Smtp":
        """Reads `smtp://user:password@host:port?from=Loja <bot@loja.com>&starttls=always`; ValueError says what is wrong.

        `smtps` encrypts from the first byte. Without `starttls` a password only goes over an encrypted connection.
        """
        parts = urlsplit(url)
        there = parts.scheme in PORTS and parts.hostname and parts.port != 0
        if not there or parts.path.strip("/") or parts.fragment or not parts.hostname:
            raise ValueError("not a mail server's URL")
        username = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        if (username is None) != (password is None):
            raise ValueError("a user and a password belong together")
        options = _options(parts.query)
        whole = options.get("from", username or "")
        name, sender = parseaddr(whole)
        if not ADDRESS.fullmatch(sender) or _line(whole) != whole:
            raise ValueError("no address that mails come from")
        usual = SUBMISSION if parts.scheme == "smtp" and username else PORTS[parts.scheme]
        return Smtp(
            host=parts.hostname,
            port=parts.port or usual,
            sender=sender,
            name=_line(name),
            username=username,
            password=password,
            tls=parts.scheme == "smtps",
            start_tls=_start_tls(options.get("starttls"), signs_in=username is not None),
        )


async def perform(
    request: Email,
    smtp: Smtp | None,
    *,
    timeout: float,  # noqa: ASYNC109 the limit belongs to the request
) -> CallResult:
    """Sends an e-mail and says what came of it, never raising for anything that a server or an author does.

    It worked when the server took it for at least one recipient; `value` names those that it refused.
    """
    if smtp is None:
        return CallResult(ok=False, error="smtp_missing")
    began = time.monotonic()
    result = await _result(request, smtp, timeout)
    detail = Mask(_secrets(smtp)).text(" ".join(result.detail.split()))[:DETAIL]
    return structs.replace(result, detail=detail, ms=round((time.monotonic() - began) * 1000))


async def _result(request: Email, smtp: Smtp, seconds: float) -> CallResult:
    client = _client(smtp, seconds)
    try:
        async with asyncio.timeout(seconds):
            await client.connect()
            refused, _ = await client.send_message(
                _message(request, smtp), sender=smtp.sender, recipients=list(request.to)
            )
        # It is sent: how the goodbye goes changes nothing.
        with suppress(SMTPException, OSError):
            async with asyncio.timeout(GOODBYE):
                await client.quit()
    except TimeoutError:
        return CallResult(ok=False, error="timeout")
    except OSError as problem:
        return CallResult(ok=False, error="not_reached", detail=_words(problem))
    except (SMTPException, ValueError) as problem:
        return CallResult(ok=False, error="not_sent", detail=_words(problem))
    finally:
        client.close()
    words = "; ".join(f"{address}: {reply}" for address, reply in refused.items())
    return CallResult(ok=True, value={"refused": sorted(refused)}, detail=words)


def _secrets(smtp: Smtp) -> list[str]:
    """Lists what a server could repeat of how we signed in: the password, and the word that AUTH PLAIN makes of it."""
    if smtp.username is None or smtp.password is None:
        return []
    pair = f"\0{smtp.username}\0{smtp.password}"
    return [
        smtp.password,
        *(base64.b64encode(text.encode()).decode() for text in (pair, smtp.password)),
    ]


def _client(smtp: Smtp, seconds: float) -> aiosmtplib.SMTP:
    wanted: dict[StartTls, bool | None] = {"always": True, "offered": None, "never": False}
    return aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        username=smtp.username,
        password=smtp.password,
        use_tls=smtp.tls,
        start_tls=False if smtp.tls else wanted[smtp.start_tls],
        # Else the library asks the DNS who we are.
        local_hostname=smtp.sender.rpartition("@")[2],
        timeout=seconds,
    )


def _message(request: Email, smtp: Smtp) -> EmailMessage:
    """Writes the mail; the library refuses a header with a line break, and here none gets so far."""
    for address in request.to:
        if not ADDRESS.fullmatch(address):
            raise ValueError(f"{address} is no address")
    message = EmailMessage(policy=POLICY)
    message["From"] = f'"{_quoted(smtp.name)}" <{smtp.sender}>' if smtp.name else smtp.sender
    message["To"] = ", ".join(request.to)
    message["Subject"] = _line(request.subject)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=smtp.sender.rpartition("@")[2])
    # RFC 3834: nobody's out-of-office answers this.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_storable(request.body))
    return message


def _options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, strict_parsing=True) if query else []
    options = dict(pairs)
    if not options.keys() <= {"from", "starttls"} or len(options) < len(pairs):
        raise ValueError("an option that does not exist, or twice")
    return options


def _start_tls(word: str | None, *, signs_in: bool) -> StartTls:
    match word:
        case "always" | "offered" | "never":
            return word
        case None:
            return "always" if signs_in else "offered"
    raise ValueError("starttls is always, offered or never")


def _line(text: str) -> str:
    """Makes one line of a text: no control sign, no separator of lines, no half of a character."""
    signs = (" " if unicodedata.category(sign) in UNFIT else sign for sign in text)
    return " ".join("".join(signs).split())


def _quoted(name: str) -> str:
    return name.replace("\\", "").replace('"', "")


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _words(problem: Exception) -> str:
    """Gives the server's own words about what it refused."""
    match problem:
        case SMTPRecipientsRefused(recipients=recipients):
            return "; ".join(f"{each.recipient}: {each.code} {each.message}" for each in recipients)
        case SMTPResponseException(code=code, message=message):
            return f"{code} {message}"
    return str(problem)
