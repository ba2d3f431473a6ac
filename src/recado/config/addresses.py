"""Reads the addresses in settings; a wrong one is a ValueError."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qsl, unquote, urlsplit

# An address, or a name and an address in angle brackets.
SENDER = re.compile(
    r"(?:[^<>\r\n]*<)?[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}>?", re.ASCII
)
HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")


def web_address(value: str) -> str:
    """Reads an http or https URL without a query, and leaves its last slash out."""
    parts = urlsplit(value)
    whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if not whole or parts.query or parts.fragment:
        raise ValueError("not a web address")
    return value.rstrip("/")


def origin(value: str) -> str:
    """Reads the origin of a front end."""
    address = web_address(value)
    if urlsplit(address).path:
        raise ValueError("an origin has no path")
    return address


def mail_server(value: str) -> str:
    """Checks the URL of a mail server; `calls/email.py` reads it."""
    parts = urlsplit(value)
    pairs = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    options = dict(pairs)
    whole = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    if not whole or parts.path.strip("/") or parts.fragment:
        raise ValueError("not a mail server's address")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("a user and a password belong together")
    if not options.keys() <= {"from", "starttls"} or len(options) < len(pairs):
        raise ValueError("no such option")
    if options.get("starttls", "always") not in ("always", "offered", "never"):
        raise ValueError("no such way of encrypting")
    if not SENDER.fullmatch(options.get("from", unquote(parts.username or ""))):
        raise ValueError("no address that mails come from")
    return value


def opened(value: str) -> str:
    """Reads a network, or a host with or without a port (`crm.local`, `10.0.0.7:8080`, `[fd00::7]:8080`)."""
    if "/" in value:
        return str(ip_network(value))
    host, port = _parted(value)
    if not 1 <= int(port or 1) <= 65535:
        raise ValueError("no such port")
    # What ends in digits is an address; a name never does.
    if ":" in host or host.rpartition(".")[2].isdigit():
        ip_address(host)
    elif not HOST.fullmatch(host):
        raise ValueError("not a host")
    return value.lower()


def _parted(value: str) -> tuple[str, str]:
    whole = re.fullmatch(r"\[([^\]]+)\](?::([0-9]{1,5}))?|([^:]+)(?::([0-9]{1,5}))?", value)
    if whole is None:
        return value, ""
    return whole[1] or whole[3], whole[2] or whole[4] or ""
