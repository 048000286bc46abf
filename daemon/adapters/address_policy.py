"""Where URLs that come from data may lead: to public addresses, and to what the operator named.

The one policy of the house. It is asked with the very address that is about to be connected to, on every hop, so
neither a redirect nor a name that resolves to something else the second time gets around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

_Address = IPv4Address | IPv6Address

#: Only this part of IPv6 is handed out for use in public (IANA IPv6 Address Space).
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
#: Prefixes whose last or middle four bytes are an IPv4 address that is reached through them.
_NAT64: Final = IPv6Network("64:ff9b::/96")
#: Addresses that look public and are answered by the provider of the machine: Azure's wire server, Oracle's metadata.
_PUBLIC_LOOKING: Final = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"))


class AddressRefused(OSError):
    """A connection that the policy forbids. The text names the address, never what asked for it."""


class AddressPolicy:
    """Tells which addresses may be connected to.

    allow: networks ("10.0.0.0/8"), addresses, or host:port pairs that are reachable although private. A pair
    whose host is a name counts for the addresses that it resolves to, on that port.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._pairs: set[tuple[str, int]] = set()
        for entry in allow:
            self._add(entry)

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry, strict=False))
        except ValueError:
            host, _, port = entry.rpartition(":")
            self._pairs.add((_plain_host(host), int(port)))

    def exempts(self, host: str, port: int) -> bool:
        """Tell whether a host, by name or address, is named together with this port."""
        return (_plain_host(host), port) in self._pairs

    def admit(self, address: str, port: int) -> None:
        """Let an address through on a port: it is what an exempt name resolved to."""
        self._pairs.add((_plain_host(address), port))

    def permits(self, address: str, port: int) -> bool:
        """Tell whether this numeric address may be connected to. False for text that is no address."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return (
            is_public(parsed)
            or (_plain_host(address), port) in self._pairs
            or any(reached in network for network in self._networks for reached in (parsed, _inner(parsed) or parsed))
        )


def is_public(address: _Address) -> bool:
    """Tell whether an address belongs to the public internet, and so does the IPv4 address inside it, if any."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _PUBLIC_LOOKING):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: _Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for: mapped, NAT64, 6to4 or Teredo."""
    if not isinstance(address, IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return address.teredo[1] if address.teredo is not None else None


def _plain_host(host: str) -> str:
    bare = host.strip("[]").rstrip(".").casefold()
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare
