"""A mail server for tests: speaks enough SMTP to take a mail, and does as it is told."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "bot@loja.example", "senha:ü 1"
AUTH = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()


@dataclass
class FakeSmtp:
    """Keeps what it was sent. `answers` by a command's first words replace its own; None: it says nothing any more."""

    tls: ssl.SSLContext | None = None
    from_the_start: bool = False
    signs_in: bool = False
    answers: Mapping[str, str | None] = field(default_factory=dict)
    port: int = 0
    heard: list[str] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    def mail(self) -> EmailMessage:
        """Reads the only mail that came."""
        [raw] = self.mails
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talks with one client."""
        try:
            await _Talk(self, reader, writer).run()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Talk:
    def __init__(
        self, server: FakeSmtp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.sender, self.recipients = "", list[str]()
        self.encrypted = server.from_the_start

    async def run(self) -> None:
        await self.say("", "220 fake ESMTP")
        while line := (await self.reader.readline()).decode().rstrip("\r\n"):
            self.server.heard.append(line)
            if not await self.take(line):
                return

    async def say(self, line: str, usual: str) -> bool:
        """Answers a command; says whether it went well."""
        told = self.server.answers
        key = next((key for key in told if line.startswith(key) and (key or not line)), None)
        reply = usual if key is None else told[key]
        if reply is None:
            await self.reader.read()  # silent until the client goes away
            return False
        self.writer.write(f"{reply}\r\n".encode())
        await self.writer.drain()
        return reply[0] in "23"

    async def take(self, line: str) -> bool:
        """Does what a command asks for; says whether the talk goes on."""
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                return await self.greet()
            case "STARTTLS":
                return await self.encrypt(line)
            case "AUTH":
                right = rest.split()[-1] == AUTH
                await self.say(line, "235 welcome" if right else f"535 no, not {rest}")
            case "MAIL":
                if await self.say(line, "250 ok"):
                    self.sender, self.recipients = rest, []
            case "RCPT":
                if await self.say(line, "250 ok"):
                    self.recipients.append(rest)
            case "DATA":
                if await self.say(line, "354 go on"):
                    return await self.body()
            case "QUIT":
                await self.say(line, "221 bye")
                return False
            case _:
                await self.say(line, "250 ok")
        return True

    async def greet(self) -> bool:
        offers = ["SIZE 1000000"]
        offers += ["STARTTLS"] if self.server.tls and not self.encrypted else []
        offers += ["AUTH PLAIN"] if self.server.signs_in else []
        lines = [f"250-{each}" for each in ["fake", *offers]]
        return await self.say("EHLO", "\r\n".join([*lines, "250 HELP"]))

    async def encrypt(self, line: str) -> bool:
        if not await self.say(line, "220 ready"):
            return False
        assert self.server.tls is not None
        await self.writer.start_tls(self.server.tls)
        self.encrypted = True
        return True

    async def body(self) -> bool:
        raw = await self.reader.readuntil(b"\r\n.\r\n")
        self.server.envelopes.append((self.sender, self.recipients))
        self.server.mails.append(raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
        self.server.encrypted.append(self.encrypted)
        return await self.say("END OF DATA", "250 taken")


@asynccontextmanager
async def fake_smtp(
    *,
    tls: ssl.SSLContext | None = None,
    from_the_start: bool = False,
    signs_in: bool = False,
    answers: Mapping[str, str | None] | None = None,
) -> AsyncIterator[FakeSmtp]:
    """Runs a mail server on a free port of this machine."""
    fake = FakeSmtp(tls, from_the_start, signs_in, answers or {})
    server = await asyncio.start_server(
        fake.serve, "127.0.0.1", 0, ssl=tls if from_the_start else None
    )
    fake.port = server.sockets[0].getsockname()[1]
    async with server:
        yield fake


def certificate(folder: Path, now: datetime) -> tuple[ssl.SSLContext, Path]:
    """Makes a certificate for 127.0.0.1: what the server shows, and the file that a client must trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    for extension in (
        x509.SubjectAlternativeName([x509.DNSName("localhost")]),
        x509.BasicConstraints(ca=True, path_length=None),
    ):
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(key, hashes.SHA256())
    own, trusted = folder / "own.pem", folder / "trusted.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    own.write_bytes(private + trusted.read_bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    return context, trusted
