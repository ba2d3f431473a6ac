"""Counts attempts per key in a window of time, in this process' memory, which stays bounded."""

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import ClassVar


@dataclass(slots=True)
class Attempts:
    """At most `limit` attempts a key and `window` seconds; of more than `keys` keys the oldest is forgotten."""

    limit: int = 10
    window: float = 900.0
    keys: int = 10_000
    _seen: "OrderedDict[str, tuple[float, int]]" = field(default_factory=OrderedDict)

    def take(self, key: str, now: float) -> int | None:
        """Counts an attempt; gives None, or the seconds to wait when there were too many."""
        since, count = self._seen.get(key, (now, 0))
        if now - since >= self.window:
            since, count = now, 0
        if count >= self.limit:
            return ceil(since + self.window - now)
        self._seen[key] = (since, count + 1)
        if len(self._seen) > self.keys:
            self._seen.popitem(last=False)
        return None

    def forget(self, key: str) -> None:
        """Starts a key afresh, for example after a right password."""
        self._seen.pop(key, None)

    def give_back(self, key: str) -> None:
        """Takes an attempt back that was none."""
        if key in self._seen:
            since, count = self._seen[key]
            self._seen[key] = (since, max(count - 1, 0))


@dataclass(slots=True)
class Logins:
    """Attempts to sign in: few from one place at one address, more from one place, more at one address."""

    PER_HOST: ClassVar[int] = 100  # an office, or a proxy that does not say for whom it asks
    PER_EMAIL: ClassVar[int] = (
        50  # a stranger who wants to lock somebody out must at least work for it
    )
    pairs: Attempts = field(default_factory=Attempts)
    hosts: Attempts = field(default_factory=lambda: Attempts(limit=Logins.PER_HOST))
    emails: Attempts = field(default_factory=lambda: Attempts(limit=Logins.PER_EMAIL))

    def take(self, email: str, host: str, now: float) -> int | None:
        """Counts an attempt; gives None, or the seconds to wait when there were too many."""
        place = _place(host)
        for attempts, key in (
            (self.hosts, place),
            (self.pairs, f"{email} {place}"),
            (self.emails, email),
        ):
            if (wait := attempts.take(key, now)) is not None:
                return wait
        return None

    def succeeded(self, email: str, host: str) -> None:
        """Starts afresh after a right password; what others tried from the same place stays counted."""
        place = _place(host)
        self.pairs.forget(f"{email} {place}")
        self.emails.forget(email)
        self.hosts.give_back(place)

    def give_back(self, email: str, host: str) -> None:
        """Takes an attempt back whose password was never looked at."""
        place = _place(host)
        self.pairs.give_back(f"{email} {place}")
        self.emails.give_back(email)
        self.hosts.give_back(place)


def _place(host: str) -> str:
    """Gives what one subscriber has to himself: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
