from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.memory import FakeClock


async def test_a_sleeper_wakes_when_its_time_has_come_and_not_before() -> None:
    clock = FakeClock()
    sleeper = asyncio.ensure_future(clock.sleep(10))
    await asyncio.sleep(0)
    clock.advance(9.9)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(0.2)
    await sleeper


async def test_both_clocks_move_together_and_only_the_wall_jumps() -> None:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    monotonic = clock.monotonic()
    clock.advance(90)
    assert clock.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == monotonic + 90
    clock.set_wall(datetime(2025, 1, 1, tzinfo=UTC))
    assert clock.monotonic() == monotonic + 90


async def test_running_lets_each_sleeper_wake_at_its_own_times() -> None:
    clock = FakeClock()
    start = clock.monotonic()
    woken: list[tuple[str, float]] = []

    async def every(name: str, seconds: float) -> None:
        while True:
            await clock.sleep(seconds)
            woken.append((name, clock.monotonic() - start))

    tasks = [asyncio.ensure_future(every("a", 2)), asyncio.ensure_future(every("b", 3))]
    await clock.run(6)
    assert woken == [("a", 2), ("b", 3), ("a", 4), ("b", 6), ("a", 6)]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    sleeper = asyncio.ensure_future(clock.sleep(1))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    await clock.run(5)


async def test_sleeping_no_time_only_gives_way() -> None:
    await FakeClock().sleep(0)
    await FakeClock().sleep(-1)
    await SystemClock().sleep(0)


def test_the_machines_clock_is_aware_and_moves() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()
