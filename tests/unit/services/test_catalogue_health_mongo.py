"""A shop's database that dies, comes back, is emptied and filled again, as the daemon that follows it sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from daemon.ports import Upstream
from daemon.products.incidents import State
from daemon.products.passes import PassKind
from daemon.services import passes
from daemon.services.catalogue_health import AWAY, SHORT, watch
from tests.contract.shop import PlantedCatalogue, document_of, open_shop
from tests.house import House, product, rules
from tests.interop.mongo_shop import Driver
from tests.last_word_kit import BOX, house_on
from tests.mongo_server import MongoServer, Shop


@dataclass
class Followed:
    home: House
    catalogue: PlantedCatalogue
    told: list[None]

    async def until(self, good: Callable[[Upstream], bool]) -> None:
        """Let time go by until it stands so."""
        async with asyncio.timeout(60):
            while True:
                if good(self.catalogue.upstream):
                    return
                self.catalogue.clock.advance(0.5)
                await asyncio.sleep(0.02)

    async def state(self, rule: str) -> State | None:
        await watch(self.home.duty)
        found = await self.home.duty.ports.incidents.latest_of_rule(f"{rule}shop")
        return None if found is None else found.state

    async def missing(self) -> int:
        found = [await self.catalogue.get_many(["p0", "p1", "p2", "p3"])]
        return sum(one.missing_since is not None for one in found[0].values())


@asynccontextmanager
async def followed(folder: Path, shop: Shop, driver: Driver, *, stream: bool) -> AsyncIterator[Followed]:
    plant(shop)
    async with open_shop(folder, shop, driver, timeout="1s", stream=stream, poll_interval="1s") as stores:
        home = house_on(stores, rules(), BOX)
        home.clock = stores.catalogue.clock
        home.duty.ports = replace(home.duty.ports, followed=stores.catalogue, clock=home.clock)
        one = Followed(home, stores.catalogue, [])
        following = asyncio.create_task(stores.catalogue.follow(lambda: one.told.append(None)))
        try:
            await one.until(lambda upstream: upstream.documents == 4 and (upstream.live or not stream))
            yield one
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


def plant(shop: Shop) -> None:
    shop.products.insert_many([document_of(product(f"p{n}")) | {"state": "published"} for n in range(4)])


@pytest.fixture(params=["motor", "pymongo"])
def driver(request: pytest.FixtureRequest) -> Driver:
    chosen: Driver = request.param
    return chosen


@pytest.mark.parametrize("stream", [True, False])
async def test_an_outage_is_told_while_checks_go_on_and_is_over_once_all_was_read(
    tmp_path: Path, mortal_mongo: Shop, driver: Driver, stream: bool
) -> None:
    server = mortal_mongo.server
    assert isinstance(server, MongoServer)
    async with followed(tmp_path, mortal_mongo, driver, stream=stream) as shop:
        assert await shop.state(AWAY) is None
        assert shop.catalogue.upstream.changes == 4
        await asyncio.to_thread(server.kill)
        await shop.until(lambda upstream: not upstream.connected)
        assert await shop.state(AWAY) is None
        began = shop.catalogue.upstream.troubled_since
        shop.home.clock.advance(301)
        assert await shop.state(AWAY) is State.OPEN
        assert (await passes.run_pass(shop.home.duty, PassKind.FULL)).checked == 4

        changes = shop.catalogue.upstream.changes
        await asyncio.to_thread(server.start)
        mortal_mongo.products.update_one({"_id": "p1"}, {"$set": {"price": 99}})
        await shop.until(lambda upstream: upstream.connected and upstream.troubled_since is None)
        assert await shop.state(AWAY) is State.RECOVERED
        assert began is not None
        assert shop.catalogue.upstream.trouble == ""
        shop.home.clock.advance(301)  # it may have been changed behind the reading
        await shop.until(lambda upstream: upstream.changes > changes)
        assert (await shop.catalogue.get_many(["p1"]))["p1"].price == 99


@pytest.mark.parametrize("stream", [True, False])
async def test_a_collection_that_is_dropped_is_told_and_what_comes_back_is_there_again(
    tmp_path: Path, mongo: Shop, driver: Driver, stream: bool
) -> None:
    async with followed(tmp_path, mongo, driver, stream=stream) as shop:
        assert await shop.state(SHORT) is None
        await asyncio.to_thread(mongo.products.drop)
        shop.home.clock.advance(301)
        await shop.until(lambda upstream: upstream.documents == 0)
        assert await shop.state(SHORT) is State.OPEN
        assert await shop.missing() == 4

        await asyncio.to_thread(plant, mongo)
        shop.home.clock.advance(301)
        await shop.until(lambda upstream: upstream.documents == 4)
        assert await shop.state(SHORT) is State.RECOVERED
        assert await shop.missing() == 0
        assert await shop.state(AWAY) is None
