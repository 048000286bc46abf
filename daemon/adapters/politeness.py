"""How hard we pull: how much at once in all and from one host, how fast, and how often again.

Waiting here is our own doing. It is never counted against a host, and too long a wait is told apart from a host
that does not answer (prometheus/blackbox_exporter issues 336 and 592).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from daemon.ports import Clock

#: Retries that a host may cost: each takes one, each answer gives a tenth back (gRFC A6, retry throttling).
_RETRY_TOKENS: Final = 10.0
_RETRY_REFUND: Final = 0.1
#: Hosts that are remembered though nobody waits for them.
_REMEMBERED: Final = 4_096


class Overloaded(Exception):
    """We did not get to it in time."""


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    next_at: float = 0.0  # monotonic, of the next request at the earliest
    users: int = 0
    tokens: float = field(default=_RETRY_TOKENS)


class Politeness:
    """Bounds of one client. interval_s: seconds between the starts of two requests to one host."""

    def __init__(
        self, clock: Clock, *, concurrency: int, per_host: int, interval_s: float, queue_limit_s: float
    ) -> None:
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._per_host = per_host
        self._interval_s = interval_s
        self._queue_limit_s = queue_limit_s
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for a turn at a host and hold it. Raises Overloaded when it does not come in time.

        The host's turn is waited for first: those who wait for a slow host hold up nobody else.
        """
        host = self._host(name)
        host.users += 1
        try:
            await self._enter(host)
            try:
                yield
            finally:
                self._slots.release()
                host.slots.release()
        finally:
            host.users -= 1

    async def _enter(self, host: _Host) -> None:
        if not host.slots.locked() and not self._slots.locked() and host.next_at <= self._clock.monotonic():
            await host.slots.acquire()
            await self._slots.acquire()
            host.next_at = self._clock.monotonic() + self._interval_s
            return
        try:
            async with asyncio.timeout(self._queue_limit_s):
                await self._queue(host)
        except TimeoutError:
            raise Overloaded(f"no turn within {self._queue_limit_s:g} s") from None

    async def _queue(self, host: _Host) -> None:
        await host.slots.acquire()
        try:
            await self._pace(host)
            await self._slots.acquire()
        except BaseException:
            host.slots.release()
            raise

    async def _pace(self, host: _Host) -> None:
        now = self._clock.monotonic()
        start = max(now, host.next_at)
        if start - now > self._queue_limit_s:
            raise Overloaded("the host asked us to stay away for longer")
        host.next_at = start + self._interval_s
        if start > now:
            await self._clock.sleep(start - now)

    def hold(self, name: str, seconds: float) -> None:
        """Leave a host alone for so long: it asked for it (RFC 9110, section 10.2.3)."""
        host = self._host(name)
        host.next_at = max(host.next_at, self._clock.monotonic() + seconds)

    def may_retry(self, name: str) -> bool:
        """Take one of a host's retries, if it has any left: a host in trouble is not asked ever more often."""
        host = self._host(name)
        if host.tokens < 1:
            return False
        host.tokens -= 1
        return True

    def answered(self, name: str) -> None:
        """Give a host a part of a retry back, for an answer that was one."""
        host = self._host(name)
        host.tokens = min(_RETRY_TOKENS, host.tokens + _RETRY_REFUND)

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(asyncio.Semaphore(self._per_host))
            self._forget()
        else:
            self._hosts.move_to_end(name)
        return host

    def _forget(self) -> None:
        for name in list(self._hosts)[: max(0, len(self._hosts) - _REMEMBERED)]:
            if not self._hosts[name].users:
                del self._hosts[name]
