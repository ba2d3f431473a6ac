"""Which IP addresses are on the public internet: the only ones that a request may reach unless the operator opens more.

The tables are IANA's registries of special-purpose addresses (RFC 6890 and its successors), read strictly: a block that
only some implementations call global is refused.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Ip = IPv4Address | IPv6Address

REFUSED_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; holds Alibaba's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server: a public number that only means the host
        "169.254.0.0/16",  # link-local; holds the metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; holds Oracle's metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
UNICAST_6 = IPv6Network("2000::/3")
REFUSED_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise, by relays that nobody runs any more
        "3ffe::/16",  # the experimental backbone, given back
        "3fff::/20",  # documentation
    )
)
# What a network without IPv4 makes of an IPv4 address (RFC 6052).
NAT64 = IPv6Network("64:ff9b::/96")
BROADCAST = IPv4Address("255.255.255.255")


def unwrapped(ip: Ip) -> Ip:
    """Gives the IPv4 address that an IPv6 address stands for (v4-mapped, NAT64), else the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip


def is_public(ip: Ip) -> bool:
    """Says whether an address is on the public internet."""
    match unwrapped(ip):
        case IPv4Address() as four:
            return not any(four in block for block in REFUSED_4)
        case six if six.scope_id is not None:
            return False
        case six:
            return six in UNICAST_6 and not any(six in block for block in REFUSED_6)


def is_one_machine(ip: Ip) -> bool:
    """Says whether an address can mean one machine at all; no setting opens one that cannot."""
    plain = unwrapped(ip)
    return not (plain.is_multicast or plain.is_unspecified or plain == BROADCAST)
