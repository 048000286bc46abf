"""What may be connected to."""

from __future__ import annotations

import pytest

from daemon.adapters.address_policy import AddressPolicy

_PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
    *("100.100.100.200", "169.254.169.254", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
    *(
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::"),
    *("2002:a9fe:a9fe::", "2001:db8::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "4000::1"),
]


@pytest.mark.parametrize("address", [*_PRIVATE, "localhost", "2130706433", "127.1", "0x7f.1", ""])
def test_what_is_not_public_is_forbidden(address: str) -> None:
    assert not AddressPolicy().permits(address, 80)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "203.1.113.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_permitted(address: str) -> None:
    assert AddressPolicy().permits(address, 80)


def test_network_is_exempt_on_every_port() -> None:
    policy = AddressPolicy(["10.0.0.0/8", "fd00::/8"])
    assert policy.permits("10.9.9.9", 1)
    assert policy.permits("::ffff:10.9.9.9", 1)
    assert policy.permits("fd00::7", 1)
    assert not policy.permits("192.168.0.1", 1)


def test_pair_is_exempt_on_its_port_alone() -> None:
    policy = AddressPolicy(["127.0.0.1:8080", "[::1]:8080"])
    assert policy.permits("127.0.0.1", 8080)
    assert policy.permits("::1", 8080)
    assert not policy.permits("127.0.0.1", 8081)
    assert not policy.permits("127.0.0.2", 8080)


def test_named_pair_is_exempt_for_what_it_resolved_to() -> None:
    policy = AddressPolicy(["Shop.LAN:80"])
    assert policy.exempts("shop.lan.", 80)
    assert not policy.exempts("shop.lan", 81)
    assert not policy.permits("10.0.0.5", 80)
    policy.admit("10.0.0.5", 80)
    assert policy.permits("10.0.0.5", 80)
    assert not policy.permits("10.0.0.5", 81)
