"""Every question by id says where a cluster keeps the document, over the whole life of a product.

The test server is no cluster: what is proven is what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

from daemon.adapters.mongo.documents import id_of
from daemon.adapters.sql.mirror import Intent
from daemon.errors import Conflict, NotFound
from daemon.products.product import Product, Status
from tests.contract.shop import ShopStores, open_shop
from tests.interop.mongo_shop import PATIENCE_S, Driver
from tests.mongo_server import Shop

KEYS = {"by id": ("_id",), "by seller": ("seller", "_id"), "nested": ("at.region", "seller")}


class Recorder(CommandListener):
    """Remembers the questions about products by id: whether one reads, and what it asks for."""

    def __init__(self, key: tuple[str, ...]) -> None:
        self._key = key
        self.asked: list[tuple[bool, Mapping[str, Any]]] = []

    def started(self, event: CommandStartedEvent) -> None:
        reads = event.command_name == "find"
        if (reads or event.command_name == "findAndModify") and event.command[event.command_name] == "products":
            where = event.command["filter" if reads else "query"]
            self.asked += [(reads, part) for part in where.get("$or", [where]) if names_some(part.get("_id"))]

    def succeeded(self, event: object) -> None:
        pass

    def failed(self, event: object) -> None:
        pass

    def astray(self) -> list[list[Any]]:
        """Return the ids of each question since the last time that does not say where they are kept."""
        asked, self.asked = self.asked, []
        assert asked, "nothing was asked"
        lost = [(reads, part) for reads, part in asked if not all(path in part for path in self._key)]
        assert all(reads for reads, _ in lost), "a change goes to every shard"
        return [list(part["_id"]["$in"]) for _, part in lost]


def names_some(document_id: Any) -> bool:
    """Tell whether a condition is for documents that are known by id, rather than for a page of them."""
    return "$in" in document_id if isinstance(document_id, Mapping) else isinstance(document_id, int)


@pytest.fixture(params=KEYS)
def key(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return KEYS[request.param]


@pytest.fixture
def recorder(key: tuple[str, ...]) -> Recorder:
    return Recorder(key)


@pytest.fixture
async def house(
    mongo: Shop, driver: Driver, key: tuple[str, ...], recorder: Recorder, tmp_path: Path
) -> AsyncIterator[ShopStores]:
    """The catalogue of three sellers' products, which has been read once."""
    mongo.products.insert_many([document(number) for number in range(9)])
    async with open_shop(tmp_path, mongo, driver, listeners=[recorder], shard_key=key) as stores:
        await read(stores)
        recorder.asked.clear()
        yield stores


def document(number: int) -> dict[str, Any]:
    regions = ["north", None]
    return {"_id": number, "title": f"Tea {number}", "price": 5, "state": "published", "seller": f"s{number % 3}",
            "at": {"region": regions[number % 2]}}  # fmt: skip


async def read(stores: ShopStores) -> None:
    await stores.catalogue.reader.read_all(lambda: None)


async def hide(stores: ShopStores, seen: Product) -> Product:
    new = msgspec.structs.replace(seen, status=Status.UNLISTED)
    return await stores.catalogue.replace(seen, new, actor="mei", now=stores.catalogue.clock.now())


async def test_a_product_is_read_edited_and_changed_where_it_is_kept(
    mongo: Shop, house: ShopStores, recorder: Recorder
) -> None:
    catalogue = house.catalogue
    assert (await catalogue.get("1")).revision == 1
    assert recorder.astray() == []
    for price in (6, 7):
        mongo.products.update_many({}, {"$set": {"price": price}})
        await (read(house) if price == 6 else asyncio.gather(*(catalogue.get(str(number)) for number in range(9))))
        assert recorder.astray() == []
    changed = await hide(house, await catalogue.get("1"))
    assert mongo.products.find_one({"_id": 1}) == document(1) | {"price": 7, "state": "draft"}
    assert changed.revision == 4
    seen = await catalogue.get("2")
    mongo.products.update_one({"_id": 2}, {"$set": {"price": 8}})
    with pytest.raises(Conflict):
        await hide(house, seen)
    assert (await catalogue.document("2") or {})["price"] == 8
    assert recorder.astray() == []


async def test_what_became_of_a_change_is_looked_up_where_the_document_is_kept(
    mongo: Shop, house: ShopStores, recorder: Recorder
) -> None:
    catalogue, mirror = house.catalogue, house.own.mirror
    for number, happened in ((3, True), (4, False)):
        seen = await catalogue.get(str(number))
        intent = Intent(after=msgspec.structs.replace(seen, status=Status.DRAFT), actor="mei", at=catalogue.clock.now())
        await mirror.intend(seen, intent)
        if happened:
            mongo.products.update_one({"_id": number}, {"$set": {"state": "draft"}})
    catalogue.clock.advance(timedelta(minutes=2).total_seconds())
    await catalogue.reader.settle_intents()
    assert await mirror.intents() == []
    assert (await catalogue.get("3")).status == Status.DRAFT
    assert recorder.astray() == []


async def test_only_what_is_not_where_it_was_is_looked_for_everywhere(
    mongo: Shop, house: ShopStores, recorder: Recorder, key: tuple[str, ...]
) -> None:
    catalogue = house.catalogue
    is_sharded = key != ("_id",)
    mongo.products.delete_one({"_id": 5})
    with pytest.raises(NotFound):
        await hide(house, await house.own.catalogue.get("5"))
    assert recorder.astray() == ([[5], [5]] if is_sharded else [])  # once more before it is called gone

    mongo.products.delete_one({"_id": 6})
    await read(house)
    assert recorder.astray() == ([[6]] if is_sharded else [])

    mongo.products.insert_one(document(20))
    assert (await catalogue.get("20")).title == "Tea 20"
    assert recorder.astray() == ([[20]] if is_sharded else [])
    with suppress(NotFound):
        await catalogue.get("21")
    assert recorder.astray() == ([[21]] if is_sharded else [])

    mongo.products.update_one({"_id": 7}, {"$set": {"seller": "s9", "at.region": "south", "price": 9}})
    assert (await catalogue.get("7")).price == 9
    assert recorder.astray() == ([[7]] if is_sharded else [])
    await hide(house, await catalogue.get("7"))
    await hide(house, await catalogue.get("20"))
    assert recorder.astray() == []


async def test_a_key_that_is_told_later_is_taken_up_by_the_next_reading(
    mongo: Shop, driver: Driver, tmp_path: Path
) -> None:
    mongo.products.insert_many([document(number) for number in range(9)])
    for shard_key in (("_id",), ("seller", "_id"), ("at.region", "seller", "_id"), ("seller",)):
        recorder = Recorder(shard_key)
        async with open_shop(tmp_path, mongo, driver, listeners=[recorder], shard_key=shard_key) as stores:
            await read(stores)
            recorder.asked.clear()
            assert (await stores.catalogue.get("1")).revision == 1
            assert recorder.astray() == []


@asynccontextmanager
async def followed(stores: ShopStores) -> AsyncIterator[Callable[[Callable[[], Any]], Any]]:
    """Follow the collection by its stream; yields what waits for something to hold."""
    told = asyncio.Event()

    async def until(check: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await check():
                told.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(told.wait(), 0.05)

    async def is_live() -> bool:
        return stores.catalogue.upstream.live

    following = asyncio.create_task(stores.catalogue.follow(told.set))
    try:
        await until(is_live)
        yield until
    finally:
        following.cancel()
        await asyncio.wait([following])


async def test_what_a_stream_tells_is_looked_at_where_it_is_kept(
    mongo: Shop, house: ShopStores, recorder: Recorder, key: tuple[str, ...]
) -> None:
    catalogue = house.catalogue
    async with followed(house) as until:
        mongo.products.update_many({"_id": {"$lt": 4}}, {"$set": {"price": 6}})
        mongo.products.insert_one(document(20))
        mongo.products.delete_one({"_id": 8})

        async def is_taken_over() -> bool:
            found = await house.own.catalogue.get_many(["0", "1", "2", "3", "8", "20"])
            return (
                "20" in found
                and found["8"].missing_since is not None
                and all(found[name].price == 6 for name in "0123")
            )

        await until(is_taken_over)
    assert (await catalogue.get("20")).revision == 1
    assert recorder.astray() == ([[8]] if key != ("_id",) else [])
    assert id_of((await house.own.mirror.known(["20"]))["20"].place or b"") == 20
