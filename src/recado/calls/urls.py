"""Reads an address as strictly as the sloppiest reader on its way might misread it: what is doubtful is refused."""

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote

from yarl import URL

from recado.calls.egress_errors import EgressRefused

LONGEST = 16_000
AUTHORITY = re.compile(r"(?:\[[0-9a-fA-F.]*:[0-9a-fA-F:.]*\]|[^:\[\]]+)(?::[0-9]{1,5})?")
NAME = re.compile(
    r"(?=.{1,254}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
# A last label like these makes most resolvers read the whole name as a number (WHATWG URL, "ends in a number").
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# All that may stand in a path or a query as it is (RFC 3986), and brackets, which everybody leaves alone there.
SAFE = "%/?:@!$&'()*+,;=-._~[]"
LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Ports of services that take HTTP's lines for commands of their own (WHATWG Fetch, "bad port").
# fmt: off
BAD_PORTS = frozenset([
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])
# fmt: on


def read_url(text: str) -> URL:
    """Reads an http or https address, its fragment left out; raises `EgressRefused` for everything else."""
    if len(text) > LONGEST or any(_is_doubtful(sign) for sign in text):
        raise EgressRefused("bad_url")
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() not in ("http", "https"):
        raise EgressRefused("scheme")
    if not rest.startswith("//"):
        raise EgressRefused("bad_url")
    authority, path, query = _parted(rest[2:])
    _check_authority(authority)
    try:
        url = URL(f"{scheme.lower()}://{authority}/")
        host, port = read_host(url.raw_host or ""), url.port
    except ValueError:
        raise EgressRefused("bad_url") from None
    if not port:
        raise EgressRefused("port")
    # Path and query go out as they were written: a service may have signed them.
    origin = URL.build(scheme=url.scheme, host=host, port=port)
    return URL(f"{origin}{path}{query}", encoded=True)


def read_host(host: str) -> str:
    """Reads a host: a name in small letters without its last dot, or an address in its one spelling."""
    plain = host.lower().strip("[]")
    try:
        if ":" in plain:
            return _six(plain)
        if NUMBER.fullmatch(plain.rstrip(".").rpartition(".")[2]):
            return str(IPv4Address(plain))
    except AddressValueError:
        raise EgressRefused("host") from None
    if not NAME.fullmatch(plain):
        raise EgressRefused("host")
    return plain.removesuffix(".")


def is_literal(host: str) -> bool:
    """Says whether a host that was read is an address and no name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def _parted(rest: str) -> tuple[str, str, str]:
    """Parts what follows the two slashes into authority, path and `?query`, both encoded where they were not."""
    whole, _, _ = rest.partition("#")
    front, mark, query = whole.partition("?")
    authority, _, path = front.partition("/")
    return authority, "/" + _encoded(path), mark + _encoded(query)


def _encoded(text: str) -> str:
    return quote(LONE_PERCENT.sub("%25", text), safe=SAFE)


def _check_authority(authority: str) -> None:
    # Whoever reads only up to the @, or only after it, would see another host.
    if "@" in authority:
        raise EgressRefused("userinfo")
    if "%" in authority or not AUTHORITY.fullmatch(authority):
        raise EgressRefused("host")


def _six(text: str) -> str:
    address = IPv6Address(text)
    if address.scope_id is not None:
        raise AddressValueError("a zone")
    return str(address)


def _is_doubtful(sign: str) -> bool:
    """Says yes to blanks, controls, invisible signs, halves of surrogates and backslashes."""
    return sign == "\\" or unicodedata.category(sign)[0] in "CZ"
