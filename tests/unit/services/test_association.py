"""Searches as a service, over a simulated site in memory, with the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

import msgspec
import pytest

from daemon.config import AssociationSection
from daemon.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany, Unavailable
from daemon.ports import SearchState
from daemon.services import association_results, association_searches, association_sightings
from daemon.services.association_searches import Target
from tests.association_kit import Site, Yielding, confirmed, first_target, site, somebody, world

T = TypeVar("T")


@asynccontextmanager
async def searching(section: AssociationSection | None = None, *, passages: bool = True) -> AsyncIterator[Site]:
    """A site whose searches run."""
    here = await site(section, passages=passages)
    running = asyncio.create_task(here.system.run())
    try:
        yield here
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_search_finds_most_of_a_way_and_is_told_in_words_and_forms() -> None:
    async with searching() as here:
        ended = await here.ended((await here.begin()).id)
        assert ended.state is SearchState.DONE
        assert ended.result is not None
        found = {hop["detection"] for hop in ended.result["hops"]}
        true = {f"d{row}" for row in world().questions[0].answers}
        assert len(found & true) >= 0.6 * len(true)
        told = await association_results.shown(here.home.duty, ended)
        assert told is not None
        assert {hop["detection"] for hop in told["hops"]} == found
        for form, begins in (("svg", b"<?xml"), ("geojson", b"{"), ("text", b"")):
            made = await association_results.exported(here.home.duty, here.searcher, ended, form, "zh")
            assert made.startswith(begins)
            assert made
    actions = await here.audited()
    assert ("search.begun", "") in actions


async def test_progress_is_told_to_the_end_and_never_goes_back() -> None:
    async with searching() as here:
        search = await here.begin()
        states = [state async for state in here.system.follow(search.id)]
    assert states[-1].state is SearchState.DONE
    compared = [state.progress.get("compared", 0) for state in states]
    assert compared == sorted(compared)
    assert compared[-1] > 0


async def test_what_was_found_so_far_can_be_read_while_it_is_searched() -> None:
    async with searching() as here:
        search = await here.begin()
        states = [state async for state in here.system.follow(search.id)]
        running = [state for state in states if state.state is SearchState.RUNNING and state.progress["rounds"]]
        assert running
        assert running[0].result is not None
        assert running[0].result["rounds"] == running[0].progress["rounds"] < states[-1].progress["rounds"]
        told = await association_results.shown(here.home.duty, running[0])
        assert told is not None


class Crowded(Yielding):
    """An Offload that has no place for every other piece of searches."""

    def __init__(self) -> None:
        self.refused = 0
        self._turns = count()

    async def run(self, work: Callable[[], Any], *, what: str) -> Any:
        if what.startswith("association.") and next(self._turns) % 2 == 0:
            self.refused += 1
            raise Unavailable("too much work is waiting for a thread")
        return await super().run(work, what=what)


async def test_a_search_waits_for_a_place_where_other_work_has_taken_all() -> None:
    here = await site()
    crowded = Crowded()
    here.system._ports = replace(here.system._ports, offload=crowded)
    running = asyncio.create_task(here.system._serve())
    search = await here.begin()
    ended = asyncio.create_task(here.ended(search.id))
    for _ in range(5_000):
        if ended.done():
            break
        here.home.clock.advance(0.05)
        await asyncio.sleep(0)
    assert (await ended).state is SearchState.DONE
    assert crowded.refused > 2
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("many", [1, 6])
async def test_searches_at_once_find_what_each_finds_alone(many: int) -> None:
    async with searching() as here:
        begun = [await here.begin(Target(detection=f"d{asked.row}")) for asked in world().questions[:many]]
        at_once = [(await here.ended(search.id)).result for search in begun]
        for asked, together in zip(world().questions, at_once, strict=False):
            alone = (await here.ended((await here.begin(Target(detection=f"d{asked.row}"))).id)).result
            assert together is not None
            assert alone is not None
            assert [hop["row"] for hop in together["hops"]] == [hop["row"] for hop in alone["hops"]]


async def test_a_search_that_is_cancelled_keeps_what_it_had_found() -> None:
    here = await site()
    waiting = await here.begin()
    cancelled = await association_searches.cancel(here.home.duty, here.searcher, waiting.id)
    assert cancelled.state is SearchState.CANCELLED
    with pytest.raises(Conflict, match="already"):
        await association_searches.cancel(here.home.duty, here.searcher, waiting.id)
    running = asyncio.create_task(here.system.run())
    search = await here.begin()
    async for state in here.system.follow(search.id):
        if state.state is SearchState.RUNNING:
            break
    ended = await association_searches.cancel(here.home.duty, here.searcher, search.id)
    assert ended.state in {SearchState.CANCELLED, SearchState.DONE}
    assert ended.result is not None
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_the_end_of_the_daemon_interrupts_what_runs_and_it_can_be_begun_again() -> None:
    here = await site()
    running = asyncio.create_task(here.system.run())
    search = await here.begin()
    async for state in here.system.follow(search.id):
        if state.state is SearchState.RUNNING:
            break
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    kept = await here.home.stores.cases.search(search.id)
    assert kept.state is SearchState.INTERRUPTED
    assert "again" in kept.problem
    again = asyncio.create_task(here.system.run())
    fresh = await association_searches.again(here.home.duty, here.searcher, search.id)
    assert (await here.ended(fresh.id)).state is SearchState.DONE
    again.cancel()
    with suppress(asyncio.CancelledError):
        await again


async def test_what_an_earlier_daemon_left_waits_again_or_says_that_it_was_interrupted() -> None:
    here = await site()
    queued, ran = await here.begin(), await here.begin()
    await here.home.stores.cases.change_search(msgspec.structs.replace(ran, state=SearchState.RUNNING))
    later = await site()
    later.home.duty.ports = replace(later.home.duty.ports, cases=here.home.stores.cases)
    system = type(later.system)(
        later.home.duty.ports, later.gallery, here.home.stores.cases, lambda: AssociationSection(kind="on"),
        lambda _: later.system.embedders, later.system._metrics,
    )  # fmt: skip
    running = asyncio.create_task(system.run())
    async for state in system.follow(queued.id):
        last = state
    assert last.state is SearchState.DONE
    assert (await here.home.stores.cases.search(ran.id)).state is SearchState.INTERRUPTED
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_more_searches_than_may_wait_are_told_to_try_again() -> None:
    here = await site(AssociationSection(kind="on", queue=2))
    await here.begin()
    await here.begin()
    with pytest.raises(TooMany, match="try again"):
        await here.begin()


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        (Target(), {"detection"}),
        (Target(detection="d1", pictures=(b"x",)), {"detection", "camera", "time"}),
        (Target(detection="d1", forwards=False), {"forwards"}),
        (Target(detection="d1", horizon_s=1e9), {"horizon_s"}),
        (Target(detection="d1", direction_deg=400.0), {"direction_deg"}),
        (Target(detection="d1", came_from="nowhere"), {"came_from"}),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(target: Target, fields: set[str]) -> None:
    here = await site()
    with pytest.raises(InvalidInput) as refused:
        await here.begin(target)
    assert {where for where, _ in refused.value.faults} == fields


async def test_a_detection_that_is_not_there_is_told_so() -> None:
    here = await site()
    with pytest.raises(NotFound):
        await here.begin(Target(detection="d-none"))


async def test_a_stranger_to_the_case_sees_cancels_and_exports_nothing_and_each_try_is_audited() -> None:
    here = await site()
    search = await here.begin()
    stranger = await somebody(here.home, "wang")
    duty = here.home.duty
    for tried in (
        association_searches.view(duty, stranger, search.id),
        association_searches.export(duty, stranger, search.id, "svg"),
        association_searches.cancel(duty, stranger, search.id),
        association_searches.again(duty, stranger, search.id),
        association_searches.listed(duty, stranger, 10, None, here.case.id),
        association_sightings.detection(duty, stranger, "d1", case_id=here.case.id, purpose="to see who it was"),
        here.begin(first_target(), case_id="none"),
    ):
        with pytest.raises(Forbidden):
            await tried
    refused = [reason for action, reason in await here.audited() if action == "search.refused"]
    assert len(refused) == 7


async def test_without_passages_distances_and_speeds_are_enough_to_search() -> None:
    async with searching(passages=False) as here:
        ended = await here.ended((await here.begin()).id)
        assert ended.state is SearchState.DONE


async def test_a_camera_that_goes_while_a_search_runs_is_looked_at_no_more() -> None:
    async with searching() as here:
        search = await here.begin()
        async for state in here.system.follow(search.id):
            if state.state is SearchState.RUNNING:
                break
        gone = world().cameras[5].id
        await association_sightings.remove_camera(here.home.duty, here.searcher, gone)
        assert (await here.ended(search.id)).state is SearchState.DONE
        after = await here.ended((await here.begin()).id)
        assert after.result is not None
        assert gone not in {hop["camera"] for hop in after.result["hops"]}


async def test_passages_add_up_without_repeats_and_one_of_a_single_detection_is_refused() -> None:
    here = await site()
    before = await here.system.sites.passages()
    await here.system.sites.learn(confirmed()[:3], replace=False)
    assert sorted(await here.system.sites.passages()) == sorted(before)
    with pytest.raises(InvalidInput, match="passages"):
        await here.system.sites.learn([["d1"]], replace=False)


async def test_an_empty_gallery_says_that_there_is_nothing_to_learn_of() -> None:
    here = await site(fill=False)
    with pytest.raises(NotFound, match="no detections"):
        await here.system.sites.learn([["d1", "d2"]], replace=False)


async def test_what_is_forgotten_is_in_no_passage_that_is_kept() -> None:
    here = await site()
    gone = confirmed()[0][:2]
    await here.gallery.forget(detections=gone)
    assert await here.system.sites.forget_gone() == 2
    kept = {one for passage in await here.system.sites.passages() for one in passage}
    assert kept
    assert kept.isdisjoint(gone)


class Closing(Yielding):
    """An Offload that takes no more work from a moment on, as at the end of the daemon."""

    closed = False

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        if self.closed:
            raise Unavailable(f"{what}: the daemon is stopping")
        return await super().run(work, what=what)


async def test_a_search_that_gets_no_thread_at_the_end_is_interrupted_and_ends_nothing_else() -> None:
    here = await site()
    offload = Closing()
    here.system._ports = replace(here.system._ports, offload=offload)
    running = asyncio.create_task(here.system.run())
    search = await here.begin()
    async for state in here.system.follow(search.id):
        if state.state is SearchState.RUNNING:
            break
    offload.closed = True
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    kept = await here.home.stores.cases.search(search.id)
    assert kept.state in {SearchState.INTERRUPTED, SearchState.FAILED}
