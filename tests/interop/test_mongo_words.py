"""What a change takes away of a document's own words comes back with the status."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from daemon.products.product import Status
from tests.contract.makers import NOW
from tests.contract.shop import ShopStores, open_shop
from tests.interop.mongo_shop import Driver
from tests.mongo_server import Shop

WORDS = {"listed": ("published", "live", True, 1), "unlisted": ("hidden", False, 0)}


async def put(stores: ShopStores, status: Status) -> None:
    read = await stores.catalogue.get("1")
    await stores.catalogue.replace(read, msgspec.structs.replace(read, status=status), actor="rule", now=NOW)


def state(shop: Shop) -> object:
    found = shop.products.find_one({"_id": 1})
    assert found is not None
    return found["state"]


@pytest.mark.parametrize(("word", "hidden"), [("live", "hidden"), ("LIVE", "hidden"), (True, False), (1, 0)])
async def test_a_status_that_is_back_is_said_as_it_was(
    mongo: Shop, driver: Driver, tmp_path: Path, word: object, hidden: object
) -> None:
    mongo.products.insert_one({"_id": 1, "title": "a", "state": word})
    async with open_shop(tmp_path, mongo, driver, statuses=WORDS) as stores:
        await stores.catalogue.reader.read_all(lambda: None)
        await put(stores, Status.UNLISTED)
    assert (state(mongo), type(state(mongo))) == (hidden, type(hidden))
    async with open_shop(tmp_path, mongo, driver, statuses=WORDS) as stores:
        await put(stores, Status.LISTED)
    assert (state(mongo), type(state(mongo))) == (word, type(word))


async def test_the_last_word_that_was_taken_away_counts(mongo: Shop, driver: Driver, tmp_path: Path) -> None:
    mongo.products.insert_one({"_id": 1, "title": "a", "state": "live"})
    async with open_shop(tmp_path, mongo, driver, statuses=WORDS) as stores:
        await stores.catalogue.reader.read_all(lambda: None)
        await put(stores, Status.UNLISTED)
        mongo.products.update_one({"_id": 1}, {"$set": {"state": "published"}})
        await put(stores, Status.UNLISTED)
        await put(stores, Status.LISTED)
    assert state(mongo) == "published"


async def test_a_word_of_another_type_than_what_stands_there_now_does_not_come_back(
    mongo: Shop, driver: Driver, tmp_path: Path
) -> None:
    mongo.products.insert_one({"_id": 1, "title": "a", "state": "live"})
    async with open_shop(tmp_path, mongo, driver, statuses=WORDS) as stores:
        await stores.catalogue.reader.read_all(lambda: None)
        await put(stores, Status.UNLISTED)
        mongo.products.update_one({"_id": 1}, {"$set": {"state": False}})
        await put(stores, Status.LISTED)
    assert state(mongo) is True
