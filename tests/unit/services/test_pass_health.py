"""Passes that hang or fail are an incident of the checks themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from daemon.products.incidents import State
from daemon.products.passes import PassKind
from daemon.services import passes
from daemon.services.pass_health import FAILURES, RULE
from tests.house import House, house, product


class Troubled:
    """A catalogue that fails, or never answers, when its products are read."""

    def __init__(self, catalogue: Any, *, hangs: bool = False) -> None:
        self._catalogue, self._hangs = catalogue, hangs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)

    async def changed(self, since: str | None, limit: int) -> tuple[Sequence[Any], str]:
        if self._hangs:
            await asyncio.get_running_loop().create_future()
        raise OSError("the disk is gone")


async def state(home: House) -> State | None:
    incident = await home.stores.incidents.latest_of_rule(RULE)
    return incident.state if incident else None


async def troubled(*, hangs: bool = False) -> House:
    home = house()
    await home.shelve(product("a"))
    await passes.run_pass(home.duty, PassKind.FULL)
    home.duty.ports = replace(home.duty.ports, catalogue=Troubled(home.stores.catalogue, hangs=hangs))
    return home


async def fail(home: House, times: int) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="disk"):
            await passes.tick(home.duty)


async def test_passes_that_fail_time_and_again_are_one_incident_until_one_finishes() -> None:
    home = await troubled()
    await fail(home, FAILURES)
    assert await state(home) is None, "the pass that is under way is not yet known to fail"

    await fail(home, 3)
    assert await state(home) is State.OPEN
    incident = await home.stores.incidents.latest_of_rule(RULE)
    assert incident is not None
    assert "the disk is gone" in incident.message
    assert [news for _, named, news in await home.news() if named == RULE] == ["opened"]

    home.duty.ports = replace(home.duty.ports, catalogue=home.stores.catalogue)
    await passes.tick(home.duty)
    await passes.tick(home.duty)
    assert await state(home) is State.RECOVERED


async def test_passes_that_hang_until_their_deadline_are_an_incident() -> None:
    home = await troubled(hangs=True)

    for _ in range(FAILURES + 1):
        hanging = asyncio.create_task(passes.tick(home.duty))
        await home.clock.run(home.duty.config.checks.deadline)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging

    assert await state(home) is State.OPEN


async def test_passes_cut_short_by_a_stop_are_none() -> None:
    home = await troubled(hangs=True)

    for _ in range(FAILURES + 1):
        hanging = asyncio.create_task(passes.tick(home.duty))
        await home.clock.run(1)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging

    assert await state(home) is None
