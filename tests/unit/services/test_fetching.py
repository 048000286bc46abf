"""Evidence is kept fresh: what is looked at, when again, and who is judged for it."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web

from daemon.adapters.pages import HttpPageFetcher
from daemon.config import ChannelSection, ChecksSection, Config, NetworkSection
from daemon.ports import Batch, IncidentFilter, PageFetcher
from daemon.products.evidence import Evidence, Reach
from daemon.products.incidents import State
from daemon.products.product import Product, Status
from daemon.products.remedies import Remedy, RemedyMode, RemedyState
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import RemedyKind
from daemon.services import passes
from daemon.services.fetching import FetchReport, refresh_evidence
from tests.house import House, Inline, house, product
from tests.unit.adapters.serving import picture, serving

_RETRY_S, _INTERVAL_S = 600.0, 43_200.0


@dataclasses.dataclass
class Town:
    """A house with a street to the host of a shop. asked: paths in the order of the requests."""

    house: House
    base: str
    asked: list[str]
    gone: set[str]

    async def refresh(self) -> FetchReport:
        return await refresh_evidence(self.house.duty, self.house.clock.now())

    async def later(self, seconds: float) -> FetchReport:
        self.house.clock.advance(seconds)
        self.asked.clear()
        return await self.refresh()

    def sold(self, product_id: str, *images: str, **fields: Any) -> Product:
        return product(product_id, images=tuple(self.base + path for path in images), currency="EUR", **fields)

    async def states(self, rule: str) -> list[State]:
        found = await self.house.stores.incidents.find(IncidentFilter(rule=rule), 10)
        return [incident.state for incident in found.items]


class HeldAfter:
    """A PageFetcher over another, whose answers after the first few never come.

    holding: set once so many of them are waited for that nothing else goes on.
    """

    def __init__(self, inner: PageFetcher, most: int, workers: int) -> None:
        self._inner, self._left, self._workers = inner, most, workers
        self.holding = asyncio.Event()

    async def image(self, url: str) -> Evidence:
        self._left -= 1
        if self._left < 0:
            if self._left == -self._workers:
                self.holding.set()
            await asyncio.Event().wait()
        return await self._inner.image(url)

    page = image


def _config() -> Config:
    return Config(
        channels=(ChannelSection(name="box", min_severity="info"),),
        checks=ChecksSection(canary=False, page_size=2),
        network=NetworkSection(concurrency=3),
    )


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    asked: list[str] = []
    gone: set[str] = set()

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path in gone:
            return web.Response(status=404)
        if request.path.startswith("/p/"):
            return web.Response(text=f"<h1>Tea {request.path[3:]}</h1>" + "loose leaves " * 9, content_type="text/html")
        return web.Response(body=picture())

    section = NetworkSection(allow=("127.0.0.1",), host_interval=0, retries=0)
    whole = house(Rulebook.build({}, RemedyMode.ON), _config())
    async with serving(handler) as base, HttpPageFetcher(section, whole.clock, Inline()) as fetcher:
        whole.duty.ports = dataclasses.replace(whole.duty.ports, fetcher=fetcher)
        yield Town(whole, base, asked, gone)


async def test_images_and_pages_of_public_products_are_looked_at_once(town: Town) -> None:
    await town.house.shelve(
        town.sold("a", "/1.png", "/2.png", link=f"{town.base}/p/a"),
        town.sold("b", "/3.png", status=Status.OUT_OF_STOCK),
        town.sold("c", "/4.png", status=Status.DRAFT),
        town.sold("d", "/1.png"),
    )
    report = await town.refresh()
    assert sorted(town.asked) == ["/1.png", "/2.png", "/3.png", "/p/a"]
    assert (report.fetched, sorted(report.changed)) == (4, ["a", "b", "d"])
    kept = await town.house.stores.evidence.evidence([f"{town.base}/1.png", f"{town.base}/p/a"])
    assert {evidence.reach for evidence in kept.values()} == {Reach.FETCHED}
    due = await town.house.stores.incidents.due(town.house.clock.now(), 10)
    assert sorted(due) == ["a", "b", "d"]


async def test_a_run_that_is_broken_off_keeps_what_it_fetched_and_the_next_one_does_the_rest(town: Town) -> None:
    await town.house.shelve(*(town.sold(f"p{number}", f"/{number}.png") for number in range(9)))
    fetcher = town.house.duty.ports.fetcher
    held = HeldAfter(fetcher, 4, town.house.duty.config.network.concurrency)
    town.house.duty.ports = dataclasses.replace(town.house.duty.ports, fetcher=held)
    broken_off = asyncio.create_task(town.refresh())
    await held.holding.wait()
    broken_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broken_off
    first = list(town.asked)
    assert len(first) == 4
    assert len(await town.house.stores.incidents.due(town.house.clock.now(), 10)) == 4
    town.house.duty.ports = dataclasses.replace(town.house.duty.ports, fetcher=fetcher)
    assert (await town.later(5)).fetched == 5
    assert not set(first) & set(town.asked)


async def test_fresh_evidence_is_left_until_its_time(town: Town) -> None:
    await town.house.shelve(town.sold("a", "/1.png"))
    await town.refresh()
    assert (await town.later(_RETRY_S)).fetched == 0
    report = await town.later(_INTERVAL_S)
    assert (report.fetched, report.changed) == (1, ())


async def test_new_image_of_a_changed_product_is_looked_at_between_sweeps(town: Town) -> None:
    await town.house.shelve(town.sold("a", "/1.png"))
    await town.refresh()
    await town.house.shelve(town.sold("a", "/1.png", "/new.png"), import_id="2")
    report = await town.later(5)
    assert town.asked == ["/new.png"]
    assert report.changed == ("a",)


async def test_another_answer_is_news(town: Town) -> None:
    await town.house.shelve(town.sold("a", "/1.png"))
    await town.refresh()
    town.gone.add("/1.png")
    assert (await town.later(_INTERVAL_S)).changed == ("a",)


async def test_broken_image_opens_after_three_looks_and_recovers_after_two(town: Town) -> None:
    town.gone.add("/1.png")
    await town.house.shelve(town.sold("a", "/1.png"))
    seen = []
    for delay in (0, _RETRY_S, _RETRY_S):
        await town.later(delay)
        await passes.tick(town.house.duty)
        seen.append(await town.states("image_broken"))
    assert seen == [[State.SUSPECTED], [State.SUSPECTED], [State.OPEN]]
    town.gone.clear()
    for _ in range(2):
        await town.later(_RETRY_S)
        await passes.tick(town.house.duty)
    assert await town.states("image_broken") == [State.RECOVERED]


async def test_product_that_we_took_off_the_shelf_is_looked_at_still(town: Town) -> None:
    await town.house.shelve(town.sold("a", "/1.png"))
    read = await town.house.stores.catalogue.get("a")
    now = town.house.clock.now()
    await town.house.stores.catalogue.replace(
        read, msgspec.structs.replace(read, status=Status.UNLISTED), actor="remedy:x", now=now
    )
    held = Remedy(
        id="r", incident_id="i", product_id="a", rule="x", kind=RemedyKind.OFF_SHELF, state=RemedyState.APPLIED,
        before=Status.LISTED, after=Status.UNLISTED, planned_at=now,
    )  # fmt: skip
    await town.house.stores.incidents.commit(Batch(remedies=(held,)))
    assert (await town.refresh()).fetched == 1


async def test_image_shared_over_pages_is_fetched_once_and_all_are_judged(town: Town) -> None:
    await town.house.shelve(*(town.sold(f"p{n}", "/same.png") for n in range(7)))
    report = await town.refresh()
    assert town.asked == ["/same.png"]
    assert len(report.changed) == 7


async def test_host_that_does_not_answer_is_left_and_told_of_once(town: Town) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}"
        await town.house.shelve(*(product(f"p{n:02}", images=(f"{dead}/{n}.png",)) for n in range(30)))
        report = await town.refresh()
        assert report.unreachable + report.left == 30
        assert report.unreachable < 10
        assert report.hosts_down == ("127.0.0.1",)
        assert await town.states("host_down:127.0.0.1") == [State.OPEN]
        assert (await town.later(60)).fetched == 0
        again = await town.later(_RETRY_S)
        assert 1 <= again.fetched <= 3
    await town.house.shelve(town.sold("alive", "/1.png"), import_id="2")
    for number in range(30):
        await town.house.shelve(town.sold(f"p{number:02}", "/1.png"), import_id="2")
    await town.later(_RETRY_S)
    assert await town.states("host_down:127.0.0.1") == [State.RECOVERED]


async def test_network_checks_that_are_off_look_at_nothing(town: Town) -> None:
    await town.house.shelve(town.sold("a", "/1.png"))
    config = town.house.duty.config
    checks = config.checks.model_copy(update={"network": False})
    town.house.duty.config = config.model_copy(update={"checks": checks})
    assert await town.refresh() == FetchReport()
    assert not town.asked


async def test_run_that_was_cut_short_is_taken_up_again(town: Town) -> None:
    await town.house.shelve(*(town.sold(f"p{n}", f"/{n}.png") for n in range(6)))
    run = asyncio.create_task(town.refresh())
    while len(town.asked) < 3:  # noqa: ASYNC110 - a run tells nobody how far it is
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert sorted((await town.refresh()).changed) == [f"p{n}" for n in range(6)]
