"""A clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

#: Rounds of the event loop that `run` gives woken tasks to get to their next sleep.
_ROUNDS = 20


class FakeClock:
    """Wall and monotonic clock that move by hand; sleepers wake in the order of their times."""

    def __init__(self, start: datetime = datetime(2026, 11, 25, tzinfo=UTC)) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the wall clock as an aware UTC datetime."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds of a clock that never jumps."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved on by so much; not at all for 0 and less."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), wake))
        await wake

    def advance(self, seconds: float) -> None:
        """Move both clocks on at once and wake those whose time has come."""
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            wake = heapq.heappop(self._sleepers)[2]
            if not wake.done():
                wake.set_result(None)

    async def run(self, seconds: float) -> None:
        """Move on from one waking time to the next, letting each woken task run to its next sleep meanwhile."""
        end = self._monotonic + seconds
        await self._settle()
        while (next_at := self._next_wake()) is not None and next_at <= end:
            self.advance(max(0.0, next_at - self._monotonic))
            await self._settle()
        self.advance(max(0.0, end - self._monotonic))
        await self._settle()

    def set_wall(self, now: datetime) -> None:
        """Let the wall clock jump, as an administrator or a time server may; the monotonic one stays."""
        self._now = now

    def _next_wake(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def _settle(self) -> None:
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
