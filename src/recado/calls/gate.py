"""Decides which addresses may be connected to: asked when a name is resolved, and again when a socket is opened."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from recado.calls.allow import Allow
from recado.calls.egress_errors import EgressFailed, EgressRefused
from recado.calls.look_up import LookUp
from recado.calls.public_addresses import Ip, is_one_machine, is_public
from recado.calls.urls import BAD_PORTS, is_literal, read_host


@dataclass(frozen=True, slots=True)
class Address:
    """An address that may be reached, to be connected to as it is."""

    ip: str
    port: int
    family: socket.AddressFamily


@dataclass(slots=True)
class Aim:
    """The host that the running request wants to reach, and why its socket was refused, if it was."""

    host: str
    refused: str | None = None


# The connector tells the socket factory an address only. Connections are made in the request's own task or in one that
# it starts, so this reaches them; a socket that nobody aims is judged by its address alone.
_AIM: ContextVar[Aim | None] = ContextVar("aim", default=None)
# What aiohttp tells of the connection that it is about to make: as `socket.getaddrinfo` has it.
AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]
]


class Gate(AbstractResolver):
    """Resolves names for the connector and opens its sockets, for addresses that may be reached."""

    def __init__(self, allow: Allow, look_up: LookUp) -> None:
        self._allow = allow
        self._look_up = look_up

    @contextmanager
    def aimed_at(self, host: str) -> Iterator[Aim]:
        """Says in whose name sockets are opened meanwhile."""
        aim = Aim(host)
        token = _AIM.set(aim)
        try:
            yield aim
        finally:
            _AIM.reset(token)

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Resolves a host for a service of any kind; raises `EgressRefused` and `EgressFailed`."""
        return await self._resolved(host, port, web=False)

    async def check_literal(self, host: str, port: int) -> None:
        """Refuses an address in a URL at once: the connector asks no resolver for these."""
        if is_literal(host):
            await self._resolved(host, port, web=True)

    async def resolve(
        self, host: str, port: int = 0, family: int = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolves a name for the connector."""
        return [
            ResolveResult(
                hostname=host,
                host=address.ip,
                port=port,
                family=address.family,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._resolved(host, port, web=True)
        ]

    async def close(self) -> None:
        """Has nothing to close."""

    def open_socket(self, info: AddressInfo) -> socket.socket:
        """Opens the socket of a connection that is about to be made, if its address may be reached."""
        family, kind, protocol, _, address = info
        aim = _AIM.get()
        zone = address[3] if len(address) == 4 else 0
        ip = ip_address(f"{address[0]}%{zone}" if zone else str(address[0]))
        refusal = self._refusal(aim.host if aim else "", ip, int(address[1]), web=True)
        if refusal is None:
            return socket.socket(family, kind, protocol)
        if aim is not None:
            aim.refused = refusal
        raise PermissionError(errno.EACCES, "not an address that may be reached")

    async def _resolved(self, host: str, port: int, *, web: bool) -> list[Address]:
        name = read_host(host)
        try:
            found = [ip_address(name)] if is_literal(name) else await self._look_up(name, port)
        except OSError:
            raise EgressFailed("dns") from None
        refusals = {ip: self._refusal(name, ip, port, web=web) for ip in found}
        good = [ip for ip, code in refusals.items() if code is None]
        for code in refusals.values():
            if code is not None and not good:
                raise EgressRefused(code)
        if not good:
            raise EgressFailed("dns")
        return [Address(str(ip), port, _family(ip)) for ip in good]

    def _refusal(self, host: str, ip: Ip, port: int, *, web: bool) -> str | None:
        """Says why an address may not be reached in the name of a host, or None where it may."""
        if not is_one_machine(ip):
            return "address"
        if self._allow.opens_host(host, port) or self._allow.opens_address(ip, port):
            return None
        if not is_public(ip):
            return "address"
        return "port" if web and port in BAD_PORTS else None


def _family(ip: Ip) -> socket.AddressFamily:
    return socket.AF_INET if ip.version == 4 else socket.AF_INET6
