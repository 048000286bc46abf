"""The public samples that lie beside the repository; they are read where they are and never copied."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from daemon.products.feeds import open_feed
from daemon.products.imports import Parsed
from daemon.products.product import Product, Status

DATA = Path(__file__).parents[5] / "shared" / "data" / "products"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the samples in shared/data/products are not here")


def products(name: str) -> list[Product]:
    with open_feed(DATA / name) as feed:
        rows = list(feed)
    assert feed.complete
    assert all(isinstance(row, Parsed) for row in rows)
    return [row.product for row in rows if isinstance(row, Parsed)]


@pytest.mark.parametrize(("name", "count"), [
    ("shopee.csv", 700), ("lazada.csv", 700), ("shein.csv", 700), ("shopify-apparel.csv", 20),
    ("shopify-jewelery.csv", 20), ("shopify-home-and-garden.csv", 20),
])  # fmt: skip
def test_every_product_of_every_sample_is_read(name: str, count: int) -> None:
    found = products(name)
    assert len({product.id for product in found}) == count
    assert all(product.title and product.images and isinstance(product.price, Decimal) for product in found)
    assert all(product.status == Status.LISTED for product in found)


@pytest.mark.parametrize("name", ["shopee.csv", "lazada.csv", "shein.csv"])
def test_sales_are_below_their_list_price_and_never_come_of_a_zero(name: str) -> None:
    sales = [(product.price, product.sale_price) for product in products(name) if product.sale_price is not None]
    assert len(sales) > 100
    assert all(isinstance(p, Decimal) and isinstance(s, Decimal) and 0 < s < p for p, s in sales)


def test_blank_stock_is_unknown() -> None:
    stocks = [product.stock for product in products("shopee.csv")]
    assert (stocks.count(None), stocks.count(Decimal(0))) == (613, 87)
    assert {product.stock for product in products("lazada.csv")} == {None}


def test_categories_and_images_in_json_cells_are_understood() -> None:
    first = products("lazada.csv")[0]
    assert first.category == "Televisi & Video > Televisi Digital"
    assert all(image.startswith("https://") for image in first.images)


def test_variants_and_extra_images_of_shopify_are_joined() -> None:
    jewelery = {product.id: product for product in products("shopify-jewelery.csv")}
    assert len(jewelery["gemstone"].images) == 4
    assert sum(len(product.variants) for product in jewelery.values()) == 6
    assert {p.currency for p in jewelery.values()} == {None}
