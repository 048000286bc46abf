"""What a shop's documents can express is known before one of its products is there to be judged by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from daemon.products.imports import SourceState
from tests.contract.shop import ShopStores, open_shop
from tests.interop.mongo_shop import Driver
from tests.mongo_server import Shop


async def seen_while_read(stores: ShopStores) -> list[Mapping[str, SourceState]]:
    """Read everything; return the sources as they were each time that a product had changed."""
    asking: list[asyncio.Task[Mapping[str, SourceState]]] = []
    await stores.catalogue.reader.read_all(lambda: asking.append(asyncio.create_task(stores.catalogue.sources())))
    return await asyncio.gather(*asking)


async def test_a_first_reading_says_what_documents_express_page_by_page(
    mongo: Shop, driver: Driver, tmp_path: Path
) -> None:
    mongo.products.insert_many([{"_id": 1, "title": "a"}, {"_id": 2, "title": "b", "price": 5}, {"_id": 3, "sku": "c"}])
    async with open_shop(tmp_path, mongo, driver, page_size=1) as stores:
        assert "shop" not in await stores.catalogue.sources()
        first, second, third = [sources["shop"].fields for sources in await seen_while_read(stores)]
        assert {"title", "status"} <= first
        assert {"title", "price"} <= second
        assert {"title", "price", "sku"} <= third
        assert "category" not in third
        read = (await stores.catalogue.sources())["shop"]
        assert (read.fields, read.products, read.read_at is not None) == (third, 3, True)


async def test_a_field_that_comes_later_is_known_with_its_document(mongo: Shop, driver: Driver, tmp_path: Path) -> None:
    mongo.products.insert_one({"_id": 1, "title": "a"})
    async with open_shop(tmp_path, mongo, driver) as stores:
        await seen_while_read(stores)
        before = (await stores.catalogue.sources())["shop"]
        mongo.products.update_one({"_id": 1}, {"$set": {"price": 5}})
        await stores.catalogue.get("1")
        after = (await stores.catalogue.sources())["shop"]
        assert "price" not in before.fields
        assert (after.fields, after.read_at) == (before.fields | {"price"}, before.read_at)
