"""Identifiers in the one form in which they are compared."""

from __future__ import annotations

import pytest

from daemon.products.keys import compact_gtin, gtin_key, product_keys, sku_key, slug_key
from daemon.products.product import Product, Variant


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("4006381333931", "04006381333931"),
        (" 4006381333931\t", "04006381333931"),
        ("4006-3813 33931", "04006381333931"),
        ("4006\u00a03813\u201033931", "04006381333931"),
        ("'7350177880121", "07350177880121"),
        ("’7350177880121", "07350177880121"),
        ("036000291452", "00036000291452"),
        ("0036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("14006381333938", "14006381333938"),
    ],
)
def test_a_gtin_is_fourteen_digits_however_it_is_written(written: str, key: str) -> None:
    assert gtin_key(written) == key


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        " ",
        "n/a",
        "1234567",
        "123456789012345",
        "00000000",
        "４００６３８１３３３９３１",
        "400638133393²",
        "40063.81333931",
    ],
)
def test_what_identifies_nothing_has_no_gtin_key(written: str | None) -> None:
    assert gtin_key(written) is None


def test_a_compact_gtin_keeps_what_is_wrong_with_it() -> None:
    assert compact_gtin(" '40-06 38x") == "400638x"


def test_skus_differ_by_what_is_inside_and_not_by_blanks_around_or_case() -> None:
    assert sku_key(" Ab-1 ") == sku_key("aB-1") == "ab-1"
    assert sku_key("A-11") != sku_key("A1-1")
    assert sku_key("STRASSE") == sku_key("straße")
    assert sku_key("#7") == "#7"
    assert [sku_key(text) for text in (None, "", "  ", "-", "--")] == [None] * 5


def test_slugs_are_compared_without_slashes_around() -> None:
    assert slug_key("/Board/") == slug_key("board") == "board"
    assert [slug_key(text) for text in (None, "", "/", " ")] == [None] * 4


def test_a_product_has_the_keys_of_its_variants_each_once() -> None:
    variants = (Variant(sku="A", gtin="4006381333931"), Variant(sku="a"), Variant(sku="B"))
    product = Product(id="p", sku="A", slug="board", gtin="4006381333931", variants=variants)
    assert product_keys(product) == [
        ("slug", "board"), ("sku", "a"), ("gtin", "04006381333931"), ("sku", "b")
    ]  # fmt: skip
    assert product_keys(Product(id="q")) == []
