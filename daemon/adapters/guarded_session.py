"""An HTTP client session that connects to nothing that the address policy forbids."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from daemon.adapters.address_policy import AddressPolicy, AddressRefused


class GuardedResolver(AbstractResolver):
    """Resolves names through another resolver and leaves out what the policy forbids."""

    def __init__(self, policy: AddressPolicy, inner: AbstractResolver) -> None:
        self._policy = policy
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the permitted addresses of a host. Raises AddressRefused when it has others only."""
        found = await self._inner.resolve(host, port, family)
        if self._policy.exempts(host, port):
            for result in found:
                self._policy.admit(result["host"], port)
        permitted = [result for result in found if self._policy.permits(result["host"], port)]
        if found and not permitted:
            raise AddressRefused(f"{host} has no public address ({found[0]['host']})")
        return permitted

    async def close(self) -> None:
        """Close the resolver underneath."""
        await self._inner.close()


def guarded_session(
    policy: AddressPolicy, *, connect_timeout_s: float, user_agent: str, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """Open a session; the caller closes it.

    It keeps no cookies, decodes no bodies, has no time-out but for connecting, and asks the policy once more with
    the address of each socket that it opens: literal addresses never pass a resolver.
    """
    inner = resolver or aiohttp.AsyncResolver()
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(policy, inner),
        socket_factory=_socket_factory(policy),
        use_dns_cache=resolver is None,
        ttl_dns_cache=30,
        limit=0,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout_s),
        headers={"User-Agent": user_agent},
        raise_for_status=False,
    )


def _socket_factory(policy: AddressPolicy) -> Callable[[Any], socket.socket]:
    def make(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if not policy.permits(address[0], address[1]):
            raise AddressRefused(f"{address[0]} is not a public address")
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    return make


def refusal(error: BaseException | None) -> AddressRefused | None:
    """Return the policy's refusal that is behind a client error, if one is."""
    while error is not None:
        if isinstance(error, AddressRefused):
            return error
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return None
