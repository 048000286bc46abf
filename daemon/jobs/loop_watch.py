"""Measures how late the event loop is, and gives systemd a sign of life only while it is prompt.

A daemon whose loop is blocked, or whose critical tasks are dead, stays silent and is restarted (WatchdogSec=).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from daemon.metrics import Metrics
from daemon.ports import Clock

log = structlog.get_logger()
_TICK_S: Final = 0.5
_LAG_TOLD_S: Final = 0.25


class LoopWatch:
    """One for the loop that it runs on.

    watchdog_s: seconds within which systemd wants a sign of life, None for never. alive: gives the sign.
    healthy: whether the critical tasks live.
    """

    def __init__(
        self,
        clock: Clock,
        metrics: Metrics,
        *,
        watchdog_s: float | None,
        alive: Callable[[], None],
        healthy: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._alive = alive
        self._healthy = healthy
        self._pet_s = watchdog_s / 3 if watchdog_s else None
        self._tick_s = min(_TICK_S, self._pet_s / 2) if self._pet_s else _TICK_S
        self._max_lag_s = 0.0

    async def run(self) -> None:
        """Watch until cancelled."""
        petted = self._pet(self._clock.monotonic())
        worst_s = 0.0
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(self._tick_s)
            now = self._clock.monotonic()
            lag_s = max(0.0, now - before - self._tick_s)
            worst_s = max(worst_s, lag_s)
            self._measure(lag_s)
            if self._pet_s and now - petted + self._tick_s > self._pet_s:
                if worst_s < self._pet_s:
                    petted = self._pet(now)
                worst_s = 0.0

    def _pet(self, now: float) -> float:
        if self._pet_s and self._healthy():
            self._alive()
        return now

    def _measure(self, lag_s: float) -> None:
        self._max_lag_s = max(self._max_lag_s, lag_s)
        self._metrics.loop_lag.set(lag_s)
        self._metrics.loop_lag_max.set(self._max_lag_s)
        self._metrics.tasks.set(len(asyncio.all_tasks()))
        if lag_s >= _LAG_TOLD_S:
            log.warning("loop.lagged", lag_ms=round(lag_s * 1000))
