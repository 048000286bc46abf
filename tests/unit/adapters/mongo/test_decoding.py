from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson import Code, ObjectId

from daemon.adapters.mongo import values
from daemon.adapters.mongo.decoding import decoded, shortened
from daemon.adapters.mongo.elements import ARRAY, MOST, OBJECT, Element, elements, joined
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.variants import MOST as MOST_VARIANTS
from daemon.config import MongodbSection
from daemon.errors import InvalidInput
from daemon.products.product import Unparsed
from tests.unit.adapters.mongo.shop_documents import sent

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
NOW = datetime(2026, 11, 25, tzinfo=UTC)
SHOP = ShopMapping(MongodbSection())
NAMES = ("title", "price", "category", "variants", "description")
MEGABYTE = 1 << 20


def test_a_long_list_is_decoded_to_where_it_is_of_use() -> None:
    found = decoded(bson.encode({"category": ["x" * 100] * 100_000, "title": "Mug"}), NAMES)

    assert found["title"] == "Mug"
    assert 1000 < len(found["category"]) < 20_000
    assert set(found["category"]) == {"x" * 100}


def test_a_long_object_is_decoded_to_where_it_is_of_use() -> None:
    found = decoded(bson.encode({"price": {f"k{n}": n for n in range(200_000)}}), NAMES)

    assert 1000 < len(found["price"]) < 20_000
    assert found["price"]["k7"] == 7


@pytest.mark.parametrize("first", [True, False])
def test_a_field_loses_nothing_to_another_that_is_too_long(first: bool) -> None:
    variants = [{"sku": f"s{n}", "title": "x" * 300} for n in range(2000)]
    long = {"category": [{"a": n} for n in range(200_000)]}
    fields: dict[str, Any] = {**long, "variants": variants} if first else {"variants": variants, **long}

    assert decoded(bson.encode(fields), NAMES)["variants"] == variants
    assert shortened(bson.encode(fields), NAMES) == {"category"}


def test_a_text_inside_a_long_object_is_read_whole() -> None:
    html = "é" * MEGABYTE
    found = decoded(bson.encode({"description": {"html": html, "md": [1] * 200_000}}), NAMES)

    assert found["description"]["html"] == html


def test_a_cut_breaks_no_character_that_is_taken_over() -> None:
    found = decoded(bson.encode({"description": "x" + "𝔵" * (3 * MEGABYTE)}), NAMES)

    assert found["description"][: values.LONGEST] == "x" + "𝔵" * (values.LONGEST - 1)


def test_lists_in_lists_are_bounded_together() -> None:
    found = decoded(bson.encode({"variants": [{"a": [n] * 30_000} for n in range(40)]}), NAMES)

    assert sum(len(one.get("a", ())) for one in found["variants"]) < 150_000


def test_what_is_nested_beyond_all_measure_is_unreadable_and_nothing_else_is() -> None:
    deep = b"\5\0\0\0\0"
    for _ in range(100_000):
        deep = joined([Element(OBJECT, b"a", deep)]) if len(deep) < 60_000 else deep
    pad = joined([Element(ARRAY, b"0", deep)] * 100)
    raw = joined([Element(OBJECT, b"price", pad), *elements(bson.encode({"title": "Mug"}))])

    assert decoded(raw, NAMES) == {"title": "Mug", "price": Unparsed("BSON that cannot be read")}


def test_too_many_fields_are_refused_with_a_reason() -> None:
    document = sent({"_id": OID, **{f"k{n}": n for n in range(MOST)}})

    with pytest.raises(InvalidInput, match="more than 100,000 fields"):
        SHOP.product(document, None, {})
    assert SHOP.wanted([document]) == {}


def test_many_fields_that_nobody_reads_are_no_trouble() -> None:
    document = sent({"_id": OID, **{f"k{n}": n for n in range(50_000)}, "title": "Mug", "price": 5})
    product = SHOP.product(document, None, {})

    assert product.title == "Mug"
    assert product.price == Decimal(5)
    assert SHOP.write(document, product, product, NOW).where["title"].raw == bson.encode(
        {"$eq": "Mug", "$not": {"$type": 4}}
    )


def test_the_ids_of_one_field_are_bounded_and_those_of_unread_fields_do_not_count() -> None:
    history = [{"category": ObjectId()} for _ in range(5000)]
    many = sent({"_id": OID, "history": history, "categories": [ObjectId() for _ in range(5000)], "category": OID})

    for ids in SHOP.wanted([many]).values():
        assert len(ids) <= 200
        assert OID in ids


@pytest.mark.parametrize(
    ("fields", "cut"),
    [
        ({"title": "x" * 30_000}, ["title"]),
        ({"description": "x" * (3 * MEGABYTE)}, ["description"]),
        ({"description": "x" * MEGABYTE}, []),
        ({"variants": [{"sku": str(n), "title": "x" * 9} for n in range(MOST_VARIANTS + 1)]}, ["variants"]),
        ({"images": [f"https://i.example/{n}.jpg" for n in range(2000)]}, ["images"]),
        ({"category": [{"a": n} for n in range(200_000)]}, ["category"]),
        ({"tags": ["x"] * 500_000}, []),
    ],
)
def test_what_was_left_out_of_a_document_is_known(fields: dict[str, Any], cut: list[str]) -> None:
    document = sent({"_id": OID, **fields})

    assert SHOP.cut(document, SHOP.product(document, None, {})) == cut


@pytest.mark.parametrize("field", ["price", "qty", "state", "createdAt"])
@pytest.mark.parametrize("lying", [Code("12.5"), Code("published"), "9" * 100_000])
def test_programs_and_endless_words_are_no_values(field: str, lying: Any) -> None:
    product = SHOP.product(sent({"_id": OID, field: lying}), None, {})
    value = {"price": product.price, "qty": product.stock, "state": product.status, "createdAt": product.created_at}

    assert value[field] == Unparsed(lying[:1000])
