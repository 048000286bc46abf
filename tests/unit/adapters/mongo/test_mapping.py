from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson import DatetimeMS, ObjectId

from daemon.adapters.mongo.documents import Document, document_of
from daemon.adapters.mongo.fields import Related
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.config import MongodbSection
from daemon.errors import InvalidInput
from daemon.products.product import Product, Status, Unparsed
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
TEA = ObjectId("65f1a2b3c4d5e6f70809cc01")
MADE = datetime(2024, 3, 13, 12, 58, 59, tzinfo=UTC)
CLOUD = "https://res.cloudinary.example/demo/image/upload/v1710400000/mug_blue.jpg"
RELATED: Related = {"productcategories": {TEA: "Tea"}}


def mapping(**section: Any) -> ShopMapping:
    return ShopMapping(MongodbSection(**section), currency="EUR")


def read(fields: dict[str, Any], **section: Any) -> Product:
    return mapping(**section).product(sent({"_id": OID, **fields}), None, {})


SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("acme_keystone", {"title": "Enamel mug", "slug": "enamel-mug", "price": Decimal("12.5"), "stock": Decimal(7),
                       "description": "<p>Holds <b>0.4 l</b> &amp; lasts.</p>", "images": (CLOUD,),
                       "status": Status.LISTED, "created_at": OID.generation_time, "updated_at": None}),
    ("tracked_ecommerce", {"title": "Teapot, cast iron", "price": Decimal(49), "category": "Tea", "stock": None,
                           "created_at": datetime(2026, 3, 1, 8, 15, 30, 250000, tzinfo=UTC),
                           "updated_at": datetime(2026, 11, 20, 10, 0, 0, 1000, tzinfo=UTC)}),
    ("villas", {"price": Decimal("1250.75"), "stock": Decimal(0), "currency": "EUR"}),
    ("prosafe_no_price", {"slug": "safety-helmet", "price": None, "description": "EN 397", "category": "Tea",
                          "images": ("https://img.example/h1.png", "https://img.example/h2.png")}),
    ("price_common", {"price": Decimal("59.9"), "sale_price": Decimal(45), "sku": "LS-100", "status": Status.DRAFT,
                      "description": "Washed linen",
                      "images": ("https://img.example/ls-1.jpg", "http://img.example/ls-2.jpg")}),
    ("price_text", {"title": "Used bicycle", "price": Decimal("150.00"), "images": ("https://img.example/bike.jpg",)}),
    ("sizes", {"price": Decimal("39.90"), "stock": None, "status": Status.ARCHIVED, "sku": "HD-1"}),
    ("localised", {"title": None, "price": Decimal(4500), "stock": Decimal(12),
                   "description": "<p><strong>Semi-sweet</strong></p>"}),
    ("amount_and_currency", {"id": "sku-4711", "price": Decimal("89.00"), "currency": "CHF", "created_at": None,
                             "status": Status.LISTED}),
    ("emptied", {"price": None, "stock": None, "description": None, "images": (), "category": None}),
    ("minimal", {"title": "Bare", "price": None, "stock": None, "status": Status.LISTED, "images": ()}),
    ("dotted_key", {"id": "12", "price": Decimal("5.5")}),
    ("not_a_number", {"stock": Decimal("-Infinity"), "updated_at": Unparsed("253402300800000 ms from 1970")}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), SHAPES)
def test_every_shape_is_read(name: str, expected: dict[str, Any]) -> None:
    product = mapping().product(sent(shape(name)), None, RELATED)

    assert {field: getattr(product, field) for field in expected} == expected
    assert (product.source, product.currency) == ("shop", expected.get("currency", "EUR"))


def test_every_recorded_shape_is_among_them() -> None:
    assert sorted(name for name, _ in SHAPES) == NAMES


def test_not_a_number_is_kept_for_its_rule() -> None:
    price = mapping().product(sent(shape("not_a_number")), None, {}).price

    assert isinstance(price, Decimal)
    assert price.is_nan()


def test_variants_are_read_where_a_list_of_objects_holds_them() -> None:
    product = mapping().product(sent(shape("amount_and_currency")), None, {})

    assert [(v.sku, v.title, v.price, v.stock) for v in product.variants] == [
        ("DL-B", "Black", Decimal(89), Decimal(1)),
        ("DL-W", "White", Decimal("92.5"), Decimal(3)),
    ]


def test_localised_names_are_mapped_by_configuration() -> None:
    product = mapping(map={"title": ("name_en", "name_ru")}).product(sent(shape("localised")), None, {})

    assert product.title == "Гранатовое вино"


@pytest.mark.parametrize(
    ("paths", "fields", "price"),
    [
        (("a", "b"), {"b": 2}, Decimal(2)),
        (("a", "b"), {"a": None, "b": 2}, Decimal(2)),
        (("a", "b"), {"a": 0, "b": 2}, Decimal(0)),
        (("a", "b"), {"a": "", "b": 2}, Decimal(2)),
        (("a", "b"), {"a": "abc", "b": 2}, Unparsed("abc")),
        (("a", "a.b"), {"a": {"b": 2}}, Decimal(2)),
        (("a", "a.c"), {"a": {"b": 2}}, Unparsed("{'b': 2}")),
        (("a.1.b",), {"a": [{"b": 1}, {"b": 2}]}, Decimal(2)),
        (("a.9.b",), {"a": [{"b": 1}]}, None),
        (("a.b",), {"a.b": 3}, Decimal(3)),
        (("a.b",), {"a": {"b": 2}, "a.b": 3}, Decimal(2)),
        (("a.b.c",), {"a": {"b": {"c": 2}}}, Decimal(2)),
        (("a.b.c",), {"a": {"b": 1}, "a.b.c": 3}, Decimal(3)),
    ],
)
def test_the_first_value_counts_nested_before_dotted(
    paths: tuple[str, ...], fields: dict[str, Any], price: Any
) -> None:
    assert read(fields, map={"price": paths}).price == price


def test_a_text_price_states_the_currency_unless_the_document_does() -> None:
    assert (read({"price": "12.90 CHF"}).currency, read({"price": "12.90"}).currency) == ("CHF", "EUR")
    assert read({"price": "¥100"}).currency == "EUR"


def test_two_currencies_leave_the_price_open() -> None:
    assert read({"price": "12.90 CHF", "currency": "USD"}).price == Unparsed("12.90 CHF", ambiguous=True)


def test_a_whole_last_day_is_meant_where_a_sale_ends() -> None:
    product = ShopMapping(
        MongodbSection(map={"sale_start": ("from",), "sale_end": ("to",)}), timezone="Asia/Shanghai"
    ).product(sent({"_id": OID, "from": "2026-11-01", "to": "2026-11-11"}), None, {})

    assert product.sale_start == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert product.sale_end == datetime(2026, 11, 11, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("before", [Status.UNLISTED, Status.REVIEW, Status.DRAFT])
def test_a_shared_word_means_what_was_stored(before: Status) -> None:
    document = sent({"_id": OID, "state": "draft"})

    assert mapping().product(document, Product(id=str(OID), status=before), {}).status == before


def test_the_references_of_a_page_are_gathered_by_collection() -> None:
    other = ObjectId("65f1a2b3c4d5e6f70809cc07")
    page = [sent(shape(name)) for name in NAMES]

    assert {name: set(ids) for name, ids in mapping().wanted(page).items()} == {
        "productcategories": {TEA, other},
        "categories": {TEA, other},
    }
    assert mapping().relations == {"productcategories": "name", "categories": "name"}


def test_references_are_resolved_to_the_first_that_is_known() -> None:
    other = ObjectId()
    document = sent({"_id": OID, "categories": [other, TEA], "brand": other})
    section = {"relations": {"brand": "brands.title"}}
    old: Related = {"categories": {other: "Old"}}

    assert mapping().product(document, None, RELATED).category == "Tea"
    assert mapping().product(document, None, old).category == "Old"
    assert mapping().product(document, None, {}).category is None
    assert mapping(**section).product(document, None, {"brands": {other: "Acme"}}).brand == "Acme"
    assert set(mapping(**section).wanted([document])["brands"]) == {other}


def test_a_category_by_name_needs_no_look_up() -> None:
    document = sent({"_id": OID, "category": "Tea"})

    assert mapping().wanted([document]) == {}
    assert mapping().product(document, None, {}).category == "Tea"


def test_people_are_shown_how_each_field_was_read() -> None:
    rows = {row.name: row for row in mapping().explained(sent(shape("price_common")), {})}

    assert (rows["price"].path, rows["price"].found, rows["price"].value) == ("price.common", 59.9, Decimal("59.9"))
    assert (rows["stock"].path, rows["stock"].found, rows["stock"].value) == ("", None, None)
    assert (rows["status"].path, rows["status"].found, rows["status"].value) == ("state", "draft", Status.DRAFT)
    assert (rows["id"].path, rows["id"].value) == ("_id", "65f1a2b3c4d5e6f708091a05")
    assert set(rows) == mapping().fields | {"id"}


def test_a_large_document_is_read_without_decoding_what_nobody_asks_for() -> None:
    product = read({"junk": [{"x": "y" * 100}] * 140_000, "title": "Large", "price": {"common": 3}})

    assert (product.title, product.price) == ("Large", Decimal(3))


@pytest.mark.parametrize("padding", [0, 70_000])
def test_one_unreadable_field_spoils_itself_alone(padding: int) -> None:
    nested = b"\x05\0\0\0\0"
    for _ in range(3000):
        nested = (len(nested) + 8).to_bytes(4, "little") + b"\x03a\0" + nested + b"\0"
    whole = bson.encode({"_id": OID, "title": "Deep", "pad": "x" * padding})
    body = whole[4:-1] + b"\x03price\0" + nested + b"\x02sku\0\x03\0\0\0\xffA\0\x09updatedAt\0" + b"\xff" * 7 + b"\x7f"

    found = document_of((len(body) + 5).to_bytes(4, "little") + body + b"\0")

    assert isinstance(found, Document)
    product = mapping().product(found, None, {})
    assert (product.title, product.sku) == ("Deep", "\ufffdA")
    assert product.price == Unparsed("BSON that cannot be read")
    assert isinstance(product.updated_at, Unparsed)


def test_a_document_of_which_nothing_can_be_told_apart_is_refused() -> None:
    raw = bson.encode({"_id": OID, "title": "Broken"}).replace(b"\x02title", b"\x44title")
    found = document_of(raw)
    assert isinstance(found, Document)

    with pytest.raises(InvalidInput, match="not a BSON document"):
        mapping().product(found, None, {})


def test_dates_that_python_has_none_for_stay_text() -> None:
    assert read({"createdAt": DatetimeMS(-(2**62))}).created_at == Unparsed(f"{-(2**62)} ms from 1970")


@pytest.mark.parametrize(
    "price",
    [
        {"common": None, "sale": 9},
        {"sale": 9},
        {"common": None, "wholesale": 4},
        {"amount": None, "currency": "CHF"},
        {},
    ],
)
def test_an_emptied_price_in_an_object_is_no_price(price: dict[str, Any]) -> None:
    product = mapping().product(sent({"_id": 1, "price": price, "variants": [{"price": price}]}), None, {})
    assert (product.price, product.variants[0].price) == (None, None)
    assert product.sale_price == price.get("sale")


@pytest.mark.parametrize("price", [{"net": 10}, {"net": 10, "currency": "CHF"}])
def test_an_object_that_nobody_knows_is_no_absent_price(price: dict[str, Any]) -> None:
    product = mapping().product(sent({"_id": 1, "price": price}), None, {})
    assert isinstance(product.price, Unparsed)
