"""Changes of which no word came back: what became of them is found out, and what did not come about is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from msgspec.structs import replace

from daemon.adapters.mongo.reading import DOUBTFUL_FOR
from daemon.adapters.sql.mirror import Intent
from daemon.products.imports import EditRecord
from daemon.products.product import Product, Status
from tests.contract.shop import ShopStores, open_shop
from tests.interop.mongo_shop import DRIVERS, Driver
from tests.mongo_server import Shop

ID = "65f1a2b3c4d5e6f708091a01"


@dataclass
class Doubt:
    """A shop with one product, as a daemon finds it that died while it changed the product."""

    shop: Shop
    stores: ShopStores

    async def intended(self, status: Status) -> Intent:
        read = await self.product()
        clock = self.stores.catalogue.clock
        intent = Intent(after=replace(read, status=status), actor="remedy:1", at=clock.now())
        await self.stores.own.mirror.intend(read, intent)
        return intent

    async def settled(self) -> None:
        await self.stores.catalogue.reader.settle_intents()
        assert await self.stores.own.mirror.intents() == []

    async def product(self) -> Product:
        return await self.stores.own.catalogue.get(ID)

    async def edits(self) -> list[EditRecord]:
        page = await self.stores.catalogue.edits(ID, 100)
        return [one for one in reversed(page.items) if one.revision > 1]

    def document(self) -> dict[str, Any]:
        found = self.shop.products.find_one()
        assert found is not None
        return found

    def save(self, **changed: Any) -> None:
        self.shop.products.update_one({"_id": ObjectId(ID)}, {"$set": changed})


@pytest.fixture(params=DRIVERS)
async def doubt(request: pytest.FixtureRequest, mongo: Shop, tmp_path: Path) -> AsyncIterator[Doubt]:
    driver: Driver = request.param
    async with open_shop(tmp_path, mongo, driver) as stores:
        document = {"_id": ObjectId(ID), "title": "Teapot", "price": 49, "state": "published", "theirs": [1], "__v": 3}
        mongo.products.insert_one(document)
        await stores.catalogue.reader.read_all(lambda: None)
        yield Doubt(mongo, stores)


async def test_a_change_that_was_not_made_is_made(doubt: Doubt) -> None:
    intent = await doubt.intended(Status.UNLISTED)

    await doubt.settled()

    assert doubt.document() == {
        "_id": ObjectId(ID), "title": "Teapot", "price": 49, "state": "draft", "theirs": [1], "__v": 3,
    }  # fmt: skip
    assert (await doubt.product()).status is Status.UNLISTED
    assert [(one.actor, one.at) for one in await doubt.edits()] == [("remedy:1", intent.at)]


async def test_a_change_that_was_made_is_known_and_not_made_again(doubt: Doubt) -> None:
    await doubt.intended(Status.UNLISTED)
    doubt.save(state="draft", price=50)

    await doubt.settled()

    assert doubt.document()["price"] == 50
    assert [(one.actor, set(one.changes)) for one in await doubt.edits()] == [
        ("remedy:1", {"status"}), ("source:shop", {"price"}),
    ]  # fmt: skip


@pytest.mark.parametrize("changed", [{"price": 50}, {"state": "archived"}])
async def test_a_change_that_others_were_faster_than_is_dropped(doubt: Doubt, changed: dict[str, Any]) -> None:
    await doubt.intended(Status.UNLISTED)
    doubt.save(**changed)
    theirs = doubt.document()

    await doubt.settled()

    assert doubt.document() == theirs
    assert [one.actor for one in await doubt.edits()] == ["source:shop"]


async def test_a_change_is_made_beside_what_no_product_has(doubt: Doubt) -> None:
    await doubt.intended(Status.UNLISTED)
    doubt.save(theirs=[2])

    await doubt.settled()

    assert (doubt.document()["state"], doubt.document()["theirs"]) == ("draft", [2])
    assert [one.actor for one in await doubt.edits()] == ["remedy:1"]


async def test_a_word_of_several_meanings_is_what_it_was_while_a_change_is_in_doubt(doubt: Doubt) -> None:
    await doubt.intended(Status.UNLISTED)
    await doubt.settled()
    await doubt.intended(Status.LISTED)
    doubt.save(price=50)

    await doubt.settled()

    assert (await doubt.product()).status is Status.UNLISTED
    assert [set(one.changes) for one in await doubt.edits()] == [{"status"}, {"price"}]


async def test_a_change_of_long_ago_is_dropped(doubt: Doubt) -> None:
    await doubt.intended(Status.UNLISTED)
    doubt.stores.catalogue.clock.advance(DOUBTFUL_FOR.total_seconds())

    await doubt.settled()

    assert doubt.document()["state"] == "published"
    assert await doubt.edits() == []


async def test_a_change_of_a_document_that_is_gone_is_dropped(doubt: Doubt) -> None:
    await doubt.intended(Status.UNLISTED)
    doubt.shop.products.delete_many({})

    await doubt.settled()


async def test_a_change_that_somebody_waits_for_is_left_to_them(doubt: Doubt) -> None:
    await doubt.intended(Status.UNLISTED)
    async with doubt.stores.catalogue.turns.of([ID]):
        settling = asyncio.create_task(doubt.stores.catalogue.reader.settle_intents())
        await asyncio.sleep(0.02)

        assert doubt.document()["state"] == "published"
        assert len(await doubt.stores.own.mirror.intents()) == 1
    await settling

    assert doubt.document()["state"] == "draft"
