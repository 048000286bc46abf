"""Who asks: the address that a request came from, and the principal whose token it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self

from aiohttp import web

from daemon.errors import Forbidden, Unauthorized
from daemon.forum.principals import BY_NAME, Scope
from daemon.handlers.http.routes import Open
from daemon.ports import Actor, Ports
from daemon.services import access, cases

#: What callers on this machine are, who have shown no token.
LOCAL: Final = Actor("local", "local")


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose X-Forwarded-For is believed."""

    networks: Sequence[IPv4Network | IPv6Network] = ()

    @classmethod
    def of(cls, networks: Sequence[str]) -> Self:
        """Make it from addresses and networks as they stand in a configuration."""
        return cls(tuple(ip_network(network, strict=False) for network in networks))

    def trusts(self, address: str) -> bool:
        """Tell whether an address is one of our proxies."""
        known = _address(address)
        return known is not None and any(known in network for network in self.networks)

    def client(self, request: web.Request) -> str:
        """Return the address of the first caller that is none of our proxies, "" when nobody vouches for one.

        Each proxy appends who it heard from, so the list is read from its end; what a stranger wrote into it is
        never reached.
        """
        peer = request.remote or ""
        forwarded = [hop.strip() for line in request.headers.getall("X-Forwarded-For", ()) for hop in line.split(",")]
        if not self.trusts(peer):
            # A proxy that we were not told of stands between: the peer is not the caller.
            return "" if forwarded or "Forwarded" in request.headers else peer
        while forwarded and self.trusts(peer):
            peer = forwarded.pop()
        return peer if _address(peer) is not None else ""


def is_loopback(address: str) -> bool:
    """Tell whether an address is of this machine."""
    known = _address(address)
    return known is not None and known.is_loopback


async def caller_of(
    request: web.Request, ports: Ports, needed: Scope | tuple[Scope, ...] | Open, address: str
) -> Actor:
    """Return who asks, if they may. Raises Unauthorized, Forbidden; the latter is audited for what comes by name."""
    if needed is Open.LOCAL and is_loopback(address):
        return LOCAL
    actor = await access.authenticate(ports, _bearer(request))
    if needed is Open.SIGNED_IN:
        return actor
    scopes = (Scope.READ,) if needed is Open.LOCAL else needed
    wanted = (scopes,) if isinstance(scopes, Scope) else scopes
    if BY_NAME.issuperset(wanted):
        await cases.Gate(ports, actor, "request").require(*wanted)
    elif actor.scopes.isdisjoint(wanted):
        raise Forbidden(f"this needs a token with the scope {' or '.join(wanted)}")
    return actor


def _bearer(request: web.Request) -> str:
    given = request.headers.getall("Authorization", ())
    if len(given) != 1:
        raise Unauthorized("expected the header Authorization: Bearer TOKEN, once")
    scheme, _, secret = given[0].partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("expected the scheme Bearer")
    return secret.strip()


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
