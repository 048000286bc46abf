"""Documents that no product can be made of: told of by their ids and reasons until they are gone or mended."""

from __future__ import annotations

from pathlib import Path

import bson

from daemon.adapters.mongo.documents import Document, place_of
from daemon.products.imports import Reject
from tests.contract.shop import open_shop
from tests.mongo_server import Shop
from tests.unit.adapters.mongo.shop_documents import sent


def broken(name: str, digest: bytes = b"1" * 16) -> Document:
    """Return a document in which nothing can be told apart, as a damaged file would have it sent."""
    raw = bson.encode({"_id": name, "title": "Tea"})
    return Document(name, place_of(name), digest, raw.replace(b"\x02title", b"\x7etitle"))


async def test_documents_without_an_id_of_a_product_are_told_of_while_they_are_there(
    tmp_path: Path, mongo: Shop
) -> None:
    mongo.products.insert_many([{"_id": {"shop": 1, "no": 7}, "title": "Tea"}, {"_id": "a", "title": "Mug"}])
    async with open_shop(tmp_path, mongo, "pymongo") as stores:
        shop = stores.catalogue
        tally = await shop.reader.read_all(lambda: None)
        assert (tally.documents, tally.rejected) == (1, 1)
        (reject,) = shop.rejects
        assert (reject.file, reject.field, reject.reason) == ("shop", "id", "no _id that a product can have")
        assert "'no': 7" in reject.row["_id"]
        assert (await shop.sources())["shop"].rejected == 1

        mongo.products.delete_many({"title": "Tea"})
        assert (await shop.reader.read_all(lambda: None)).rejected == 0
        assert list(shop.rejects) == []


async def test_a_document_that_cannot_be_read_is_told_of_until_it_is_mended_or_gone(
    tmp_path: Path, mongo: Shop
) -> None:
    async with open_shop(tmp_path, mongo, "pymongo") as stores:
        shop = stores.catalogue
        observer = shop._observer
        for name in ("a", "b", "a"):
            assert list(await observer.take([broken(name)])) == []
        assert [one.row["_id"] for one in shop.rejects] == ["b", "a"]
        assert all(isinstance(one, Reject) and one.reason for one in shop.rejects)

        assert list(await observer.take([sent({"_id": "a", "title": "Tea"})])) == ["a"]
        assert [one.row["_id"] for one in shop.rejects] == ["b"]
        await shop.reader.read_all(lambda: None)
        assert list(shop.rejects) == []
