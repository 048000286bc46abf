from __future__ import annotations

from collections import Counter

import pytest

from daemon.products.feeds import status_words
from daemon.products.feeds.columns import header_key, known_headers, layout_of, provided_by
from daemon.products.feeds.headers import CANONICAL
from daemon.products.feeds.status_words import availability_of, status_of, word_key
from daemon.products.feeds.values import flag_of
from daemon.products.product import Availability, Product, Status, Unparsed


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("active", Status.LISTED), ("Published", Status.LISTED), ("On Sale", Status.LISTED), ("上架", Status.LISTED),
        ("在售", Status.LISTED), ("公開", Status.LISTED), ("판매중", Status.LISTED), ("активен", Status.LISTED),
        ("TRUE", Status.LISTED), ("INACTIVE", Status.UNLISTED), ("off-shelf", Status.UNLISTED),
        ("已下架", Status.UNLISTED),
        ("仓库中", Status.UNLISTED), ("sold out", Status.OUT_OF_STOCK), ("OutOfStock", Status.OUT_OF_STOCK),
        ("售罄", Status.OUT_OF_STOCK), ("品切れ", Status.OUT_OF_STOCK), ("Draft", Status.DRAFT), ("草稿", Status.DRAFT),
        ("auto-draft", Status.DRAFT), ("下書き", Status.DRAFT), ("Entwurf", Status.DRAFT),
        ("pending review", Status.REVIEW),
        ("待审核", Status.REVIEW), ("審査中", Status.REVIEW), ("archived", Status.ARCHIVED), ("trash", Status.ARCHIVED),
        ("已删除", Status.ARCHIVED), ("archivé", Status.ARCHIVED), ("ＡＣＴＩＶＥ", Status.LISTED),
        *((status.value, status) for status in Status),
    ],
)  # fmt: skip
def test_the_words_of_other_systems_are_mapped(word: str, status: Status) -> None:
    assert status_of(word) == status


@pytest.mark.parametrize("word", ["wibble", "activ", "listed?", "在"])
def test_an_unknown_word_is_kept_as_text(word: str) -> None:
    assert status_of(word) == Unparsed(word)


@pytest.mark.parametrize(
    ("word", "availability"),
    [
        ("in stock", Availability.IN_STOCK), ("in_stock", Availability.IN_STOCK), ("true", Availability.IN_STOCK),
        ("https://schema.org/InStock", Availability.IN_STOCK),
        ("http://schema.org/OutOfStock", Availability.OUT_OF_STOCK),
        ("LimitedAvailability", Availability.IN_STOCK), ("SoldOut", Availability.OUT_OF_STOCK),
        ("有货", Availability.IN_STOCK),
        ("PreOrder", Availability.PREORDER), ("pre-order", Availability.PREORDER), ("预售", Availability.PREORDER),
        ("backorder", Availability.BACKORDER), ("onbackorder", Availability.BACKORDER),
        ("无货", Availability.OUT_OF_STOCK),
        ("Discontinued", Availability.DISCONTINUED), ("停产", Availability.DISCONTINUED),
        *((availability.value, availability) for availability in Availability),
    ],
)  # fmt: skip
def test_availabilities_are_read_in_every_spelling(word: str, availability: Availability) -> None:
    assert availability_of(word) == availability


@pytest.mark.parametrize("table", [status_words._STATUS, status_words._AVAILABILITY])
def test_no_word_means_two_things(table: dict[object, str]) -> None:
    counts = Counter(key for words in table.values() for key in {word_key(word) for word in words.split()})
    assert [word for word, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        ("yes", True), ("No", False), ("1", True), ("0", False), ("是", True), ("否", False), ("deny", False),
        ("continue", True),
        ("", None), (None, None), (True, True), (False, False), ("perhaps", Unparsed("perhaps")), (2, Unparsed("2")),
    ],
)  # fmt: skip
def test_yes_and_no(cell: object, flag: object) -> None:
    assert flag_of(cell) == flag


def test_canonical_headers_are_fields_of_a_product() -> None:
    assert {"images" if name == "image" else name for name in CANONICAL} <= set(Product.__struct_fields__)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Sale Price", "sale_price"), ("salePrice", "sale_price"), (" SALE-PRICE ", "sale_price"), ("g:sale_price",
        "sale_price"),
        ("Body (HTML)", "body_html"), ("imageURL", "image_url"), ("SKU", "sku"), ("In stock?", "in_stock"),
        ("商品名称", "商品名称"), ("Google Shopping / MPN", "google_shopping_mpn"), ("价格（元）", "价格_元"),
    ],
)  # fmt: skip
def test_headers_have_one_spelling(header: str, key: str) -> None:
    assert header_key(header) == key


def test_canonical_headers_are_known_and_win_over_guesses() -> None:
    assert set(CANONICAL) <= known_headers()
    layout = layout_of(["name", "title", "url", "link"], {})
    assert layout["title"] == ("title",)
    assert layout["link"] == ("link",)


def test_units_in_brackets_do_not_hide_a_header() -> None:
    assert layout_of(["Price (USD)", "库存【件】"], {}) == {"price": ("Price (USD)",), "stock": ("库存【件】",)}


def test_a_list_price_alone_provides_a_price_and_with_another_a_sale() -> None:
    assert provided_by(layout_of(["msrp"], {})) == {"price"}
    assert provided_by(layout_of(["msrp", "price"], {})) == {"price", "sale_price"}
    assert provided_by(layout_of(["published", "images"], {})) == {"status", "image"}
