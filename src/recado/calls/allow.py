"""What the operator opens beyond the public internet (`RECADO_EGRESS_ALLOW`)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Self

from recado.calls.public_addresses import Ip, unwrapped

Network = IPv4Network | IPv6Network
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?")
# `[fd00::7]:8080`, `crm.local:8080`; the port may be left out.
PLACE = re.compile(
    r"\[(?P<six>[^\]]+)\](?::(?P<port6>[0-9]{1,5}))?|(?P<host>[^:]+)(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class Allow:
    """Opened hosts and networks, each for one port or for all (None)."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def parse(cls, text: str | Iterable[str]) -> Self:
        """Reads hosts, host:port and networks, separated by commas; raises ValueError naming the bad item."""
        items = text.split(",") if isinstance(text, str) else text
        read = [_item(item.strip()) for item in items if item.strip()]
        return cls(
            hosts=frozenset((place, port) for place, port in read if isinstance(place, str)),
            networks=tuple((place, port) for place, port in read if not isinstance(place, str)),
        )

    def opens_host(self, host: str, port: int) -> bool:
        """Says whether a name is opened, whatever it resolves to."""
        return bool(self.hosts & {(host, None), (host, port)})

    def opens_address(self, ip: Ip, port: int) -> bool:
        """Says whether an address is in an opened network."""
        plain = unwrapped(ip)
        return any(plain in network and opened in (None, port) for network, opened in self.networks)


NONE = Allow()


def _item(item: str) -> tuple[str | Network, int | None]:
    try:
        return (ip_network(item), None) if "/" in item else _place(item.lower())
    except ValueError as problem:
        raise ValueError(f"{item!r} is neither a host, nor host:port, nor a network") from problem


def _place(item: str) -> tuple[str | Network, int | None]:
    found = PLACE.fullmatch(item)
    host = (found["six"] or found["host"]) if found else item
    number = (found["port6"] or found["port"]) if found else None
    port = int(number) if number else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("no such port")
    # What ends in digits is an address; a name never does.
    if ":" in host or host.rpartition(".")[2].isdigit():
        return ip_network(ip_address(host)), port
    if not HOST.fullmatch(host):
        raise ValueError("not a host")
    return host, port
