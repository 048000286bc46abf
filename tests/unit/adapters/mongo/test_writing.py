from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bson import Decimal128, Int64, ObjectId

from daemon.adapters.mongo.decoding import decoded
from daemon.adapters.mongo.mapping import ShopMapping, Write
from daemon.config import MongodbSection
from daemon.errors import InvalidInput
from daemon.products.product import Availability, Product, Status, Unparsed
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape
from tests.unit.adapters.mongo.shop_server import applied, matches

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 9, 0, 0, 123456, tzinfo=UTC)


def mapping(**section: Any) -> ShopMapping:
    return ShopMapping(MongodbSection(**section), currency="EUR")


def written(fields: dict[str, Any], section: dict[str, Any] | None = None, **after: Any) -> Write:
    """Write a change, and hold it to what a write has to do: nothing but what was asked for."""
    shop = mapping(**section or {})
    document = sent({"_id": OID, **fields})
    before = shop.product(document, None, {})
    wanted = msgspec.structs.replace(before, **after)
    write = shop.write(document, before, wanted, NOW)
    now = applied({"_id": OID, **fields}, write.change) if write.change else {"_id": OID, **fields}
    found = shop.product(sent(now), wanted, {})
    assert msgspec.structs.replace(found, updated_at=before.updated_at) == wanted
    assert matches({"_id": OID, **fields}, write.where)
    return write


@pytest.mark.parametrize(
    ("lying", "price", "stands"),
    [
        (12, "15", 15),
        (12, "15.5", 15.5),
        (12.5, "15", 15),
        (12.5, "0.1", 0.1),
        (Int64(12), "15", Int64(15)),
        (12, "9223372036854775808", Decimal128("9223372036854775808")),
        (12, "0.1000000000000000055", Decimal128("0.1000000000000000055")),
        (Decimal128("12.50"), "15", Decimal128("15")),
        ("12.50", "15.25", "15.25"),
        ("12.50 EUR", "15.25", "15.25 EUR"),
        ("abc", "15", "15"),
        (True, "15", 15),
        (None, "15", 15),
        (float("nan"), "15", 15),
        (12, "Infinity", float("inf")),
    ],
)
def test_an_amount_keeps_the_kind_that_stood_there(lying: Any, price: str, stands: Any) -> None:
    change = written({"price": lying}, price=Decimal(price)).change

    assert change == {"$set": {"price": stands}}
    assert type(change["$set"]["price"]) is type(stands)


def test_a_text_amount_is_written_so_that_it_is_read_again() -> None:
    shop = ShopMapping(MongodbSection(), locale="de_DE")
    document = sent({"_id": OID, "price": "1.234,5"})
    before = shop.product(document, None, {})
    after = msgspec.structs.replace(before, price=Decimal("1.234"))

    assert shop.write(document, before, after, NOW).change == {"$set": {"price": "1,234"}}


def test_an_emptied_amount_is_null_and_an_emptied_text_is_gone() -> None:
    write = written({"price": 5, "sku": "A"}, price=None, sku=None)

    assert write.change == {"$set": {"price": None}, "$unset": {"sku": ""}}


@pytest.mark.parametrize(
    ("fields", "after", "change"),
    [
        ({"price": {"common": 5, "sale": 4}}, {"price": Decimal(6)}, {"price.common": 6}),
        ({"price": {"common": 5}}, {"sale_price": Decimal(4)}, {"price.sale": 4}),
        ({"price": {"common": 5, "sale": 4}}, {"price": None, "sale_price": None},
         {"price.common": None, "price.sale": None}),
        ({"price": {"common": None, "sale": 4}}, {"price": Decimal(6)}, {"price.common": 6}),
        ({"price": {"sale": 4}}, {"price": Decimal(6)}, {"price.common": 6}),
        ({"price": {"amount": None, "currency": "CHF"}}, {"price": Decimal(6)}, {"price.amount": 6}),
        ({"quantity": None}, {"stock": Decimal(6)}, {"quantity": 6}),
        ({"name": "", "title": None}, {"title": "b"}, {"title": "b"}),
        ({"code": ""}, {"sku": "b"}, {"code": "b"}),
        ({"price": 5}, {"sale_price": Decimal(4)}, {"salePrice": 4}),
        ({}, {"sale_price": Decimal(4)}, {"salePrice": 4}),
        ({"price": {"amount": 5, "currency": "CHF"}}, {"price": Decimal(6)}, {"price.amount": 6}),
        ({"price": {"amount": 5, "currency": "CHF"}}, {"currency": "USD"}, {"price.currency": "USD"}),
        ({"name": "a"}, {"title": "b"}, {"name": "b"}),
        ({"title": "", "name": "a"}, {"title": "b"}, {"name": "b"}),
        ({}, {"title": "b"}, {"title": "b"}),
        ({"code": 7}, {"sku": "8"}, {"code": 8}),
        ({"code": 7}, {"sku": "08"}, {"code": "08"}),
        ({"category": "a"}, {"category": "b"}, {"category": "b"}),
        ({"image": "https://i.example/a.jpg"}, {"images": ("https://i.example/b.jpg",)}, {"image": "https://i.example/b.jpg"}),
        ({"images": ["https://i.example/a.jpg"]}, {"images": ("https://i.example/b.jpg", "https://i.example/c.jpg")},
         {"images": ["https://i.example/b.jpg", "https://i.example/c.jpg"]}),
        ({"state": "published"}, {"status": Status.UNLISTED}, {"state": "draft"}),
        ({"status": "published"}, {"status": Status.REVIEW}, {"status": "draft"}),
        ({"state": True}, {"status": Status.UNLISTED}, {"state": False}),
        ({"state": None}, {"status": Status.UNLISTED}, {"state": "draft"}),
    ],
)  # fmt: skip
def test_a_change_is_set_where_the_value_stood(
    fields: dict[str, Any], after: dict[str, Any], change: dict[str, Any]
) -> None:
    assert written(fields, **after).change == {"$set": change}


@pytest.mark.parametrize(
    ("path", "fields", "after", "stands"),
    [
        ({"is_free": ("gift",)}, {"gift": False}, {"is_free": True}, True),
        ({"is_free": ("gift",)}, {"gift": "no"}, {"is_free": True}, "true"),
        ({"is_free": ("gift",)}, {"gift": 0}, {"is_free": True}, 1),
        ({"availability": ("in",)}, {"in": True}, {"availability": Availability.OUT_OF_STOCK}, False),
        ({"availability": ("in",)}, {"in": "in stock"}, {"availability": Availability.PREORDER}, "preorder"),
        ({"expires_at": ("until",)}, {"until": NOW}, {"expires_at": NEW_YEAR}, NEW_YEAR),
        ({"expires_at": ("until",)}, {"until": "2026-01-01T00:00Z"}, {"expires_at": NEW_YEAR},
         "2027-01-01T00:00:00.000+00:00"),
        ({"expires_at": ("until",)}, {"until": 1764072000}, {"expires_at": NEW_YEAR}, 1798761600),
        ({"expires_at": ("until",)}, {"until": Int64(1764072000000)}, {"expires_at": NEW_YEAR}, 1798761600000),
        ({"brand": ("tags.0.brand",)}, {"tags": [{"brand": "a"}]}, {"brand": "b"}, "b"),
    ],
)  # fmt: skip
def test_flags_times_and_words_keep_their_kind(
    path: dict[str, Any], fields: dict[str, Any], after: dict[str, Any], stands: Any
) -> None:
    change = written(fields, {"map": path}, **after).change["$set"]

    assert list(change.values()) == [stands]


def test_the_time_of_the_change_is_set_where_the_model_tracks_it() -> None:
    fields = {"state": "published", "updatedAt": datetime(2026, 1, 1, tzinfo=UTC), "createdAt": NOW}

    change = written(fields, status=Status.UNLISTED).change

    assert change == {"$set": {"state": "draft", "updatedAt": NOW.replace(microsecond=123000)}}


def test_a_time_that_the_caller_sets_itself_is_kept() -> None:
    shop, document = mapping(), sent({"_id": OID, "state": "published", "updatedAt": datetime(2026, 1, 1, tzinfo=UTC)})
    before = shop.product(document, None, {})
    mine = NOW.replace(microsecond=123000).astimezone(timezone(timedelta(hours=8)))

    change = shop.write(document, before, msgspec.structs.replace(before, updated_at=mine), NOW).change

    assert change == {"$set": {"updatedAt": NOW.replace(microsecond=123000)}}


def test_a_status_of_the_same_word_changes_nothing() -> None:
    shop, document = mapping(), sent({"_id": OID, "state": "draft", "updatedAt": NOW})
    before = shop.product(document, None, {})

    write = shop.write(document, before, msgspec.structs.replace(before, status=Status.UNLISTED), NOW)

    assert write.change == {}


@pytest.mark.parametrize(
    ("fields", "after", "reason"),
    [
        ({"state": "published"}, {"status": Status.OUT_OF_STOCK}, "mongodb.statuses"),
        ({"state": "live"}, {"status": Status.UNLISTED}, "mongodb.statuses"),
        ({"state": "published"}, {"status": Unparsed("gone")}, "no status"),
        ({"title": "x"}, {"status": Status.UNLISTED}, "no field in the document says it"),
        ({"price.common": 5}, {"price": Decimal(6)}, "cannot be updated safely"),
        ({"image": {"url": "http://i.example/a.jpg"}}, {"images": ("http://i.example/b.jpg",)}, "uploaded"),
        ({"image": {"url": "http://i.example/a.jpg"}}, {"images": ()}, "more than one value"),
        ({"category": OID}, {"category": "b"}, "refers to another document"),
        ({}, {"category": "b"}, "refers to another document"),
        ({"variants": [{"sku": "a"}]}, {"variants": ()}, "in the shop itself"),
        ({"title": "a", "name": "b"}, {"title": None}, "its document would say b"),
        ({"description": {"md": "a", "html": "<p>a</p>"}}, {"description": "b"}, "is an object"),
        ({"price": [1]}, {"price": Decimal(6)}, "not one value"),
        ({"price": b"1"}, {"price": Decimal(6)}, "not one value"),
        ({"createdAt": NOW}, {"created_at": NOW}, "its document would say"),
        ({"title": "a"}, {"title": " b "}, "its document would say b"),
        ({"title": "a"}, {"title": ""}, "its document would say nothing"),
        ({"sku": "a"}, {"sku": "\ud800"}, "surrogates"),
        ({"title": "a"}, {"title": "null"}, "its document would say nothing"),
        ({"price": Decimal128("1")}, {"price": Decimal("1." + "1" * 40)}, "34 digits"),
        ({"price": "5"}, {"price": Unparsed("x")}, "no amount"),
        ({"createdAt": NOW}, {"created_at": datetime(2026, 1, 1)}, "no time zone"),  # noqa: DTZ001
        ({}, {"owner": "anna"}, "mongodb.map"),
        ({}, {"is_free": True}, "mongodb.map"),
    ],
)  # fmt: skip
def test_a_change_that_has_no_place_is_refused(fields: dict[str, Any], after: dict[str, Any], reason: str) -> None:
    shop, document = mapping(), sent({"_id": OID, **fields})
    before = shop.product(document, None, {})

    with pytest.raises(InvalidInput) as refused:
        shop.write(document, before, msgspec.structs.replace(before, **after), NOW)
    assert reason in str(refused.value)
    assert refused.value.faults[0][0] in {*after, "status"}


def test_a_status_field_that_the_configuration_names_is_made() -> None:
    assert written({}, {"map": {"status": ("shown",)}}, status=Status.UNLISTED).change == {"$set": {"shown": "draft"}}


def test_unknown_fields_are_left_alone() -> None:
    fields = {"_id": OID, "state": "published", "custom": {"x": [1]}, "__v": 7}
    change = written({k: v for k, v in fields.items() if k != "_id"}, status=Status.UNLISTED).change

    assert applied(fields, change) == fields | {"state": "draft"}


def test_a_product_as_it_was_read_needs_no_change() -> None:
    for name in NAMES:
        shop, document = mapping(), sent(shape(name))
        product: Product = shop.product(document, None, {})
        assert shop.write(document, product, product, NOW).change == {}
        assert decoded(document.raw, ["_id"])["_id"] == shape(name)["_id"]
