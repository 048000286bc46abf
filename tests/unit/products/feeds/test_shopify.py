from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from daemon.errors import UnreadableFile
from daemon.products.product import Status, Variant
from tests.unit.products.feeds.reading import Outcome, read

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Option2 Value,Variant SKU,"
    "Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,"
    "Variant Barcode,Image Src,Image Position,Variant Image,Cost per item,Status"
)
COLUMNS = HEADER.split(",")


def export(folder: Path, *rows: dict[str, str], **options: str) -> Outcome:
    lines = [",".join(f'"{row.get(column, "")}"' for column in COLUMNS) for row in rows]
    return read(folder, "\n".join([HEADER, *lines, ""]), "products_export.csv", **options)


def test_variant_rows_and_image_rows_belong_to_the_product_above_them(tmp_path: Path) -> None:
    outcome = export(
        tmp_path,
        {
            "Handle": "shirt", "Title": "Shirt", "Body (HTML)": "<p>Cotton</p>", "Vendor": "Acme", "Type": "Tops",
            "Published": "true", "Option1 Value": "S", "Option2 Value": "Blue", "Variant SKU": "s-1",
            "Variant Price": "20", "Variant Compare At Price": "30", "Variant Inventory Qty": "3",
            "Variant Barcode": "'7350177880121", "Image Src": "https://a.example/2.jpg", "Image Position": "2",
            "Cost per item": "8", "Status": "active",
        },
        {"Handle": "shirt", "Option1 Value": "M", "Variant SKU": "s-2", "Variant Price": "21",
         "Variant Inventory Qty": "0", "Image Src": "https://a.example/1.jpg", "Image Position": "1", "Variant Image": "https://a.example/m.jpg"},
        {"Handle": "shirt", "Image Src": "https://a.example/3.jpg", "Image Position": "3"},
        {"Handle": "hat", "Title": "Hat", "Published": "true", "Option1 Value": "Default Title", "Variant Price": "9"},
    )  # fmt: skip
    shirt, hat = outcome.products
    assert (shirt.id, shirt.slug, shirt.title, shirt.brand, shirt.category) == (
        "shirt",
        "shirt",
        "Shirt",
        "Acme",
        "Tops",
    )
    assert [image[-5] for image in shirt.images] == ["1", "2", "3", "m"]
    assert shirt.variants == (
        Variant(
            sku="s-1", gtin="'7350177880121", title="S / Blue", price=Decimal(30), sale_price=Decimal(20),
            cost=Decimal(8), stock=Decimal(3), track_inventory=False,
        ),
        Variant(sku="s-2", title="M", price=Decimal(21), stock=Decimal(0), track_inventory=False),
    )  # fmt: skip
    assert (shirt.price, shirt.sale_price, shirt.stock, shirt.sku) == (Decimal(30), Decimal(20), None, None)
    assert (hat.variants, hat.price, hat.images) == ((), Decimal(9), ())
    assert [parsed.line for parsed in outcome.parsed] == [2, 5]
    document = outcome.parsed[0].document or {}
    assert isinstance(document["rows"], list)
    assert len(document["rows"]) == 3


def test_the_only_variant_is_the_product_itself(tmp_path: Path) -> None:
    product = export(
        tmp_path,
        {"Handle": "hat", "Title": "Hat", "Option1 Value": "Default Title", "Variant SKU": "h", "Variant Price": "9",
         "Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "4", "Variant Inventory Policy": "continue"},
    ).only  # fmt: skip
    assert (product.sku, product.stock, product.track_inventory, product.backorder) == ("h", Decimal(4), True, True)
    assert product.variants == ()


@pytest.mark.parametrize(
    ("published", "status", "expected"),
    [
        ("true", "active", Status.LISTED), ("false", "active", Status.UNLISTED), ("", "", Status.LISTED),
        ("false", "archived", Status.ARCHIVED), ("true", "archived", Status.ARCHIVED), ("true", "draft", Status.DRAFT),
        ("false", "", Status.UNLISTED),
    ],
)  # fmt: skip
def test_status_and_published(tmp_path: Path, published: str, status: str, expected: Status) -> None:
    assert (
        export(tmp_path, {"Handle": "a", "Title": "A", "Published": published, "Status": status}).only.status
        == expected
    )


def test_there_is_no_currency_unless_the_catalogue_has_one(tmp_path: Path) -> None:
    row = {"Handle": "a", "Title": "A", "Variant Price": "5"}
    without = export(tmp_path, row)
    assert without.only.currency is None
    assert "currency" in without.warned
    assert export(tmp_path, row, currency="EUR").only.currency == "EUR"


def test_a_compare_at_price_of_zero_or_blank_means_none(tmp_path: Path) -> None:
    for listed in ("0", "0.00", "", "5", "4"):
        product = export(
            tmp_path, {"Handle": "a", "Title": "A", "Variant Price": "5", "Variant Compare At Price": listed}
        ).only
        assert (product.price, product.sale_price) == (Decimal(5), None)


def test_blank_stock_is_unknown_and_not_zero(tmp_path: Path) -> None:
    assert export(tmp_path, {"Handle": "a", "Title": "A"}).only.stock is None


def test_a_handle_that_comes_back_later_is_rejected_with_both_lines(tmp_path: Path) -> None:
    outcome = export(
        tmp_path, {"Handle": "a", "Title": "A"}, {"Handle": "b", "Title": "B"}, {"Handle": "a", "Title": "A2"}
    )
    assert outcome.ids == ["a", "b"]
    assert outcome.reasons[0][0] == 4
    assert "line 2" in outcome.reasons[0][2]


def test_a_row_without_a_handle_is_a_product_by_its_sku_else_its_number(tmp_path: Path) -> None:
    outcome = export(tmp_path, {"Title": "A", "Variant SKU": "s"}, {"Title": "B"}, {"Title": "C"})
    assert outcome.ids == ["s", "2", "3"]


def test_a_bad_row_amid_a_product_is_rejected_alone(tmp_path: Path) -> None:
    text = "Handle,Title,Variant Price,Option1 Value\na,A,5,S\na,,5\na,,6,M\nb,B,7,\n"
    outcome = read(tmp_path, text)
    assert outcome.ids == ["a", "b"]
    assert len(outcome.products[0].variants) == 2
    assert outcome.reasons[0][0] == 3


def test_a_map_overrides_columns_and_adds_fields(tmp_path: Path) -> None:
    text = "Handle,Title,Variant Price,Image Src,Market,Real ID\na,A,5,,EUR,17\n"
    product = read(tmp_path, text, map={"currency": "Market", "id": "Real ID"}, id_prefix="x-").only
    assert (product.id, product.currency, product.slug) == ("x-17", "EUR", "a")


def test_the_newer_spelling_of_the_columns_is_understood(tmp_path: Path) -> None:
    header = "Title,URL handle,Description,Vendor,Published on online store,Status,SKU,Barcode,Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,Product image URL"  # noqa: E501
    outcome = read(
        tmp_path,
        f"{header}\nHat,hat,<p>x</p>,Acme,TRUE,Active,h-1,123,Title,Default Title,9,12,shopify,3,DENY,https://a.example/h.jpg\n",
    )
    product = outcome.only
    assert outcome.feed.format == "shopify"
    assert (product.id, product.sku, product.price, product.sale_price) == ("hat", "h-1", Decimal(12), Decimal(9))
    assert (product.stock, product.backorder, product.images) == (Decimal(3), False, ("https://a.example/h.jpg",))


def test_a_file_that_is_no_shopify_export_is_refused_when_told_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no column Handle"):
        read(tmp_path, "id,title\n1,a\n", format="shopify")


def test_bytes_in_no_encoding_inside_a_variant_row_are_reported(tmp_path: Path) -> None:
    text = "Handle,Title,Variant Price,Option1 Value\n商品,红色商品名称\xff,5,S\n商品,,5,大号商品\nb,红色,7,\n".encode(
        "utf-8", "surrogateescape"
    )
    outcome = read(tmp_path, text.replace("\xff".encode(), b"\xff"))
    assert outcome.ids == ["b"]
    assert "not in the encoding" in outcome.reasons[0][2]


def test_a_product_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    text = "Handle,Title,Image Src\n" + f"a,,{'x' * 1_000_000}\n" * 12
    outcome = read(tmp_path, text, "p.csv")
    assert outcome.ids == ["a"]
    assert "was given on line 2 already" in outcome.reasons[0][2]
