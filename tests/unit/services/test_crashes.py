"""The daemon dies before or after any one call of its stores, and starts again: nothing is lost, nothing is doubled."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from daemon.ports import IncidentFilter
from daemon.products.incidents import State
from daemon.products.remedies import RemedyState
from daemon.services import passes, remedies
from tests.house import House, house, product


class Killed(BaseException):
    """The process is gone: nothing after this runs, not even clean-up that means well."""


class Doomed:
    """A store whose n-th call never comes back; shared is the count over all stores of one daemon."""

    def __init__(self, store: Any, shared: dict[str, int], after: bool) -> None:
        self._store, self._shared, self._after = store, shared, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._shared["calls"] += 1
            doomed = self._shared["calls"] >= self._shared["dies_at"]
            if doomed and (self._shared["dead"] or not self._after):
                self._shared["dead"] = 1
                raise Killed
            answer = await method(*args, **kwargs)
            if doomed:
                self._shared["dead"] = 1
                raise Killed
            return answer

        return call


async def cycle(home: House) -> None:
    """Run everything that happens between a bad product and its recovery."""
    await passes.recover(home.duty)
    await remedies.recover(home.duty)
    await passes.tick(home.duty)
    await passes.tick(home.duty)


async def shop_changes(home: House, chapter: int) -> None:
    """What the shop says, chapter by chapter; an import that died is made again."""
    empty, good = product("empty", stock=Decimal(0)), product("good")
    sold_out, unpriced = product("both", stock=Decimal(0)), product("both", None, stock=Decimal(0))
    chapters = (
        (product("bad", None), empty, good, sold_out),
        (product("bad", None), empty, good, unpriced),
        (product("bad", None), empty, good, sold_out),
        (product("bad", "5"), product("empty", stock=Decimal(3)), good, product("both", stock=Decimal(4))),
    )
    await home.shelve(*chapters[chapter], import_id=str(chapter))


async def run_to_the_end(home: House, told: list[int]) -> None:
    """Live through all chapters from the one that was not yet told; each has time for all that follows from it."""
    while len(told) < 4:
        await shop_changes(home, len(told))
        await cycle(home)
        await cycle(home)
        told.append(1)


async def outcome(home: House) -> dict[str, Any]:
    incidents = (await home.stores.incidents.find(IncidentFilter(), 100)).items
    return {
        "incidents": Counter((i.product_id, i.rule, i.state) for i in incidents),
        "news": Counter(await home.news()),
        "status": [await home.status(i) for i in ("bad", "empty", "good", "both")],
        "remedies": Counter(
            r.state
            for r in (await home.stores.incidents.find_remedies((), 100)).items
            if r.state is not RemedyState.ABANDONED
        ),
    }


async def died_at(call: int, after: bool) -> tuple[dict[str, Any], bool]:
    home = house()
    shared = {"calls": 0, "dies_at": call, "dead": 0}
    whole = home.duty.ports
    home.duty.ports = replace(
        whole,
        catalogue=Doomed(whole.catalogue, shared, after),
        incidents=Doomed(whole.incidents, shared, after),
        audit=Doomed(whole.audit, shared, after),
    )
    told: list[int] = []
    try:
        await run_to_the_end(home, told)
    except Killed:
        home.duty.ports = whole
        home.duty.requested.clear()
        await run_to_the_end(home, told)
    return await outcome(home), bool(shared["dead"])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_death_at_any_call_changes_nothing_of_the_outcome(after: bool) -> None:
    home = house()
    await run_to_the_end(home, [])
    undisturbed = await outcome(home)
    assert undisturbed["status"] == ["listed"] * 4
    assert undisturbed["remedies"] == {RemedyState.UNDONE: 3, RemedyState.HANDED_OVER: 2}
    assert set(undisturbed["incidents"]) == {
        ("bad", "price_missing", State.RECOVERED),
        ("empty", "soldout_listed", State.RECOVERED),
        ("both", "soldout_listed", State.RECOVERED),
        ("both", "price_missing", State.RECOVERED),
    }

    deaths = 0
    for call in range(1, 1000):
        found, dead = await died_at(call, after)
        if not dead:
            break
        deaths += 1
        assert found == undisturbed, f"died at call {call}"
    assert deaths > 50
