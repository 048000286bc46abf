"""A shop that was imported from files is followed in its database from now on, under the same name."""

from __future__ import annotations

from pathlib import Path

from daemon.adapters.sql import open_stores
from daemon.products.imports import Parsed, ProductFilter
from tests.contract.makers import NOW
from tests.contract.shop import open_shop
from tests.house import product
from tests.mongo_server import Shop


async def test_products_of_its_files_are_missing_once_its_documents_were_read(tmp_path: Path, mongo: Shop) -> None:
    mongo.products.insert_many([{"_id": "p1", "title": "Tea", "price": 5}, {"_id": "new", "title": "Mug"}])
    async with open_stores(tmp_path / "zhiban.db") as stores:
        pages = {"shop": ["p1", "p2", "p3", "p4", "p5"], "supplier": ["s1"]}
        for source, names in pages.items():
            await stores.catalogue.store_page(source, [Parsed(product=product(one)) for one in names], "1", NOW)

    async with open_shop(tmp_path, mongo, "pymongo", page_size=2) as stores:
        shop = stores.catalogue
        for _ in range(2):
            await shop._follower._read_all()
        present = (await shop.find(ProductFilter(missing=False), 10)).items
        assert [one.id for one in present] == ["new", "p1", "s1"]
        assert (await shop.get("p1")).title == "Tea"
        gone = await shop.get_many(["p2", "p3", "p4", "p5"])
        assert {one.revision for one in gone.values()} == {2}
        mongo.products.insert_one({"_id": "p2", "title": "Back"})
        await shop._follower._read_all()
        assert ((await shop.get("p2")).title, (await shop.get("p2")).missing_since) == ("Back", None)
