import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from structlog.testing import capture_logs

from daemon.adapters.memory import FakeClock
from daemon.jobs.loop_watch import LoopWatch
from daemon.metrics import Metrics


class LateClock(FakeClock):
    """A clock whose sleeps end late, as on a loop that was blocked."""

    late_s = 0.0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.advance(self.late_s)


class Systemd:
    def __init__(self) -> None:
        self.signs = 0
        self.healthy = True

    def alive(self) -> None:
        self.signs += 1


@asynccontextmanager
async def watching(clock: FakeClock, systemd: Systemd, watchdog_s: float | None) -> AsyncIterator[Metrics]:
    metrics = Metrics()
    watch = LoopWatch(clock, metrics, watchdog_s=watchdog_s, alive=systemd.alive, healthy=lambda: systemd.healthy)
    task = asyncio.create_task(watch.run())
    await clock.run(0)
    try:
        yield metrics
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_prompt_loop_gives_a_sign_of_life_each_third_of_the_time() -> None:
    clock, systemd = FakeClock(), Systemd()

    async with watching(clock, systemd, 30):
        await clock.run(60)

    assert 6 <= systemd.signs <= 8


async def test_signs_never_come_further_apart_than_half_the_time() -> None:
    for watchdog_s in (0.9, 3.0, 10.0):
        clock, systemd = FakeClock(), Systemd()
        async with watching(clock, systemd, watchdog_s):
            for _ in range(20):
                before = systemd.signs
                await clock.run(watchdog_s / 2)
                assert systemd.signs > before


async def test_a_late_loop_gives_no_sign_until_it_is_prompt_again() -> None:
    clock, systemd = LateClock(), Systemd()

    async with watching(clock, systemd, 3):
        clock.late_s = 1.5
        await clock.run(5)
        before = systemd.signs
        await clock.run(20)
        assert systemd.signs == before
        clock.late_s = 0.0
        await clock.run(5)

    assert systemd.signs > before


async def test_dead_critical_tasks_give_no_sign() -> None:
    clock, systemd = FakeClock(), Systemd()

    async with watching(clock, systemd, 3):
        systemd.healthy = False
        before = systemd.signs
        await clock.run(20)

    assert systemd.signs == before


async def test_without_a_watchdog_no_sign_is_given_but_lag_is_measured() -> None:
    clock, systemd = LateClock(), Systemd()

    with capture_logs() as logs:
        async with watching(clock, systemd, None) as metrics:
            clock.late_s = 0.4
            await clock.run(1)
            clock.late_s = 0.0
            await clock.run(2)
            body = metrics.render()[0].decode()

    assert systemd.signs == 0
    assert "zhiban_loop_lag_seconds 0.0\n" in body
    assert re.search(r"^zhiban_loop_lag_max_seconds 0\.(4|39999|40000)", body, re.MULTILINE)
    assert {(entry["event"], entry["lag_ms"]) for entry in logs} == {("loop.lagged", 400)}
