"""What counts as public, and what the operator's setting opens."""

from ipaddress import ip_address

import pytest

from recado.calls.allow import Allow
from recado.calls.public_addresses import is_one_machine, is_public
from recado.config.addresses import opened


@pytest.mark.parametrize(
    "address",
    [
        *(
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
        ),
        *("128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"),
        *("191.255.255.255", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255"),
        *("198.20.0.0", "223.255.255.255", "168.63.129.15", "203.0.112.255", "203.0.114.0"),
        *("2606:4700::1111", "2001:200::1", "2001:4860:4860::8888", "2804:14d::1", "2003::1"),
        *("::ffff:1.1.1.1", "64:ff9b::101:101"),
    ],
)
def test_public_addresses_reach_up_to_the_edges_of_the_others(address: str) -> None:
    assert is_public(ip_address(address))
    assert is_one_machine(ip_address(address))


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:224.0.0.1"]
)
def test_what_is_no_one_machine_cannot_be_opened(address: str) -> None:
    assert not is_one_machine(ip_address(address))


@pytest.mark.parametrize(
    ("text", "host", "port", "opened"),
    [
        ("crm.local", "crm.local", 443, True),
        ("crm.local", "x.crm.local", 443, False),
        ("CRM.local:8080", "crm.local", 8080, True),
        ("crm.local:8080", "crm.local", 80, False),
        (" a , crm.local ,", "crm.local", 80, True),
        ("", "", 80, False),
    ],
)
def test_a_host_is_opened_by_name_and_port(text: str, host: str, port: int, opened: bool) -> None:
    assert Allow.parse(text).opens_host(host, port) == opened


@pytest.mark.parametrize(
    ("text", "address", "port", "opened"),
    [
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 80, True),
        ("10.0.0.0/8", "64:ff9b::a01:203", 80, True),
        ("10.0.0.0/8", "11.0.0.1", 80, False),
        ("10.0.0.7", "10.0.0.7", 80, True),
        ("10.0.0.7", "10.0.0.8", 80, False),
        ("10.0.0.7:8080", "10.0.0.7", 8080, True),
        ("10.0.0.7:8080", "10.0.0.7", 80, False),
        ("fd00::/8", "fd12::1", 80, True),
        ("fd00::7", "fd00::7", 80, True),
        ("[fd00::7]:8080", "fd00::7", 8080, True),
        ("[fd00::7]:8080", "fd00::7", 80, False),
        ("crm.local", "10.0.0.7", 80, False),
    ],
)
def test_a_network_is_opened_by_address_and_port(
    text: str, address: str, port: int, opened: bool
) -> None:
    assert Allow.parse(text).opens_address(ip_address(address), port) == opened


BAD = [
    *("crm.local:0", "crm.local:99999", "crm.local:x", "crm.local:", "*.local", "http://crm.local"),
    *(
        "10.0.0.0/33",
        "10.0.0.1/8",
        "10.0.0",
        "300.1.1.1",
        "fd00::zz",
        "[fd00::7",
        "a b",
        "-a",
        "/8",
    ),
]


@pytest.mark.parametrize("item", BAD)
def test_a_wrong_item_is_named(item: str) -> None:
    with pytest.raises(ValueError, match="neither a host") as problem:
        Allow.parse(f"crm.local,{item}")

    assert repr(item) in str(problem.value)


@pytest.mark.parametrize("item", BAD)
def test_the_setting_refuses_what_cannot_be_read_here(item: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        opened(item)


@pytest.mark.parametrize("item", ["crm.local", "DB_1:5432", "10.0.0.7:80", "fd00::/8", "[::1]:80"])
def test_what_the_setting_takes_can_be_read_here(item: str) -> None:
    read = Allow.parse((opened(item),))

    assert read.hosts or read.networks
