"""What a write asks for before it changes anything: that nobody else was there meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bson
import msgspec
import pytest
from bson import DatetimeMS, Decimal128, Int64, ObjectId, Regex
from bson.raw_bson import RawBSONDocument

from daemon.adapters.mongo.mapping import ShopMapping
from daemon.config import MongodbSection
from daemon.products.product import Status
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape
from tests.unit.adapters.mongo.shop_server import matches

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
#: What the recorded shapes hold that no default path leads to, and the key with a dot that no condition can name.
UNREAD = frozenset(
    "publishedDate createdBy updatedBy pv seller type qty_S qty_M qty_L qty_XL name_hy name_ru price.common".split()  # noqa: SIM905
)
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def mapping(**section: Any) -> ShopMapping:
    return ShopMapping(MongodbSection(**section), currency="EUR")


@pytest.mark.parametrize("name", NAMES)
def test_every_field_that_is_read_stands_in_the_condition(name: str) -> None:
    shop, document = mapping(), sent(shape(name))
    product = shop.product(document, None, {})

    where = shop.write(document, product, product, NOW).where

    for field in shape(name).keys() - UNREAD:
        edited = shape(name) | {field: "edited meanwhile"}
        assert matches(shape(name), where)
        assert not matches(edited, where), field
    for field in ("state", "price", "qty", "updatedAt", "description", "images", "title"):
        if field not in shape(name):
            assert not matches(shape(name) | {field: "made meanwhile"}, where), field
    assert not any("." in field for field in where)


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), float("-inf"), -0.0, Decimal128("NaN"), Decimal128("1.0"), [1, [2]], {"a": {"b": 1}},
     Regex("a"), DatetimeMS(2**60), b"\0", "", Int64(1)],
)  # fmt: skip
def test_a_condition_is_exact_whatever_stands_there(value: Any) -> None:
    fields = {"_id": OID, "title": "x", "price": value, "__v": 4}
    shop, document = mapping(), sent(fields)
    product = shop.product(document, None, {})

    where = shop.write(document, product, product, NOW).where

    assert matches(fields, where)
    assert not matches({**fields, "price": 12345}, where)
    assert not matches({name: v for name, v in fields.items() if name != "price"}, where)
    assert not matches({**fields, "__v": 5}, where)


def test_bytes_that_cannot_be_decoded_are_compared_as_they_are() -> None:
    raw = bson.encode({"_id": OID, "title": "?A"}).replace(b"?A", b"\xffA")
    document = sent({"_id": OID})._replace(raw=raw)
    shop = mapping()
    product = shop.product(document, None, {})

    condition = shop.write(document, product, product, NOW).where["title"]

    assert isinstance(condition, RawBSONDocument)
    assert b"$eq\0\x03\0\0\0\xffA\0" in condition.raw


def test_a_very_large_value_is_compared_by_its_type() -> None:
    shop, document = mapping(), sent({"_id": OID, "description": "x" * 15_000_000, "state": "published"})
    product = shop.product(document, None, {})

    write = shop.write(document, product, msgspec.structs.replace(product, status=Status.UNLISTED), NOW)

    assert write.where["description"] == {"$type": 2, "$not": {"$type": 4}}
    assert write.change == {"$set": {"state": "draft"}}
    assert len(bson.encode(write.where)) < 10_000


def test_the_shard_key_stands_in_every_condition() -> None:
    shop = mapping(shard_key=("region.code", "tenant", "seller", "_id"))
    document = sent({"_id": OID, "region": {"code": "eu"}, "title": "x", "seller": None})
    product = shop.product(document, None, {})

    where = shop.write(document, product, product, NOW).where

    assert where["_id"] == OID
    assert where["region.code"] == {"$eq": "eu"}
    assert where["tenant"] == where["seller"] == {"$eq": None}


def test_the_shard_key_of_a_large_document_is_known() -> None:
    document = sent({"_id": OID, "junk": "x" * 100_000, "region": {"code": "eu"}})
    shop = mapping(shard_key=("region.code",))
    product = shop.product(document, None, {})

    assert shop.write(document, product, product, NOW).where["region.code"] == {"$eq": "eu"}


@pytest.mark.parametrize("value", [5, "a", {"a": 1}, None, "x" * 2_000_000])
def test_a_value_that_has_become_a_list_of_itself_is_another(value: Any) -> None:
    shop, document = mapping(), sent({"_id": OID, "title": "x", "price": value})
    product = shop.product(document, None, {})

    condition = shop.write(document, product, product, NOW).where["price"]

    assert bson.decode(bson.encode({"price": condition}))["price"]["$not"] == {"$type": 4}
