"""How a collection is followed when its change stream ends, or there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.adapters.mongo.collection import Change, Collection
from tests.acceptance.shop_house import named, number_id, shop_house, sound
from tests.interop.mongo_shop import Driver
from tests.mongo_server import Shop

NO_STREAMS = 40573  # what a server that stands alone says


@pytest.fixture
def streamless(mongo: Shop) -> Iterator[Shop]:
    """A shop whose server has no change streams."""
    if mongo.server is None:
        pytest.skip("fail points are set on a server of our own")
    mongo.server.fail(["aggregate"], errorCode=NO_STREAMS)
    yield mongo
    mongo.server.heal()


def events(logs: list[Any], prefix: str = "catalogue.") -> list[str]:
    return [log["event"] for log in logs if log["event"].startswith(prefix)]


@pytest.mark.parametrize("indexed", [True, False])
async def test_where_there_is_no_stream_the_collection_is_looked_at(
    indexed: bool, streamless: Shop, driver: Driver, tmp_path: Path
) -> None:
    if indexed:
        streamless.products.create_index("updatedAt")
    with capture_logs() as logs:
        async with shop_house(streamless, tmp_path, driver=driver) as house:
            house.plant(sound(1))
            await house.until_read()
            house.plant(sound(2, updatedAt=house.clock.now()))

            async def is_found() -> bool:
                house.clock.advance(0.5)
                return await house.stored(named(2)) is not None

            await house.until(is_found)
            assert house.catalogue.upstream.connected
            assert not house.catalogue.upstream.live
    assert events(logs).count("catalogue.connection_changed") == 1
    assert events(logs).count("catalogue.stream_missing") == 1
    assert ("catalogue.unindexed" in events(logs)) is not indexed


async def test_a_collection_that_is_replaced_is_read_anew_without_a_lost_line(
    mongo: Shop, driver: Driver, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        async with shop_house(mongo, tmp_path, driver=driver) as house:
            house.plant(sound(1), sound(2))
            await house.until_read()

            async def is_live() -> bool:
                return house.catalogue.upstream.live

            await house.until(is_live)
            mongo.products.drop()
            house.plant(sound(2, price=7), sound(3))

            async def is_read_anew() -> bool:
                gone, new = await house.stored(named(1)), await house.stored(named(3))
                return gone is not None and gone.missing_since is not None and new is not None

            await house.until(is_read_anew)
            await house.until(is_live)
            mongo.products.update_one({"_id": number_id(3)}, {"$set": {"title": "Another mug"}})

            async def is_followed() -> bool:
                stored = await house.stored(named(3))
                return stored is not None and stored.title == "Another mug"

            await house.until(is_followed)
            assert house.catalogue.upstream.problem == ""
    assert "catalogue.stream_restarted" in events(logs)
    assert events(logs).count("catalogue.connection_changed") == 1


async def test_what_changes_before_the_stream_is_open_is_not_left_to_the_next_reading(
    mongo: Shop, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = Collection.changes

    async def slowly(collection: Collection, resume: Mapping[str, Any] | None) -> AsyncGenerator[Change | None, None]:
        await asyncio.sleep(0.1)  # in which a reading that did not wait would have ended
        mongo.products.update_one({"_id": number_id(1)}, {"$set": {"title": "Another mug"}})
        async for change in changes(collection, resume):
            yield change

    monkeypatch.setattr(Collection, "changes", slowly)
    async with shop_house(mongo, tmp_path, driver=driver, follow=False) as house:
        house.plant(sound(1))
        house.follow()
        await house.until_read()

        stored = await house.stored(named(1))
        assert stored is not None
        assert stored.title == "Another mug"
